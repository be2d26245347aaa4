"""The gateway's README lists every code that a client can meet, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

GATEWAY = Path(__file__).parents[3] / "gateway"
CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+|FORBIDDEN|UNAUTHENTICATED|OVERLOADED|CANCELLED")
ANSWERING = ["server", "operation", "execution", "planning"]
"""Packages whose errors clients see; those of the others end a command."""
REPORTING = {"fail", "_fail", "_failure", "report", "Refusal"}
"""Functions that are given a code as an argument."""


def codes_in(tree: ast.AST) -> Iterator[str]:
    """String constants that become somebody's code."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="code", value=value):
                yield from _constants(value)
            case ast.Assign(targets=[ast.Attribute(attr="code")], value=value):
                yield from _constants(value)
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "code":
                        yield from _constants(value)
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in REPORTING:
                for argument in node.args:
                    yield from _constants(argument)
            case ast.Constant(value=bytes() as text):
                yield from re.findall(r'"code":"([A-Z_]+)"', text.decode("utf-8", "replace"))


def _constants(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and CODE.fullmatch(inner.value):
            yield inner.value


def test_every_code_is_listed_and_every_listed_code_exists() -> None:
    sources = [path for name in ANSWERING for path in (GATEWAY / name).rglob("*.py")] + list(GATEWAY.glob("*.py"))
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sources if path.name != "fake_transport.py"]
    used = {code for tree in trees for code in codes_in(tree)}
    used |= {
        f"MAX_{name}_EXCEEDED"
        for name in ("DEPTH", "SELECTIONS", "ALIASES", "ROOT_FIELDS", "DIRECTIVES", "INTROSPECTION_LISTS")
    }
    errors = (GATEWAY / "README.md").read_text(encoding="utf-8").partition("## Errors")[2]
    listed = {code for quoted in re.findall(r"`([^`]+)`", errors) for code in [quoted] if CODE.fullmatch(code)}
    assert (used - listed, listed - used) == (set(), set())
