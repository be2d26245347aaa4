"""The tables of codes have every code that a client or a command can show, and no other."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from gateway import codes
from gateway.codes import ErrorCode
from gateway.composition import codes as composition_codes

GATEWAY = Path(__file__).parents[3] / "gateway"
CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+|FORBIDDEN|UNAUTHENTICATED|OVERLOADED|CANCELLED")
PATTERN = re.compile(r"[A-Z_]*\*?[A-Z_]*_[A-Z_]*\*?[A-Z_]*")
ANSWERING = ["server", "operation", "execution", "planning"]
"""Packages whose errors clients see; those of the others end a command."""
REPORTING = {"fail", "_fail", "_failure", "report", "Refusal"}
"""Functions that are given a code as an argument."""
COMPOSING = {"error", "error_at", "_error", "CompositionError", "LinkProblem"}
HINTING = {"hint", "_hint", "_hint_missing", "Hint"}
"""Functions of composition that are given a code, or a variable with one, among their arguments."""
VARIABLES = {"code", "CODE"}


def trees(paths: Iterable[Path]) -> list[ast.Module]:
    tables = {GATEWAY / "codes.py", GATEWAY / "composition" / "codes.py"}
    left_out = {*tables, GATEWAY / "execution" / "transport" / "fake.py"}
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths if path not in left_out]


def answering() -> list[ast.Module]:
    return trees([*(path for name in ANSWERING for path in (GATEWAY / name).rglob("*.py")), *GATEWAY.glob("*.py")])


def codes_in(tree: ast.AST) -> Iterator[str]:
    """String constants that become a code of an answer."""
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


def composing_codes_in(tree: ast.Module, functions: set[str]) -> Iterator[str]:
    """Codes that calls of the functions are given; `*` stands for what is put in at run time."""
    variables: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in VARIABLES:
                variables.setdefault(name, []).extend(text for inner in ast.walk(value) for text in _texts(inner))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in functions:
                for argument in node.args:
                    if isinstance(argument, ast.Name):
                        yield from variables.get(argument.id, ())
                    elif isinstance(argument, ast.Constant | ast.JoinedStr):
                        yield from _texts(argument)


def _texts(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() as text) if CODE.fullmatch(text):
            yield text
        case ast.JoinedStr(values=values):
            text = "".join(str(value.value) if isinstance(value, ast.Constant) else "*" for value in values)
            if PATTERN.fullmatch(text):
                yield text


def names(*tables: Iterable[ErrorCode]) -> set[str]:
    return {each.name for table in tables for each in table}


def differences(used: set[str], listed: set[str]) -> tuple[set[str], set[str]]:
    """Codes in use that no row has, and rows that no code uses."""
    patterns = {text: re.compile(text.replace("*", "[A-Z_]+")) for text in used}
    unlisted = {text for text, pattern in patterns.items() if not any(pattern.fullmatch(name) for name in listed)}
    return unlisted, {name for name in listed if not any(pattern.fullmatch(name) for pattern in patterns.values())}


def test_every_code_of_an_answer_is_listed_and_every_listed_code_exists() -> None:
    used = {code for tree in answering() for code in codes_in(tree)}
    used |= {
        f"MAX_{name}_EXCEEDED"
        for name in ("DEPTH", "SELECTIONS", "ALIASES", "ROOT_FIELDS", "DIRECTIVES", "INTROSPECTION_LISTS")
    }
    listed = names(codes.REFUSALS, codes.PARTIAL, codes.FAULTS, codes.LOGGED)
    assert (used - listed, listed - used) == (set(), set())


def test_every_refusal_is_listed_with_its_statuses() -> None:
    found: dict[str, set[int]] = {}
    for tree in answering():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="ClientError"), keywords=keywords):
                    given = {keyword.arg: keyword.value for keyword in keywords}
                    status = given.get("status", ast.Constant(400))
                    if isinstance(status, ast.Constant) and isinstance(status.value, int):
                        for code in _constants(given["code"]) if "code" in given else ():
                            found.setdefault(code, set()).add(status.value)
    listed = {each.name: set(each.statuses) for each in (*codes.REFUSALS, *codes.FAULTS)}
    assert {name: statuses for name, statuses in found.items() if listed[name] != statuses} == {}


def test_every_code_of_a_supergraph_is_listed() -> None:
    used = {code for tree in trees((GATEWAY / "supergraph").rglob("*.py")) for code in codes_in(tree)}
    assert differences(used, names(codes.SUPERGRAPH)) == (set(), set())


def test_every_code_of_composition_is_listed() -> None:
    sources = trees((GATEWAY / "composition").rglob("*.py"))
    used = {code for tree in sources for code in composing_codes_in(tree, COMPOSING)}
    assert differences(used, names(composition_codes.ERRORS)) == (set(), set())


def test_every_hint_of_composition_is_listed() -> None:
    sources = trees([*(GATEWAY / "composition").rglob("*.py"), GATEWAY / "commands" / "compose.py"])
    used = {code for tree in sources for code in composing_codes_in(tree, HINTING)}
    assert differences(used, {hint.name for hint in composition_codes.HINTS}) == (set(), set())


def test_no_code_is_listed_twice() -> None:
    for table in (codes.REFUSALS, codes.PARTIAL, codes.FAULTS, codes.SUPERGRAPH, composition_codes.ERRORS):
        assert len(names(table)) == len(table)
