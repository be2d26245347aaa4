"""What an answer cost: the sums of the estimate over the lists, types and nulls that are in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.operation.cost.estimate import Alternative, FieldTerm, ObjectTerm, OperationCost, Walk


def actual_cost(cost: OperationCost, variables: Mapping[str, Any], data: Any) -> int:
    """Return what an answer cost; never more than the estimate, as long as lists are no longer than the schema says.

    The type of an object is read of its `__typename`, where the client asked for it and named no other field so, or else of
    the names of its fields; where these fit several types, the dearest counts.

    Args:
        variables: As the estimate had them.
        data: Of the response, decoded.
    """
    return _Sum(cost.walk(variables), has_stand_in=cost.has_stand_in).object(
        cost.root, data if isinstance(data, dict) else {}
    )


class _Sum:
    def __init__(self, walk: Walk, *, has_stand_in: bool) -> None:
        self._walk = walk
        self._has_stand_in = has_stand_in

    def object(self, term: ObjectTerm, value: Mapping[str, Any]) -> int:
        alternatives = term.alternatives
        if len(alternatives) > 1:
            alternatives = _fitting(alternatives, value, None if self._has_stand_in else value.get("__typename"))
        cost = 0
        for alternative in alternatives:
            total = alternative.extra
            for field in alternative.fields:
                total += self.field(field, value.get(field.response_name))
            cost = max(cost, total)
        return cost

    def field(self, term: FieldTerm, value: Any) -> int:
        count = below = 0
        for item in _items(value, term.depth):
            count += 1
            if term.object is not None and isinstance(item, dict):
                below += self.object(term.object, item)
        return self._walk.own(term, count) + below + term.needs


def _fitting(
    alternatives: tuple[Alternative, ...], value: Mapping[str, Any], type_name: Any
) -> tuple[Alternative, ...]:
    """The alternatives that an object can be.

    Args:
        type_name: Of the object, if it is known.
    """
    fitting = [alternative for alternative in alternatives if type_name in alternative.types]
    if not fitting:
        fitting = [
            alternative
            for alternative in alternatives
            if all(field.response_name in value for field in alternative.fields)
        ]
    return tuple(fitting) or alternatives


def _items(value: Any, depth: int) -> Iterator[Any]:
    """What is in a value's lists, without nulls."""
    if value is None:
        return
    if depth and isinstance(value, list):
        for item in value:
            yield from _items(item, depth - 1)
    else:
        yield value
