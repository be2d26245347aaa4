"""What `check` finds between the supergraph in service and a new one: changes of the API, and of what operations take."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.check.change import Change, Severity
from gateway.check.changes import accept, api_changes
from gateway.check.operations import ClientOperation, Cost, cost_on
from gateway.composition.errors import CompositionError
from gateway.supergraph.model import Supergraph


@dataclass(frozen=True, slots=True)
class OperationChange:
    """How an operation fares, before and after."""

    operation: ClientOperation
    old: Cost
    new: Cost

    @property
    def is_broken(self) -> bool:
        """Whether it could be answered and no longer can."""
        return self.old.is_answered and not self.new.is_answered

    @property
    def is_mended(self) -> bool:
        """Whether it could not be answered and now can."""
        return not self.old.is_answered and self.new.is_answered

    @property
    def was_broken(self) -> bool:
        """Whether it could not be answered before, and still cannot."""
        return not self.old.is_answered and not self.new.is_answered

    @property
    def is_replanned(self) -> bool:
        """Whether other requests are made of the subgraphs for it."""
        return self.old.is_answered and self.new.is_answered and self.old.plan != self.new.plan

    @property
    def costs_otherwise(self) -> bool:
        """Whether it takes more or fewer fetches, or a longer or shorter chain of them."""
        return (self.old.fetches, self.old.depth) != (self.new.fetches, self.new.depth)

    @property
    def outcome(self) -> str:
        """One word for all that; "" if nothing changes."""
        words = {"broken": self.is_broken, "unanswered": self.was_broken, "mended": self.is_mended}
        return next((word for word, is_so in words.items() if is_so), "replanned" if self.is_replanned else "")


OUTCOMES = ("broken", "unanswered", "replanned", "mended")


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found.

    Attributes:
        changes: of the API; breaking ones first.
        operations: those that anything changes for; broken ones first.
        checked_operations: how many were looked at; None if none were given.
        unused_acceptances: accepted by name, yet not found.
    """

    errors: tuple[CompositionError, ...]
    changes: tuple[Change, ...] = ()
    operations: tuple[OperationChange, ...] = ()
    checked_operations: int | None = None
    unused_acceptances: tuple[str, ...] = ()

    @property
    def unaccepted(self) -> tuple[Change, ...]:
        """The breaking changes that nobody agreed to."""
        return tuple(c for c in self.changes if c.severity is Severity.BREAKING and not c.is_accepted)

    @property
    def broken(self) -> tuple[OperationChange, ...]:
        """The operations that can no longer be answered."""
        return tuple(change for change in self.operations if change.is_broken)

    @property
    def has_findings(self) -> bool:
        """Whether the subgraphs should not be published as they are."""
        return bool(self.errors or self.unaccepted or self.broken)


def compare(
    old: Supergraph,
    new: Supergraph,
    operations: Sequence[ClientOperation] | None = None,
    accepted: frozenset[str] = frozenset(),
) -> Report:
    """What changes between two supergraphs, for clients and for their operations."""
    changes = api_changes(old, new)
    fared = [OperationChange(each, cost_on(old, each), cost_on(new, each)) for each in operations or ()]
    return Report(
        errors=(),
        changes=tuple(accept(changes, accepted)),
        operations=tuple(sorted((change for change in fared if change.outcome), key=_how_much_it_matters)),
        checked_operations=len(operations) if operations is not None else None,
        unused_acceptances=tuple(sorted(accepted - {change.name for change in changes})),
    )


def _how_much_it_matters(change: OperationChange) -> tuple[int, bool, str]:
    return OUTCOMES.index(change.outcome), not change.costs_otherwise, change.operation.shown
