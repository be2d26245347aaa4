"""Nulls that subgraphs' errors explain. They are no field's value, so no representation is made of one.

    { t { sum kids { bad } } }      sum: Int @requires(fields: "kids { ok }")      K { ok: Int bad: Int! }

The client's `bad` and the requirement's `ok` are asked of one `kids`. Where `bad` fails, the kid is null, and a sum of the others
would be wrong without a word. So `sum` is not asked for: it is null, with the error of `bad`.
"""

from collections.abc import Sequence
from typing import Any

from gateway.execution.interpreter.failures import Failure, fields_of
from gateway.planning.plan import FetchedSelection


class FailedNulls:
    """The nulls of one request's tree that errors explain, each with the first error that does."""

    def __init__(self) -> None:
        # The holder stays in the entry, so that no other object gets its identity.
        self._causes: dict[tuple[int, str | int], tuple[Any, Failure]] = {}

    def __bool__(self) -> bool:
        return bool(self._causes)

    def note(self, failure: Failure) -> None:
        """Remember the nulls on the path of a failure, for each of its places. The failed answer is in the tree already."""
        if not failure.below:
            return
        for place, asked in failure.places:
            holder: Any = place.value
            selections: Sequence[FetchedSelection] = asked
            for segment in failure.below:
                key: str | int = segment
                if isinstance(segment, str):
                    matching = [field for field in fields_of(selections) if field.response_name == segment]
                    selections = tuple(below for field in matching for below in field.selections)
                    key = matching[0].key if matching else segment
                value = _value(holder, key)
                if value is None:
                    self._causes.setdefault((id(holder), key), (holder, failure))
                if value is None or value is _ABSENT:
                    break
                holder = value

    def cause(self, holder: Any, key: str | int) -> Failure | None:
        """The failure that explains the null under a key of an object, or at an index of a list; None if none does."""
        known = self._causes.get((id(holder), key))
        return known[1] if known is not None else None

    def cause_inside(self, values: list[Any]) -> Failure | None:
        """The failure that explains a null in a list of leaves, or in a list inside it; None if none does."""
        for index, value in enumerate(values):
            cause = self.cause_inside(value) if isinstance(value, list) else self.cause(values, index)
            if cause is not None:
                return cause
        return None


_ABSENT = object()


def _value(holder: Any, key: str | int) -> Any:
    if isinstance(holder, dict):
        return holder.get(key, _ABSENT)
    if isinstance(holder, list) and isinstance(key, int) and 0 <= key < len(holder):
        return holder[key]
    return _ABSENT
