"""Links of pages lead to where the site shows their targets."""

from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from local.docs import site

PAGES = ("gateway/errors.md", "images/dev.png", "market/demo.md")


@pytest.fixture
def config(tmp_path: Path) -> MkDocsConfig:
    made = MkDocsConfig()
    made.load_dict({"site_name": "Test", "docs_dir": str(site.ROOT / "docs"), "site_dir": str(tmp_path), "nav": []})
    assert made.validate() == ([], [])
    return made


def shown(config: MkDocsConfig, name: str, markdown: str) -> str:
    """Return a page's Markdown as the site renders it."""
    files = Files([File(each, config.docs_dir, config.site_dir, config.use_directory_urls) for each in PAGES])
    site.on_files(files, config)
    file = files.get_file_from_path(name)
    assert file is not None
    return site.on_page_markdown(markdown, page=Page(None, file, config), config=config, files=files)


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("README.md", "[a](docs/gateway/errors.md#hints)", "[a](gateway/errors.md#hints)"),
        ("README.md", "![a](docs/images/dev.png)", "![a](images/dev.png)"),
        ("market/demo.md", "[a](../gateway/errors.md)", "[a](../gateway/errors.md)"),
        ("market/demo.md", "[a](../../CONTRIBUTING.md)", "[a](../CONTRIBUTING.md)"),
        ("c4/decisions/0001-records.md", "[a](../../docs/market/demo.md)", "[a](../../market/demo.md)"),
    ],
)
def test_a_link_to_a_page_leads_there(config: MkDocsConfig, name: str, written: str, expected: str) -> None:
    assert shown(config, name, written) == expected


def test_a_link_to_a_file_that_is_not_shown_becomes_text(config: MkDocsConfig) -> None:
    assert shown(config, "market/demo.md", "see [the list](../../docker-compose.yml)") == "see the list"


@pytest.mark.parametrize("link", ["[a](../../nowhere.md)", "[a](http://localhost:4000/graphql)", "[a](#part)"])
def test_other_links_stay_as_they_are(config: MkDocsConfig, link: str) -> None:
    assert shown(config, "market/demo.md", link) == link


def test_blocks_of_code_stay_as_they_are(config: MkDocsConfig) -> None:
    block = "```sh\n[a](../../docker-compose.yml)\n```"
    assert shown(config, "market/demo.md", f"{block}\n[b](../../docker-compose.yml)") == f"{block}\nb"
