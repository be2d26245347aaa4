"""What a question of the search is asked under: requirements that are being worked out, and entries that are open so far."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.planning.search.solution import KeyJump
from gateway.supergraph.field_sets import FieldSet

EntryName = tuple[str, str, bool]
"""A subgraph, an entity there, and whether the concrete type must be known first."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenEntries:
    """The entries that are open from a place so far; compared by identity."""

    ways: Mapping[EntryName, KeyJump]


@dataclass(frozen=True, slots=True)
class SearchScope:
    """What a question is asked under.

    Attributes:
        blocked: (subgraph, entity, requirement) that are being worked out further up.
        via: while keys are being found: the only entries that may be used at this place; None for all that there are.
        stays: Whether only the answer at hand may serve needs: no subgraph is entered, and a list is served whole or not at all.
    """

    blocked: frozenset[tuple[str, str, FieldSet]] = frozenset()
    via: OpenEntries | None = None
    stays: bool = False

    def below(self) -> "SearchScope":
        """The terms for what is below a field: another object, with all its entries."""
        return self if self.via is None else SearchScope(self.blocked)


EVERYTHING = SearchScope()
HERE_ALONE = SearchScope(stays=True)
