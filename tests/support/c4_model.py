"""Reads the LikeC4 sources without Node: elements, relations, deployments and dynamic views, and nothing that it does not know.

The grammar is the part of LikeC4 that c4/ uses. A word in another place is an error, so that nothing is passed over in silence;
tests/contract/test_c4.py holds this reading against that of `likec4` itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = re.compile(r"\s+|//[^\n]*|(?P<string>'[^']*')|(?P<arrow>-\[\w+\]->|->|<-)|(?P<word>[\w.*#]+)|(?P<mark>[{}=,])")
NOTES = {"description", "technology", "title", "autoLayout"}


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the model.

    Attributes:
        kind: as the specification names it, e.g. ``service``.
        metadata: its own keys, e.g. ``compose`` and ``port``.
    """

    kind: str
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """One relation, by the full names of its ends; `kind` is ``sync`` or ``async``."""

    source: str
    target: str
    kind: str


@dataclass(slots=True)
class Model:
    """What the sources say.

    Attributes:
        elements: by full name.
        instances: full names of what is deployed, by place.
        steps: (source, target) of each dynamic view, by its name; an answer (``<-``) is turned round to its question.
    """

    elements: dict[str, Element] = field(default_factory=dict)
    relations: set[Relation] = field(default_factory=set)
    instances: dict[str, set[str]] = field(default_factory=dict)
    steps: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


class ModelError(Exception):
    """Raised when a source has something that this reader does not know."""


def read_model(folder: Path) -> Model:
    """Reads model.c4, deployment.c4 and views.c4.

    Raises:
        ModelError: a word that is not known here, or an end of a relation that is no element.
    """
    model = Model()
    _Reader(folder / "model.c4", model).read("model")
    _Reader(folder / "deployment.c4", model).read("deployment")
    _Reader(folder / "views.c4", model).read("views")
    return model


class _Reader:
    """One file, token by token. An element is read before the relations that name it."""

    def __init__(self, path: Path, model: Model) -> None:
        self._path = path
        self._model = model
        self._tokens = list(_tokens(path))
        self._at = 0

    def read(self, section: str) -> None:
        self._expect(section)
        self._expect("{")
        match section:
            case "model":
                self._elements("")
            case "deployment":
                self._places("")
            case _:
                self._views()
        if self._at != len(self._tokens):
            raise self._unknown()

    def _elements(self, parent: str) -> dict[str, str]:
        """Reads an element's body to its closing brace, and gives its metadata."""
        metadata: dict[str, str] = {}
        while (word := self._next()) != "}":
            if word in NOTES:
                self._string()
            elif word == "metadata":
                metadata |= self._metadata()
            elif self._peek() == "=":
                self._element(parent, word)
            elif self._peek().startswith("-["):
                kind = self._next()[2:-3]
                source, target = self._resolve(word, parent), self._resolve(self._next(), parent)
                self._model.relations.add(Relation(source, target, kind))
                self._maybe_string()
            else:
                raise self._unknown()
        return metadata

    def _element(self, parent: str, name: str) -> None:
        self._expect("=")
        kind = self._next()
        self._string()
        full_name = f"{parent}.{name}".lstrip(".")
        metadata: dict[str, str] = {}
        self._model.elements[full_name] = Element(kind, metadata)
        if self._peek() == "{":
            self._next()
            metadata |= self._elements(full_name)

    def _metadata(self) -> dict[str, str]:
        self._expect("{")
        found: dict[str, str] = {}
        while (key := self._next()) != "}":
            found[key] = self._string()
        return found

    def _places(self, place: str) -> None:
        while (word := self._next()) != "}":
            if word in NOTES:
                self._string()
            elif word == "instanceOf":
                self._model.instances[place].add(self._resolve(self._next(), ""))
            elif self._peek() == "=":
                self._next(), self._next(), self._string()
                self._expect("{")
                self._model.instances.setdefault(place or word, set())
                self._places(place or word)
            else:
                raise self._unknown()

    def _views(self) -> None:
        while (word := self._next()) != "}":
            if word == "dynamic":
                self._expect("view")
                self._dynamic_view(self._next())
            elif word in {"view", "deployment"}:
                self._skip_view()
            else:
                raise self._unknown()

    def _dynamic_view(self, name: str) -> None:
        self._expect("{")
        steps = self._model.steps.setdefault(name, [])
        while (word := self._next()) != "}":
            if word in NOTES:
                self._string()
                continue
            arrow, other = self._next(), self._next()
            if arrow not in {"->", "<-"}:
                raise self._unknown()
            self._string()
            steps.append((self._resolve(word, ""), self._resolve(other, "")))

    def _skip_view(self) -> None:
        """Passes over what a view includes: it changes the drawing, not the model."""
        while self._next() != "{":
            pass
        while self._next() != "}":
            pass

    def _resolve(self, name: str, scope: str) -> str:
        for full_name in (f"{scope}.{name}".lstrip("."), name):
            if full_name in self._model.elements:
                return full_name
        raise ModelError(f"{self._path.name}: no element {name!r}")

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        if self._at == len(self._tokens):
            raise ModelError(f"{self._path.name}: ends in the middle")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, wanted: str) -> None:
        if self._next() != wanted:
            raise self._unknown()

    def _string(self) -> str:
        token = self._next()
        if not token.startswith("'"):
            raise self._unknown()
        return token[1:-1]

    def _maybe_string(self) -> None:
        if self._peek().startswith("'"):
            self._next()

    def _unknown(self) -> ModelError:
        around = " ".join(self._tokens[max(0, self._at - 4) : self._at + 2])
        return ModelError(f"{self._path.name}: not understood near: {around}")


def _tokens(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            line = text.count("\n", 0, at) + 1
            raise ModelError(f"{path.name}:{line}: unknown character {text[at]!r}")
        if found.lastgroup is not None:
            yield found.group()
        at = found.end()
