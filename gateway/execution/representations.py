"""Objects of the tree become representations, equal ones become one, and each place remembers which one is its own.

A key that is null or missing, anywhere inside the key, sends nothing: ``_entities`` could not tell who is meant. A requirement
that is null is sent as null, for that is its value; one that is missing sends nothing, because the fetch that should have
brought it failed, and the field it is required for cannot be computed truly.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.execution.encoding import encode_json
from gateway.execution.tree import Place, Tree
from gateway.planning.plan import Representation, RepresentationBranch, RepresentationField


@dataclass(slots=True)
class Gathered:
    """The representations of one group.

    Attributes:
        encoded: each representation's JSON, in the order first met; no two are equal.
        places: for each of them, the places it was made of.
        unsendable: places whose object lacks a part, so that it cannot be asked for.
    """

    encoded: list[bytes] = field(default_factory=list)
    places: list[list[Place]] = field(default_factory=list)
    unsendable: list[Place] = field(default_factory=list)

    def place_count(self) -> int:
        """How many places there are in all."""
        return sum(map(len, self.places))


class Unsendable(Exception):
    """Raised when a representation lacks what it needs."""


def gather(places: Iterable[Place], representations: tuple[Representation, ...]) -> Gathered:
    """The representations of `places`, in their order, equal ones once."""
    gathered = Gathered()
    index_of: dict[bytes, int] = {}
    for place in places:
        try:
            representation = represent(place.value, representations)
        except Unsendable:
            gathered.unsendable.append(place)
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


def represent(value: Tree, representations: tuple[Representation, ...]) -> Tree | None:
    """What is sent for an object; None if none of `representations` fits it.

    Raises:
        Unsendable: it lacks a part.
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
            sent[part.name] = _part(part, value, is_key=index < representation.key_count)
        return sent
    return None


def _part(part: RepresentationField, value: Tree, *, is_key: bool) -> Any:
    if part.source not in value:
        raise Unsendable
    found = value[part.source]
    if part.branches:
        return _branched(part.branches, found, is_key=is_key)
    if found is None and is_key:
        raise Unsendable
    return _as_float(found) if isinstance(found, Decimal) else found


def _as_float(number: Decimal) -> float | Decimal:
    """The number as the fast path would send it, if a float holds it exactly."""
    shortest = float(number)
    return shortest if Decimal(repr(shortest)) == number else number


def _branched(branches: tuple[RepresentationBranch, ...], found: Any, *, is_key: bool) -> Any:
    if isinstance(found, list):
        return [_branched(branches, item, is_key=is_key) for item in found]
    if found is None:
        if is_key:
            raise Unsendable
        return None
    if not isinstance(found, dict):
        raise Unsendable
    typename = found.get("__typename")
    for branch in branches:
        if branch.types is None or typename in branch.types:
            sent: Tree = {} if branch.typename is None else {"__typename": branch.typename}
            for part in branch.fields:
                sent[part.name] = _part(part, found, is_key=is_key)
            return sent
    return {}
