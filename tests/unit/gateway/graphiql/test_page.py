"""What the gateway is given to serve."""

import json
from pathlib import Path

import pytest

from gateway.graphiql.examples import ExampleError, load_examples
from gateway.graphiql.page import Page


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets" / "index-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not for the world")
    return folder


def _page(build_dir: Path, operations_dir: Path | None = None) -> Page:
    return Page(operations_dir=operations_dir, shows_accounts=True, build_dir=build_dir)


def test_built_page_lets_the_browser_ask_nobody_else(built: Path) -> None:
    page = _page(built).html()

    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "connect-src 'self';" in policy
    assert "http" not in policy


def test_missing_page_says_what_is_missing_and_how_to_build_it(tmp_path: Path) -> None:
    page = _page(tmp_path / "nothing").html()

    assert page.status == 503
    assert b"python -m gateway.graphiql.build" in page.body


def test_hashed_asset_is_kept_for_ever_and_the_page_is_not(built: Path) -> None:
    page = _page(built)
    asset = page.asset("assets/index-1a2b.js")

    assert asset is not None
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in asset.headers["cache-control"]
    assert page.html().headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["../secret.txt", "assets/../../secret.txt", "/etc/passwd", "", "index.html"])
def test_nothing_outside_of_the_built_files_is_served(built: Path, name: str) -> None:
    assert _page(built).asset(name) is None


def test_page_without_examples_has_an_empty_list(built: Path) -> None:
    examples = _page(built).asset("operations.json")

    assert examples is not None
    assert json.loads(examples.body) == {"title": None, "accounts": [], "operations": []}


def test_named_order_comes_first_and_accounts_only_where_they_are_wanted(tmp_path: Path) -> None:
    for name in ("A", "B", "C"):
        (tmp_path / f"{name}.graphql").write_text(f"query {name} {{ __typename }}\n")
    (tmp_path / "C.example.json").write_text('{"about": "The third"}')
    account = {"label": "anna", "email": "anna@shop.test", "password": "secret"}
    (tmp_path / "graphiql.json").write_text(json.dumps({"title": "Shop", "order": ["C"], "accounts": [account]}))

    shown = json.loads(load_examples(tmp_path, shows_accounts=True))
    hidden = load_examples(tmp_path, shows_accounts=False)

    assert [operation["name"] for operation in shown["operations"]] == ["C", "A", "B"]
    assert shown["operations"][0] == {"name": "C", "query": "query C { __typename }", "about": "The third"}
    assert shown["accounts"] == [account]
    assert b"secret" not in hidden


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"A\.example\.json:1:2"),
        ("[]", "expected a JSON object"),
        ('{"abuot": ""}', "unknown key 'abuot'"),
    ],
)
def test_wrong_example_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "A.graphql").write_text("{ __typename }")
    (tmp_path / "A.example.json").write_text(text)

    with pytest.raises(ExampleError, match=message):
        load_examples(tmp_path, shows_accounts=True)
