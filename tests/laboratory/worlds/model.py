"""What is drawn before there is a world: types and their fields, each with the subgraphs that have it, and how they have it.

A blueprint says everything once, for all subgraphs; `sdl` prints what one of them has of it, `data` makes objects for it.
"""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]

ROOTS = ("Query", "Mutation", "Subscription")


@dataclass(slots=True)
class Field:
    """A field of an object or interface type.

    Attributes:
        type: as SDL.
        owners: the subgraphs that resolve it.
        arguments: as SDL, with the parentheses; those of a list of objects are ``(first: Int)``, which cuts the list.
        types: for some subgraphs, another type than `type`: the same but for nullability.
        requires: what its value is made of, as a field set.
        provides: for some owners, what they provide of the object that it returns, as a field set.
        external: the subgraphs that only require or provide it.
        overridden: a subgraph that declares it, too, but from which its owner took it over; under a label if there is one.
        context: the argument that its value depends on besides, as SDL with `@fromContext`.
        is_history: whether its value is the mutations that ran before it was asked.
        is_failing: whether it fails for some objects.
        is_shareable: whether it has to say so, beyond what several owners demand.
        is_hidden: whether clients do not see it.
    """

    name: str
    type: str
    owners: list[str]
    arguments: str = ""
    types: dict[str, str] = field(default_factory=dict)
    requires: str = ""
    provides: dict[str, str] = field(default_factory=dict)
    external: set[str] = field(default_factory=set)
    overridden: str | None = None
    label: str | None = None
    context: str = ""
    is_history: bool = False
    is_failing: bool = False
    is_shareable: bool = False
    is_hidden: bool = False

    @property
    def named(self) -> str:
        """Its type without lists and nulls."""
        return self.type.strip("[]!")

    @property
    def is_plain(self) -> bool:
        """Whether nothing is special about it: it may be required, provided, overridden, hidden."""
        return not (self.requires or self.overridden or self.context or self.is_hidden or self.is_history)

    @property
    def places(self) -> list[str]:
        """The subgraphs whose SDL has it."""
        taken_over = [self.overridden] if self.overridden else []
        return list(dict.fromkeys([*self.owners, *sorted(self.external), *taken_over]))

    def resolvers(self, labels: frozenset[str]) -> frozenset[str]:
        """The subgraphs that answer it under these override labels."""
        if self.overridden is not None and self.label is not None and self.label not in labels:
            return frozenset({self.overridden})
        return frozenset(self.owners)

    def declared_in(self, place: str) -> bool:
        """Whether the subgraph's SDL has it."""
        return place in self.places


@dataclass(slots=True)
class Type:
    """An object type or an interface.

    Attributes:
        places: the subgraphs that have it.
        keys: for each subgraph, its keys as field sets.
        stubs: the subgraphs where the keys are not resolvable.
        implements: for each subgraph, the interfaces that it implements there.
        objects_in: for an interface, the subgraphs that have it as an interface object.
        contexts: for some subgraphs, the name of the context that it sets there.
        around: by the type of an enclosing object, the field that fields with a context get their value from.
        is_inner: whether only fields of other objects lead to it.
        is_hidden: Whether clients do not see it.
    """

    name: str
    places: list[str]
    is_interface: bool = False
    keys: dict[str, list[str]] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    stubs: set[str] = field(default_factory=set)
    implements: dict[str, list[str]] = field(default_factory=dict)
    objects_in: set[str] = field(default_factory=set)
    contexts: dict[str, str] = field(default_factory=dict)
    around: dict[str, str] = field(default_factory=dict)
    is_inner: bool = False
    is_hidden: bool = False

    def add(self, added: Field) -> Field:
        """The field, now the type's."""
        self.fields[added.name] = added
        return added

    def own(self, name: str, type_: str, place: str) -> Field:
        """The field of that name, which the subgraph resolves from now on."""
        known = self.fields.get(name) or self.add(Field(name, type_, []))
        if place not in known.owners:
            known.owners.append(place)
        if place not in self.places:
            self.places.append(place)
        return known


@dataclass(slots=True)
class Blueprint:
    """A schema with its split.

    Attributes:
        unions: for each subgraph, the members that it knows.
        hidden_values: The values of ``Unit`` that clients do not see.
        are_faults_clear: Whether it is clear what one schema with the same faults would answer; else nulls may be more.
    """

    services: list[str]
    types: dict[str, Type] = field(default_factory=dict)
    unions: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    hidden_values: set[str] = field(default_factory=set)
    are_faults_clear: bool = True

    def add(self, added: Type) -> Type:
        """The type, now the blueprint's."""
        self.types[added.name] = added
        return added

    def entities(self, place: str | None = None) -> list[Type]:
        """The object types with keys, in a subgraph or in all."""
        return [
            each
            for each in self.types.values()
            if each.keys and not each.is_interface and (place is None or place in each.places)
        ]

    def is_composite(self, name: str) -> bool:
        """Whether the type has fields or members."""
        return name in self.types or name in self.unions

    def possible(self, name: str, place: str) -> list[str]:
        """The concrete types of the objects that a field of this type returns in a subgraph."""
        if name in self.unions:
            return self.unions[name].get(place, [])
        known = self.types[name]
        if not known.is_interface:
            return [name]
        anywhere = place in known.objects_in
        return [
            each.name
            for each in self.types.values()
            if not each.is_interface
            and (
                any(name in names for names in each.implements.values())
                if anywhere
                else name in each.implements.get(place, [])
            )
        ]

    def common(self, named: str, places: Iterable[str]) -> list[str]:
        """The concrete types that a field of this type may return if all of these subgraphs are to know them."""
        known = [set(self.possible(named, place)) for place in places]
        return sorted(set.intersection(*known)) if known else []

    def fields_of(self, concrete: Type) -> Iterator[Field]:
        """The fields of an object type, those that interface objects give it among them."""
        yield from concrete.fields.values()
        for interface in self.interfaces_of(concrete):
            for added in interface.fields.values():
                if interface.objects_in.issuperset(added.owners) and added.name not in concrete.fields:
                    yield added

    def interfaces_of(self, concrete: Type) -> list[Type]:
        """The interfaces that it implements in any subgraph."""
        names = {name for implemented in concrete.implements.values() for name in implemented}
        return [self.types[name] for name in sorted(names)]


def some(rnd: random.Random, items: Iterable[str], least: int = 1, most: int | None = None) -> list[str]:
    """A random choice of at least `least` of the items, sorted."""
    known = list(items)
    return sorted(rnd.sample(known, rnd.randint(min(least, len(known)), min(most or len(known), len(known)))))


def top_names(field_set: str) -> list[str]:
    """The fields of a field set, without those inside braces and parentheses."""
    flat = field_set
    while flat != (flat := re.sub(r"\{[^{}]*\}|\([^()]*\)", "", flat)):
        pass
    return flat.split()
