"""The example operations of the page: a folder of `<Name>.graphql` files, each with an optional `<Name>.example.json`.

An example file says what the operation is for, whose account it takes, and how its variables are come by. A variable
whose value starts with `$` is filled by the page, from the running gateway and with the reader's own identity:

    {
      "about": "A product with its category and seller.",
      "account": "buyer",
      "lookups": [{ "query": "{ products(first: 1) { edges { node { slug } } } }" }],
      "variables": { "slug": "$.products.edges[0].node.slug" },
      "missing": "What to do when the lookup finds nothing."
    }

`$.a.b[0].c` walks the lookups' answers, `[?a.b]` picks the first element that has `a.b`, `$uuid` is a new UUID and `$now`
the present instant. Several lookups run in order, and each may use the answers before it. `graphiql.json` in the folder gives
the page's title and the demo accounts.
"""

import json
from pathlib import Path
from typing import Any

EXAMPLE_KEYS = frozenset({"about", "account", "lookups", "variables", "missing"})
PAGE_KEYS = frozenset({"title", "order", "accounts"})


class ExampleError(Exception):
    """Raised when a file of the examples' folder is not JSON, is no object, or has a key that the page does not know."""


def load_examples(folder: Path | None, *, shows_accounts: bool) -> bytes:
    """Gives the JSON document that the page reads at `/graphiql/operations.json`.

    Args:
        folder: the folder of operations, or None for a page without any.
        shows_accounts: whether the demo accounts of `graphiql.json` are in it.

    Raises:
        ExampleError: a file cannot be read as an example; the message names it.
    """
    if folder is None:
        return b'{"title":null,"accounts":[],"operations":[]}'
    page = _object(folder / "graphiql.json", PAGE_KEYS)
    names = sorted((path.stem for path in folder.glob("*.graphql")), key=_place_in(page.get("order", [])))
    operations = [
        {
            "name": name,
            "query": _text(folder / f"{name}.graphql"),
            **_object(folder / f"{name}.example.json", EXAMPLE_KEYS),
        }
        for name in names
    ]
    accounts = page.get("accounts", []) if shows_accounts else []
    return json.dumps({"title": page.get("title"), "accounts": accounts, "operations": operations}).encode()


def _place_in(order: list[str]) -> Any:
    """Gives a sort key: the named ones in the given order, then the rest by name."""
    places = {name: place for place, name in enumerate(order)}
    return lambda name: (places.get(name, len(places)), name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ExampleError(f"{path}: {error}") from error


def _object(path: Path, known_keys: frozenset[str]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        value = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise ExampleError(f"{path}:{error.lineno}:{error.colno}: {error.msg}") from error
    if not isinstance(value, dict):
        raise ExampleError(f"{path}: expected a JSON object")
    unknown = sorted(value.keys() - known_keys)
    if unknown:
        raise ExampleError(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known_keys))}")
    return value
