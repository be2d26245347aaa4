"""Locations of the search, the fields that are resolvable at them, and the entries into other subgraphs."""

from dataclasses import dataclass, replace

from gateway.supergraph.field_sets import SetSelection
from gateway.supergraph.model import SubgraphField

ENTITY = "_Entity"
"""The union that ``_entities`` returns; the stated type where entities of several types arrive together."""

ProvidedFields = tuple[SetSelection, ...]
"""What a `@provides` on the way down makes available below it."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where the search stands: at an object, inside an answer of one subgraph.

    Attributes:
        service: the subgraph; None before the first fetch.
        type_name: the type that the object has in the subgraph's schema there.
        types: concrete types that it may have.
        is_known: whether the tree can tell which of them; not so where the subgraph has an interface object.
        views: the `@provides` that hold here.
        candidates: all subgraphs that could stand here as well, the same object in hand.
        is_part: whether there may be objects of other types, which are not meant, where nobody can tell them apart.
    """

    service: str | None
    type_name: str
    types: frozenset[str]
    is_known: bool = True
    views: tuple[ProvidedFields, ...] = ()
    candidates: frozenset[str] = frozenset()
    is_part: bool = False

    def of(self, types: frozenset[str]) -> "Location":
        """The same place, but only the objects of some types are meant."""
        left = self.types & types
        return replace(self, types=left, is_part=self.is_part or (not self.is_known and left != self.types))


@dataclass(frozen=True, slots=True)
class ResolvableField:
    """A field as the subgraph at a place serves it, alike for all of some types.

    Attributes:
        types: the concrete types.
        field: its definition in the subgraph: the interface's if it is selected there, else the (equal) ones of the types.
        below: the place that its object has; None for leaves.
    """

    types: frozenset[str]
    field: SubgraphField
    below: Location | None


@dataclass(frozen=True, slots=True)
class EntityEntry:
    """A way into another subgraph: as an entity of this type, for objects of these concrete types.

    Attributes:
        needs_typename: the tree must know the concrete type first.
    """

    entity: str
    types: frozenset[str]
    needs_typename: bool = False
