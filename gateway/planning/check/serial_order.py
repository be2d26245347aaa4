"""Proves that a mutation's root fields run one after the other: the checker's proof of what no tree of types can show.

    mutation { save { ok query { count } } clear }

`clear` must be sent after every fetch that works for `save`, also those that complete it.
"""

from collections.abc import Sequence

from gateway.operation.model import Field, Operation, OperationKind
from gateway.planning.plan import Fetch, FetchedField, Plan


def out_of_order(plan: Plan, operation: Operation, before: Sequence[frozenset[int]]) -> tuple[Fetch, str] | None:
    """Return a fetch that runs a root field too early, with that field's response name; None if there is none.

    Args:
        before: for each fetch the ids of all fetches that are done when it starts.
    """
    if operation.kind is not OperationKind.MUTATION:
        return None
    order = {
        selection.response_name: number
        for number, selection in enumerate(operation.selections)
        if isinstance(selection, Field)
    }
    works_for = [_root_fields(fetch) for fetch in plan.fetches]
    first = [min((order.get(name, 0) for name in names), default=0) for names in works_for]
    for fetch, names in zip(plan.fetches, works_for, strict=True):
        if fetch.groups or fetch.root_path or not names:
            continue
        last = max(names, key=lambda name: order.get(name, 0))
        for other, starts in zip(plan.fetches, first, strict=True):
            if other is not fetch and starts < order.get(last, 0) and other.id not in before[fetch.id]:
                return fetch, last
    return None


def _root_fields(fetch: Fetch) -> set[str]:
    """The response names of the root fields that a fetch asks for or completes."""
    if fetch.root_path:
        return {fetch.root_path[0].key}
    if fetch.groups:
        return {target[0].key for group in fetch.groups for target in group.targets if target}
    return {selection.key for selection in fetch.selections if isinstance(selection, FetchedField)}
