"""``python -m local.docs``: write the pages that are written from code."""

from local.docs.pages import PAGES, ROOT


def main() -> None:
    """Write every page, and print the names of those that changed."""
    for name, render in PAGES.items():
        path = ROOT / name
        text = render()
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"{name}: written")


if __name__ == "__main__":
    main()
