"""Objects of the tree become representations, equal ones become one, and each place remembers which one is its own.

A key that is null or missing, anywhere inside the key, sends nothing: ``_entities`` could not tell who is meant. A requirement
that is null is sent as null, for that is its value; one that is missing sends nothing, because the fetch that should have
brought it failed, and the field it is required for cannot be computed truly. The same holds for a null that an error explains.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.execution.encoding import encode_json
from gateway.execution.interpreter.failed_nulls import FailedNulls
from gateway.execution.interpreter.failures import Failure
from gateway.execution.interpreter.tree import Place, Tree
from gateway.planning.plan import Representation, RepresentationBranch, RepresentationField


@dataclass(slots=True)
class Gathered:
    """The representations of one group.

    Attributes:
        encoded: each representation's JSON, in the order first met; no two are equal.
        places: for each of them, the places it was made of.
        unsendable: places whose object lacks a part, so that it cannot be asked for.
        failed: places whose object has a null that an error explains where a part should be, with that failure.
    """

    encoded: list[bytes] = field(default_factory=list)
    places: list[list[Place]] = field(default_factory=list)
    unsendable: list[Place] = field(default_factory=list)
    failed: list[tuple[Place, Failure]] = field(default_factory=list)

    def place_count(self) -> int:
        """How many places there are in all."""
        return sum(map(len, self.places))


class Unsendable(Exception):
    """Raised when a representation lacks what it needs."""


class PartFailed(Exception):
    """Raised when a part of a representation is null because of a failure.

    Attributes:
        cause: that failure.
    """

    def __init__(self, cause: Failure) -> None:
        super().__init__(cause.message)
        self.cause = cause


def gather(
    places: Iterable[Place], representations: tuple[Representation, ...], failed_nulls: FailedNulls | None = None
) -> Gathered:
    """The representations of `places`, in their order, equal ones once."""
    gathered = Gathered()
    index_of: dict[bytes, int] = {}
    writer = _Writer(failed_nulls or FailedNulls())
    for place in places:
        try:
            representation = writer.represent(place.value, representations)
        except Unsendable:
            gathered.unsendable.append(place)
            continue
        except PartFailed as failed:
            gathered.failed.append((place, failed.cause))
            continue
        if representation is None:
            continue
        encoded = encode_json(representation)
        index = index_of.setdefault(encoded, len(index_of))
        if index == len(gathered.encoded):
            gathered.encoded.append(encoded)
            gathered.places.append([])
        gathered.places[index].append(place)
    return gathered


class _Writer:
    """Writes representations from the tree of one request."""

    def __init__(self, failed_nulls: FailedNulls) -> None:
        self._failed_nulls = failed_nulls

    def represent(self, value: Tree, representations: tuple[Representation, ...]) -> Tree | None:
        """Return what is sent for an object; None if none of `representations` fits it.

        Raises:
            Unsendable: it lacks a part.
            PartFailed: a part is null because of an error.
        """
        typename = value.get("__typename")
        for representation in representations:
            if representation.types is not None and typename not in representation.types:
                continue
            sent_typename = representation.typename or typename
            if not isinstance(sent_typename, str):
                raise Unsendable
            sent: Tree = {"__typename": sent_typename}
            for index, part in enumerate(representation.fields):
                sent[part.name] = self._part(part, value, is_key=index < representation.key_count)
            return sent
        return None

    def _part(self, part: RepresentationField, value: Tree, *, is_key: bool) -> Any:
        if part.source not in value:
            raise Unsendable
        found = value[part.source]
        if found is None:
            return self._null(value, part.source, is_key=is_key)
        if part.branches:
            return self._branched(part.branches, found, is_key=is_key)
        if isinstance(found, list) and self._failed_nulls:
            cause = self._failed_nulls.cause_inside(found)
            if cause is not None:
                raise PartFailed(cause)
        return _as_float(found) if isinstance(found, Decimal) else found

    def _null(self, holder: Any, key: str | int, *, is_key: bool) -> Any:
        """Return null if it may be sent."""
        cause = self._failed_nulls.cause(holder, key)
        if cause is not None:
            raise PartFailed(cause)
        if is_key:
            raise Unsendable
        return None

    def _branched(self, branches: tuple[RepresentationBranch, ...], found: Any, *, is_key: bool) -> Any:
        if isinstance(found, list):
            return [
                self._null(found, index, is_key=is_key)
                if item is None
                else self._branched(branches, item, is_key=is_key)
                for index, item in enumerate(found)
            ]
        if not isinstance(found, dict):
            raise Unsendable
        typename = found.get("__typename")
        for branch in branches:
            if branch.types is None or typename in branch.types:
                sent: Tree = {} if branch.typename is None else {"__typename": branch.typename}
                for part in branch.fields:
                    sent[part.name] = self._part(part, found, is_key=is_key)
                return sent
        if typename is None:
            # Its type was not told, because the fetch that should have told it failed: so which parts are lacking is unknown.
            raise Unsendable
        return {}


def _as_float(number: Decimal) -> float | Decimal:
    """The number as the fast path would send it, if a float holds it exactly."""
    shortest = float(number)
    return shortest if Decimal(repr(shortest)) == number else number
