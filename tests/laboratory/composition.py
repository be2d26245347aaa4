"""Subgraphs that are refused, one pair for every error code: what breaks the rule, and the same mended.

`FED` links federation with everything imported, so that the cases show only what they are about.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.composition.compose import Composed, compose
from gateway.composition.errors import CompositionError, CompositionFailed
from gateway.composition.model import Subgraph

FED = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@requires", "@provides",'
    ' "@external", "@tag", "@extends", "@shareable", "@inaccessible", "@override", "@composeDirective", "@interfaceObject",'
    ' "@authenticated", "@requiresScopes", "@policy", "@context", "@fromContext", "@cost", "@listSize"])\n'
)


@dataclass(frozen=True, slots=True)
class Case:
    """A rule's two sides.

    Attributes:
        refused: subgraph name -> SDL; `FED` goes before it unless it has a `@link` of its own or begins with ``# fed1``.
        at: where the error is, ``subgraph:line`` in the SDL as written here (the first line is 1); "" if it has no place.
        others: further codes that come with it and do not only follow from it.
    """

    code: str
    refused: Mapping[str, str]
    accepted: Mapping[str, str]
    at: str = ""
    others: tuple[str, ...] = ()


def subgraphs(sdls: Mapping[str, str]) -> list[Subgraph]:
    """The subgraphs of a case."""
    return [Subgraph(name, f"http://{name}", document(sdl)) for name, sdl in sdls.items()]


def document(sdl: str) -> str:
    """The SDL with federation linked before it, on a line of its own, unless it speaks for itself."""
    if sdl.startswith("# fed1") or "@link" in sdl:
        return sdl
    return FED + sdl


def refusal(sdls: Mapping[str, str]) -> tuple[CompositionError, ...]:
    """The errors of subgraphs that must not compose."""
    try:
        compose(subgraphs(sdls))
    except CompositionFailed as failed:
        return failed.errors
    raise AssertionError("these subgraphs compose")


def composed(sdls: Mapping[str, str]) -> Composed:
    """The supergraph of subgraphs that must compose."""
    return compose(subgraphs(sdls))
