"""Prose names code: what a docstring, a comment or a page puts in backquotes must be there, if it has a dot, a slash or a capital.

A name may be a file or folder of the project, a module, something that a module or class defines, a field of the schema, a key of the
gateway's settings, an event or another text that the code itself writes, or part of Python and its libraries.
"""

import ast
import builtins
import importlib.util
import re
import subprocess
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import get_args, get_origin

import pytest
from graphql import parse
from pydantic import BaseModel

from gateway.settings import Settings

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`([A-Za-z_]\w*(?:[./][\w*]+)+)(?:\(\))?`")
CAPITAL = re.compile(r"`([A-Z]\w*)`")

NOT_OURS = {
    # Media types.
    "application/json",
    "multipart/mixed",
    "text/html",
    "text/plain",
    # Members of GraphQL over HTTP's and Apollo's JSON.
    "extensions.code",
    "extensions.persistedQuery",
    "extensions.queryPlan",
    "extensions.retryable",
    "extensions.serviceName",
    "extensions.trace",
}
"""Names of formats."""

OF_LIBRARIES = {"Upgrade", "datetime.now", "info.context", "loop.time"}
"""Names of headers, and those that Python and its libraries give to instances."""

EXAMPLES = {
    "Enum.VALUE",
    "Input.field",
    "Query.user",
    "Type.field",
    "XConnection",
    "a.b",
    "app.*",
    "folder/operation",
    "folder/query",
    "shop/products.py",
    "shop/reviews.py",
    "shop/supergraph.yaml",
    "top.parts",
    "top.parts.maker",
    "users.3.name",
    "v0.5",
}
"""Names that the sentence itself makes up."""

MADE_AT_RUN_TIME = {"FIELD_REMOVED", "GATEWAY_SERVER__PORT", "journal.jsonl", "keys/secrets.json", "products.stock"}
"""Files, columns, codes and variables whose names the code puts together."""


@cache
def files() -> list[str]:
    """What git keeps."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def prose() -> Iterator[tuple[str, str]]:
    """Each page, docstring and comment, with its file."""
    for name in files():
        path = ROOT / name
        if not path.is_file():
            continue
        if path.suffix == ".md":
            yield name, path.read_text()
        elif path.suffix == ".py":
            with tokenize.open(path) as lines:
                for token in tokenize.generate_tokens(lines.readline):
                    if token.type in {tokenize.COMMENT, tokenize.STRING}:
                        yield name, token.string


class Code:
    """The names that the project's code defines.

    Attributes:
        modules: dotted name of a module or package -> what it defines.
        classes: name of a class -> what any class of that name has.
        texts: every string in the code, that of tests left out.
        names: whatever has one of these names by itself.
    """

    def __init__(self) -> None:
        self.modules: dict[str, set[str]] = {}
        self.classes: dict[str, set[str]] = {}
        self.texts: set[str] = set()
        for name in files():
            if name.endswith(".py") and (ROOT / name).is_file():
                self._read(name, ast.parse((ROOT / name).read_text()))
        defined = [*self.modules.values(), *self.classes.values()]
        self.names = {*self.classes, *self.texts, *(each for names in defined for each in names)}

    def _read(self, name: str, tree: ast.Module) -> None:
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.modules[module] = set(_defined(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self.classes.setdefault(node.name, set()).update(_defined(node), _attributes(node))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not name.startswith("tests/"):
                self.texts.add(node.value)

    def has(self, name: str) -> bool:
        """Whether a dotted name is a module, something in one, or a member of a class or of an instance named after it."""
        if any(module == name or module.endswith(f".{name}") for module in self.modules):
            return True
        owner, _, member = name.rpartition(".")
        owner_class = owner.rpartition(".")[2]
        classes = {owner_class, "".join(part.title() for part in owner_class.split("_"))}
        return any(member in self.classes.get(each, ()) for each in classes) or any(
            member in defined
            for module, defined in self.modules.items()
            if module == owner or module.endswith(f".{owner}")
        )


def _defined(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))


def _attributes(node: ast.ClassDef) -> Iterator[str]:
    """What methods store on `self`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and isinstance(inner.value, ast.Name):
            yield inner.attr


@cache
def code() -> Code:
    return Code()


@cache
def schema_names() -> set[str]:
    """Types, `Type.field` and `Enum.VALUE` of every schema that the project keeps."""
    found: set[str] = set()
    for path in (ROOT / "schema").rglob("*.graphql"):
        for definition in parse(path.read_text()).definitions:
            members = [*(getattr(definition, "fields", None) or ()), *(getattr(definition, "values", None) or ())]
            name = getattr(definition, "name", None)
            if name is not None:
                found |= {name.value, *(f"{name.value}.{member.name.value}" for member in members)}
    return found


@cache
def settings_keys() -> set[str]:
    """Each key of the gateway's settings by its path, where names of the operator's own stand as NAME."""
    found: set[str] = set()

    def read(model: type[BaseModel], path: str) -> None:
        for key, field in model.model_fields.items():
            found.add(f"{path}{key}")
            for inner, below in _models(field.annotation):
                read(inner, f"{path}{key}{below}.")

    read(Settings, "")
    return found


def _models(annotation: object) -> Iterator[tuple[type[BaseModel], str]]:
    """The models in an annotation, each with what its keys stand below: `.NAME` in a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, ""
    of = get_args(annotation)
    for argument in of:
        for model, below in _models(argument):
            yield model, f".NAME{below}" if get_origin(annotation) is Mapping else below


def is_file(name: str) -> bool:
    """Whether a file or folder of the project has this path or ends with it."""
    return any(f"/{known}/".find(f"/{name}/") >= 0 for known in files())


def is_importable(name: str) -> bool:
    """Whether Python or a library has it."""
    module, _, member = name.rpartition(".")
    try:
        return importlib.util.find_spec(module) is not None and hasattr(importlib.import_module(module), member)
    except (ImportError, ValueError):
        return False


def is_known(name: str) -> bool:
    """Whether a name in prose names something."""
    if name in {
        *NOT_OURS,
        *OF_LIBRARIES,
        *EXAMPLES,
        *MADE_AT_RUN_TIME,
        *schema_names(),
        *settings_keys(),
        *code().texts,
    }:
        return True
    if not {".", "/"} & set(name):
        return name in code().names or hasattr(builtins, name)
    return is_file(name) or code().has(name.replace("/", ".")) or is_importable(name)


def names_in(where: str, text: str) -> Iterator[str]:
    """The names in prose that are held against the code."""
    yield from NAMED.findall(text)
    if where.endswith(".py") and not where.startswith("tests/"):
        yield from CAPITAL.findall(text)


def test_every_name_in_prose_names_something() -> None:
    unknown = sorted(
        {f"{where}: {name}" for where, text in prose() for name in names_in(where, text) if not is_known(name)}
    )
    assert unknown == []


@pytest.mark.parametrize("name", ["planner.plan", "Decision.opened", "database.transaction", "gateway/README.md"])
def test_a_name_of_the_project_is_found(name: str) -> None:
    assert is_known(name)


@pytest.mark.parametrize(
    "name", ["planner.plam", "Decision.closed_again", "database.commit_twice", "gateway/READ.md", "lookups.Here"]
)
def test_a_name_that_is_gone_is_found_out(name: str) -> None:
    assert not is_known(name)
