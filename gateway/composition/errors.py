"""What composition says: errors that refuse a supergraph, hints that do not, and the places both speak of."""

import enum
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import Node

from gateway.errors import GatewayError


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a subgraph's SDL.

    Attributes:
        file: the SDL's file as the configuration names it, or ``<subgraph>.graphql``.
        line: from 1; 0 where the matter is the whole document.
        column: from 1; 0 likewise.
        source: the line itself, for excerpts.
    """

    subgraph: str
    file: str
    line: int = 0
    column: int = 0
    source: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def as_json(self) -> dict[str, Any]:
        """The place for machines."""
        return {"subgraph": self.subgraph, "file": self.file, "line": self.line, "column": self.column}


def place_of(subgraph: str, node: Node | None, *, file: str | None = None) -> Place:
    """Where a syntax node of a subgraph's SDL begins."""
    if node is None or node.loc is None:
        return Place(subgraph, file or f"{subgraph}.graphql")
    source, start = node.loc.source, node.loc.start
    begins = _line_starts(source.body)
    line = bisect_right(begins, start)
    first = begins[line - 1]
    end = begins[line] if line < len(begins) else len(source.body)
    return Place(subgraph, source.name, line, start - first + 1, source.body[first:end].rstrip("\r\n"))


@lru_cache(maxsize=256)
def _line_starts(body: str) -> list[int]:
    """Where each line of a text begins; a schema with thousands of errors asks for as many places."""
    return [0, *(found.end() for found in re.finditer(r"\r\n|[\n\r]", body))]


@dataclass(frozen=True, slots=True)
class CompositionError:
    """One reason why there is no supergraph.

    Attributes:
        code: one of the standard composition error codes.
        message: what is wrong, or what conflicts with what.
        places: every place that takes part, the one to change first.
        advice: what to change.
    """

    code: str
    message: str
    places: tuple[Place, ...] = ()
    advice: str = ""

    @property
    def subgraphs(self) -> tuple[str, ...]:
        """The subgraphs that take part, each once."""
        return tuple(dict.fromkeys(place.subgraph for place in self.places))

    def as_json(self) -> dict[str, Any]:
        """The error for machines."""
        return {
            "code": self.code,
            "message": self.message,
            "advice": self.advice,
            "subgraphs": list(self.subgraphs),
            "places": [place.as_json() for place in self.places],
        }


class HintLevel(enum.Enum):
    """How much a hint matters."""

    WARN = "warn"
    INFO = "info"
    DEBUG = "debug"


@dataclass(frozen=True, slots=True)
class Hint:
    """Something the subgraphs' authors should know, which refuses nothing."""

    code: str
    level: HintLevel
    message: str
    places: tuple[Place, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The hint for machines."""
        return {
            "code": self.code,
            "level": self.level.value,
            "message": self.message,
            "places": [place.as_json() for place in self.places],
        }


class CompositionFailed(GatewayError):
    """Raised when subgraphs do not compose.

    Args:
        errors: every reason found, none of which only follows from another; in order of place.
        hints: what was noticed before composition stopped.
    """

    def __init__(self, errors: Iterable[CompositionError], hints: Sequence[Hint] = ()) -> None:
        self.errors = tuple(sorted(dict.fromkeys(errors), key=_order))
        self.hints = tuple(hints)
        super().__init__("\n".join(f"{error.code}: {error.message}" for error in self.errors))


def _order(error: CompositionError) -> tuple[Any, ...]:
    return (error.places, error.code, error.message)


def quoted(names: Iterable[str]) -> str:
    """Names in quotes, the last one after "and"."""
    shown = [f'"{name}"' for name in names]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def error_at(
    code: str, message: str, subgraph: str, nodes: Iterable[Node | None], advice: str, *, file: str | None = None
) -> CompositionError:
    """An error whose places are all in one subgraph."""
    places = dict.fromkeys(place_of(subgraph, node, file=file) for node in nodes)
    return CompositionError(code, message, tuple(places), advice)
