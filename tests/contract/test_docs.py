"""The pages that are written from code say what the code says, and the README stays short."""

import pytest

from local.docs.pages import PAGES, ROOT
from local.docs.settings_page import documented, sections

MAX_README_CHARACTERS = 3_500


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_written_from_code_says_what_the_code_says(name: str) -> None:
    assert (ROOT / name).read_text() == PAGES[name](), "run `task docs:write` and commit the page"


def test_every_setting_is_explained_in_its_docstring() -> None:
    sections_of_models = {section.model: section for section in sections()}
    unexplained, unknown = set(), set()
    for model, section in sections_of_models.items():
        keys, texts = set(model.model_fields), set(documented(model))
        parts = {each.path.rpartition(".")[2] for each in sections_of_models.values()}
        unexplained |= {f"{section.path}.{key}" for key in keys - texts - parts}
        unknown |= {f"{section.path}.{key}" for key in texts - keys}
    assert (unexplained, unknown) == (set(), set())


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text()) <= MAX_README_CHARACTERS
