"""Positions in the tree that all fetches of a request write into: their paths, and the names of fields there.

The names follow the rule of `plan`: the client's field under its response name; what only the gateway needs under a hidden name
(`HiddenNames`), unless the client's own selection holds just that field: then it is read where the client has it. An object's type is under
``__typename``; a field of another meaning that the client calls so has the operation's stand-in as its response name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gateway.operation.model import TYPENAME
from gateway.planning.needs import Need, colliding
from gateway.planning.plan import HIDDEN, Path, PathStep


class HiddenNames:
    """Names for the gateway's own fields: ``__upc``, and ``__price_1``, ``__price_2`` for each set of arguments.

    Args:
        taken: the client's response names.

    Attributes:
        prefix: two underscores, or more: none of the client's response names begins with it.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        reserved = [name for name in taken if name.startswith(HIDDEN)]
        longest = max((len(name) - len(name.lstrip("_")) for name in reserved), default=1)
        self.prefix = "_" * (longest + 1)
        self._numbers: dict[tuple[tuple[str, str], ...], int] = {}

    def name(self, need: Need) -> str:
        """The name of an internal field; the same for the same arguments."""
        if not need.arguments:
            return f"{self.prefix}{need.name}"
        number = self._numbers.setdefault(need.arguments, len(self._numbers) + 1)
        return f"{self.prefix}{need.name}_{number}"


def _alike(needs: tuple[Need, ...]) -> dict[Need, tuple[Need, ...]]:
    """Needs of one name that some object has in common, each with all that it is one with, over however many steps."""
    by_name: dict[str, list[Need]] = {}
    for need in needs:
        if need.response_name is not None and not need.is_leaf:
            by_name.setdefault(need.response_name, []).append(need)
    alike: dict[Need, tuple[Need, ...]] = {}
    for named in by_name.values():
        for need in named if len(named) > 1 else ():
            met = [other for other in named if other in alike and _have_common_types(need, other)]
            joined = tuple(dict.fromkeys([*(each for other in met for each in alike[other]), need]))
            alike.update(dict.fromkeys(joined, joined))
    return alike


def _have_common_types(one: Need, other: Need) -> bool:
    return one.types is None or other.types is None or bool(one.types & other.types)


@dataclass(slots=True, eq=False)
class Position:
    """A place in the tree where objects are; compared by identity.

    Attributes:
        types: the concrete types that objects here can have, as far as the fetch that brings them knows.
        client: what the client needs of them.
        is_abstract: whether there is an interface or a union here, so that the tree needs a ``__typename``.
        is_told: whether the fetch that brings the objects also brings their types.
        above: the position of the objects around them; None at the root.
        positions_below: By name, the types that hold the field if not all do, and the identity of the client's need.
        same_objects: This and the other positions of the same objects, which differ in who holds the field; empty if it is alone.
    """

    path: Path
    types: frozenset[str]
    client: tuple[Need, ...]
    is_abstract: bool
    is_told: bool
    names: HiddenNames
    above: "Position | None" = None
    positions_below: dict[tuple[str, frozenset[str] | None, int], "Position"] = field(default_factory=dict)
    _colliding: frozenset[Need] | None = None
    _alike: dict[Need, tuple[Need, ...]] | None = None
    same_objects: "list[Position]" = field(default_factory=list)

    def colliding(self) -> frozenset[Need]:
        """The client's needs here whose names mean other fields for other types."""
        if self._colliding is None:
            self._colliding = colliding(self.client)
        return self._colliding

    def parts(self, need: Need, types: frozenset[str]) -> list[frozenset[str]]:
        """`types` divided by the name that the field has in the tree for them; one part, nearly always."""
        if need.response_name is not None or not self.is_told or len(types) == 1:
            return [types]
        named: dict[int, set[str]] = {}
        for type_name in sorted(types):
            named.setdefault(id(self._owner(need, frozenset({type_name}))), set()).add(type_name)
        return [frozenset(part) for part in named.values()]

    def key_of(self, need: Need, types: frozenset[str]) -> str:
        """The name in the tree of a field for objects of `types`, which are one part."""
        if need.name == TYPENAME:
            return TYPENAME
        if need.response_name is not None:
            return need.response_name
        owner = self._owner(need, types)
        return owner.response_name if owner is not None and owner.response_name else self.names.name(need)

    def below(
        self,
        need: Need,
        types: frozenset[str],
        *,
        held_by: frozenset[str],
        wrappers: str,
        possible: frozenset[str],
        is_abstract: bool,
        is_told: bool,
    ) -> "Position":
        """The position of the objects that a field returns, for objects of `types` here.

        Args:
            held_by: the types whose objects hold the field; more than `types` where it had to be asked of every object.
            is_abstract: whether the field returns an interface or a union in the subgraph that is asked.
        """
        owner = self._owner(need, types)
        key = self.key_of(need, types)
        filtered = None if self.types <= held_by else held_by
        known = self.positions_below.get((key, filtered, id(owner)))
        if known is None:
            path = self.path
            if path and filtered is not None:
                path = (*path[:-1], replace(path[-1], types=filtered))
            known = Position(
                path=(*path, PathStep(key, wrappers.count("["))),
                types=possible,
                client=tuple(child for each in self._alike_to(owner) for child in each.children),
                is_abstract=is_abstract or (owner is not None and owner.returns_abstract),
                is_told=is_told,
                names=self.names,
                above=self,
            )
            self.positions_below[key, filtered, id(owner)] = known
            # Whether only objects of some types hold the field or all do, it is one field of those: it has the same parts.
            others = [
                each
                for place in self.same_objects or (self,)
                for (name, _, whose), each in place.positions_below.items()
                if (name, whose) == (key, id(owner))
            ]
            for each in others:
                each.same_objects = others
        return known

    def enclosing(self, levels: int) -> "Position":
        """The position so many objects up."""
        position = self
        for _ in range(levels):
            assert position.above is not None
            position = position.above
        return position

    def under(self, need: Need, types: frozenset[str]) -> "Position | None":
        """The position of the objects that a field returns, for objects of `types` here, which are one part.

        None where nobody who brings the objects here knows of such types: then there are none.

        Two fields of the client's with one name, for different types, have a position each: below them, names may differ.
        """
        sought = self.key_of(need, types), id(self._owner(need, types))
        for place in self.same_objects or (self,):
            for (key, _, owner), position in place.positions_below.items():
                if (key, owner) == sought:
                    return position
        return None

    def _owner(self, need: Need, types: frozenset[str]) -> Need | None:
        """The client's need that a field belongs to; for an internal one, of the very field, under its plain name if it can be."""
        if need.response_name is not None:
            return self._alike_to(need.origin)[0]
        found: Need | None = None
        for candidate in self.client:
            if candidate.name != need.name or candidate.arguments != need.arguments or candidate.response_name is None:
                continue
            if not self._holds(candidate, types):
                continue
            if candidate.response_name == need.name:
                return self._alike_to(candidate)[0]
            found = found or candidate
        return self._alike_to(found)[0] if found is not None else None

    def _alike_to(self, owner: Need | None) -> tuple[Need, ...]:
        """The client's needs that are one field of some objects, `owner` among them; the first stands for all.

        `{ ref { a } ... on Book { ref { b } } }` has one `ref` for a book. So below it there is one position, with one set of names.
        """
        if owner is None:
            return ()
        if owner.is_leaf:
            return (owner,)
        if self._alike is None:
            self._alike = _alike(self.client)
        return self._alike.get(owner) or (owner,)

    def _holds(self, candidate: Need, types: frozenset[str]) -> bool:
        """Whether the name of a client's need means that very field for all objects of `types`."""
        if candidate.types is None or (self.is_told and types <= candidate.types):
            return True
        # Objects that the client does not ask for it may have it, too, if its name means nothing else for them.
        return candidate.is_leaf and candidate not in self.colliding()
