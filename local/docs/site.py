"""Hooks of MkDocs: show pages of the repository that are outside `docs/`, and lead links there.

A page in `docs/` links to a file of the repository by its path, so that the link works where the repository is browsed. In the site, a link
to a page that is shown leads to that page. A link to another file becomes text. A link to a file that does not exist stays as it is, and
MkDocs reports it.
"""

import re
from collections.abc import Callable
from pathlib import Path
from posixpath import dirname, normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
OUTSIDE = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "gateway/README.md",
    "gateway/planning/ALGORITHM.md",
    *sorted(f"c4/decisions/{path.name}" for path in (ROOT / "c4" / "decisions").glob("*.md")),
)
"""Pages outside `docs/` that the site shows, at their own paths."""

LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]\[]*)\]\((?P<target>[^)\s:#]+)(?P<anchor>#[^)\s]*)?\)")
"""A link or image whose target is a path."""

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the decisions to the navigation, each under its title."""
    decisions = [name for name in OUTSIDE if name.startswith("c4/decisions/")]
    assert config.nav is not None
    config.nav.append({"Decisions": [{_title(name): name} for name in decisions]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside `docs/`."""
    for name in OUTSIDE:
        files.append(File(name, str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead each link of a page to where the site has its target."""
    source = page.file.src_uri if page.file.src_uri in OUTSIDE else f"docs/{page.file.src_uri}"

    def lead(match: re.Match[str]) -> str:
        target = normpath(f"{dirname(source)}/{match['target']}".lstrip("/"))
        shown = target.removeprefix("docs/")
        if files.get_file_from_path(shown) is not None:
            there = relpath(shown, dirname(page.file.src_uri) or ".")
            return f"{match['image']}[{match['text']}]({there}{match['anchor'] or ''})"
        return match["text"] if (ROOT / target).exists() else match[0]

    return _outside_fences(markdown, lambda text: LINK.sub(lead, text))


def _title(name: str) -> str:
    """Return the heading of a page."""
    return (ROOT / name).read_text().partition("\n")[0].removeprefix("# ")


def _outside_fences(markdown: str, change: Callable[[str], str]) -> str:
    """Return the page with its text changed, and its blocks of code as they are."""
    parts, end = [], 0
    for fence in FENCE.finditer(markdown):
        parts += [change(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, change(markdown[end:])])
