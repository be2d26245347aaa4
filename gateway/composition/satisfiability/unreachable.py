"""A field that no subgraph can give, and the way to it."""

from dataclasses import dataclass

from gateway.composition.merged_model import MergedField
from gateway.composition.satisfiability.routes import Position, Routes


@dataclass(frozen=True, slots=True)
class Step:
    """A field, or a type condition, on the way from the root."""

    parent: str
    field: MergedField | None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A field that cannot be reached.

    Attributes:
        positions: where its parent may be.
        path: from the root down to the field.
        running: the subgraphs that could each run the mutation at the root; empty if that does not matter.
    """

    type: str
    field: MergedField
    positions: frozenset[Position]
    path: tuple[Step, ...]
    routes: Routes
    running: tuple[str, ...] = ()
