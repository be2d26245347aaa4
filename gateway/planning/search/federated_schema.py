"""The supergraph as planning asks it: who serves a field at a place, and through which entities another subgraph is entered.

One instance serves all operations on a supergraph with the same override labels; every answer is worked out once.
"""

from dataclasses import replace
from functools import lru_cache

from gateway.operation.model import TYPENAME, OperationKind
from gateway.planning.needs import NEEDS_TYPENAME, Need, field_set_needs
from gateway.planning.search.location import EntityEntry, Location, ProvidedFields, ResolvableField
from gateway.supergraph.field_sets import FieldSet, SetField
from gateway.supergraph.model import Key, SubgraphField, SubgraphType, Supergraph, TypeKind

MAX_REMEMBERED = 50_000
"""Answers of a kind; a schema has far fewer, but clients can write fragments for any combination of types."""


class FederatedSchema:
    """The supergraph as planning reads it, under one set of override labels."""

    def __init__(self, supergraph: Supergraph, labels: frozenset[str]) -> None:
        self.supergraph = supergraph
        self.labels = labels
        self.services = tuple(supergraph.subgraphs)
        self.kinds_of_roots = {
            root.name: kind
            for kind, root in (
                (OperationKind.QUERY, supergraph.api.query_type),
                (OperationKind.MUTATION, supergraph.api.mutation_type),
                (OperationKind.SUBSCRIPTION, supergraph.api.subscription_type),
            )
            if root is not None
        }
        self.roots = frozenset(self.kinds_of_roots)
        self.visible = frozenset(supergraph.api.type_map)
        self._types = supergraph.subgraph_types
        self.has_contexts = any(known.contexts for types in self._types.values() for known in types.values())
        self._served: dict[
            tuple[Location, str, frozenset[str], bool], tuple[tuple[ResolvableField, ...], frozenset[str]]
        ] = {}
        self._entries: dict[tuple[frozenset[str], str], dict[str, tuple[EntityEntry, ...]]] = {}
        self._unknown_entries: dict[
            tuple[tuple[str, ...], str, frozenset[str], bool, bool], dict[str, tuple[EntityEntry, ...]]
        ] = {}
        self._needs: dict[FieldSet, tuple[Need, ...]] = {}
        self._key_needs: dict[tuple[FieldSet, bool], tuple[Need, ...]] = {}

    def type_in(self, service: str, type_name: str) -> SubgraphType | None:
        """The type as the subgraph has it, or None."""
        return self._types[service].get(type_name)

    def possible_types(self, type_name: str) -> frozenset[str]:
        """All concrete types of a type, by the whole supergraph; the type itself for an interface that nothing implements."""
        return self.supergraph.possible_types.get(type_name) or frozenset({type_name})

    def possible_in(self, service: str, type_name: str) -> frozenset[str]:
        """The concrete types that the subgraph knows of the type; the type itself if it knows none."""
        known = self._types[service].get(type_name)
        return (known.possible_types if known else frozenset()) or frozenset({type_name})

    def is_interface_object(self, service: str, type_name: str) -> bool:
        """Whether the subgraph has the interface as an object."""
        known = self._types[service].get(type_name)
        return known is not None and known.is_interface_object

    def hides_types(self, service: str, type_name: str) -> bool:
        """Whether the subgraph cannot name the concrete type of some value of the type: it has an interface as an object."""
        known = self._types[service].get(type_name)
        return known is not None and bool(known.interface_objects)

    def holder(self, service: str, stated: str, type_name: str, name: str) -> SubgraphType | None:
        """Return the subgraph's type that has a field for objects of a concrete type, where the type `stated` is expected.

        It is the concrete type itself, or an interface object that stands in for it there; None if neither has the field.
        """
        types = self._types[service]
        expected = types.get(stated)
        if expected is not None and expected.is_interface_object:
            return expected if name in expected.fields else None
        own = types.get(type_name)
        if own is not None:
            return own if name in own.fields else None
        standing_in = (types[each] for each in sorted(expected.interface_objects)) if expected is not None else ()
        return next((each for each in standing_in if type_name in each.possible_types and name in each.fields), None)

    def is_object_in(self, service: str, type_name: str) -> bool:
        """Whether the type is an object type there, and no interface object."""
        known = self._types[service].get(type_name)
        return known is not None and known.kind is TypeKind.OBJECT and not known.is_interface_object

    def is_abstract_in(self, service: str, type_name: str) -> bool:
        """Whether a value of the type needs a ``__typename`` in that subgraph to be told."""
        known = self._types[service].get(type_name)
        return known is not None and known.kind in {TypeKind.INTERFACE, TypeKind.UNION}

    def is_empty(self, here: Location) -> bool:
        """Whether no object can be at a place: the subgraph has an interface there that only types of other subgraphs implement."""
        possible = self.supergraph.possible_types
        return all(possible[name] and name not in possible[name] for name in here.types)

    def is_composite(self, type_name: str) -> bool:
        """Whether the type has fields to select."""
        return self.supergraph.kinds.get(type_name) in {TypeKind.OBJECT, TypeKind.INTERFACE, TypeKind.UNION}

    def entered_again(self, root_type: str) -> frozenset[str]:
        """The root types that an operation on `root_type` enters where a field returns them: a mutation's own, and the query's."""
        kinds = {OperationKind.QUERY}
        if self.kinds_of_roots[root_type] is OperationKind.MUTATION:
            kinds.add(OperationKind.MUTATION)
        return frozenset(name for name, kind in self.kinds_of_roots.items() if kind in kinds)

    def takes_context(self, name: str) -> bool:
        """Whether a field of this name has arguments from a context in some subgraph."""
        return any(
            name in known.fields and known.fields[name].hidden_arguments
            for types in self._types.values()
            for known in types.values()
        )

    def field_set_needs(self, field_set: FieldSet) -> tuple[Need, ...]:
        """The field set as needs; always the same objects."""
        needs = self._needs.get(field_set)
        if needs is None:
            needs = self._needs[field_set] = field_set_needs(field_set.selections, self.supergraph.possible_types)
        return needs

    def key_needs(self, field_set: FieldSet, *, needs_typename: bool) -> tuple[Need, ...]:
        """A key as needs, with the concrete type's name where that is needed to say whose key it is."""
        known = self._key_needs.get((field_set, needs_typename))
        if known is None:
            needs = self.field_set_needs(field_set)
            known = self._key_needs[field_set, needs_typename] = (*needs, NEEDS_TYPENAME) if needs_typename else needs
        return known

    def keys(self, service: str, entity: str) -> tuple[Key, ...]:
        """The keys by which the subgraph resolves the entity."""
        known = self._types[service].get(entity)
        return tuple(key for key in known.keys if key.is_resolvable) if known else ()

    def served(
        self, here: Location, name: str, types: frozenset[str], *, with_requirements: bool
    ) -> tuple[tuple[ResolvableField, ...], frozenset[str]]:
        """How the subgraph at `here` serves a field for objects of `types`, and the types for which it does not.

        Args:
            with_requirements: also fields with `@requires` or `@fromContext`: right at the entry into a subgraph only.
        """
        question = (here, name, types, with_requirements)
        answer = self._served.get(question)
        if answer is None:
            if len(self._served) >= MAX_REMEMBERED:
                self._served.clear()
            answer = self._served[question] = self._work_out_served(here, name, types, with_requirements)
        return answer

    def _work_out_served(
        self, here: Location, name: str, types: frozenset[str], with_requirements: bool
    ) -> tuple[tuple[ResolvableField, ...], frozenset[str]]:
        service = here.service
        assert service is not None
        found: dict[str, tuple[SubgraphField, tuple[ProvidedFields, ...]]] = {}
        for type_name in sorted(types):
            own = self.holder(service, here.type_name, type_name, name)
            field = own.fields[name] if own else None
            if field is None or not field.is_active(self.labels):
                continue
            if field.hidden_arguments and not with_requirements:
                continue
            is_provided, views = self._provided(here.views, type_name, name)
            if field.is_external and not is_provided:
                continue
            if field.requires is not None and not with_requirements and not is_provided:
                continue
            if field.provides is not None:
                views = (*views, field.provides.selections)
            found[type_name] = (field, views)
        rest = types.difference(found)
        if not found:
            return (), rest
        return tuple(self._grouped(here, name, found)), rest

    def _grouped(
        self, here: Location, name: str, found: dict[str, tuple[SubgraphField, tuple[ProvidedFields, ...]]]
    ) -> list[ResolvableField]:
        """The found fields, put together where they are alike; whole on the interface if it has the field for all."""
        service = here.service
        assert service is not None
        stated = self._types[service].get(here.type_name)
        general = stated.fields.get(name) if stated is not None and stated.kind is TypeKind.INTERFACE else None
        if general is not None and found.keys() == here.types:
            views = {view for _, view in found.values()}
            demands = {(field.requires, field.hidden_arguments) for field, _ in found.values()}
            if len(views) == 1 and demands == {(None, ())}:
                returned = {field.type_name for field, _ in found.values()}
                return [self._as_served(here, frozenset(found), general, views.pop(), returned)]
        groups: dict[tuple[object, ...], list[str]] = {}
        for type_name, (field, view) in found.items():
            alike = (field.type_name, field.wrappers, field.requires, field.hidden_arguments, view)
            groups.setdefault(alike, []).append(type_name)
        return [
            self._as_served(here, frozenset(names), field, views, {field.type_name})
            for names in groups.values()
            for field, views in (found[names[0]],)
        ]

    def _as_served(
        self,
        here: Location,
        types: frozenset[str],
        field: SubgraphField,
        views: tuple[ProvidedFields, ...],
        returned: set[str],
    ) -> ResolvableField:
        if not self.is_composite(field.type_name):
            return ResolvableField(types, field, None)
        service = here.service
        assert service is not None
        possible = frozenset().union(*(self.possible_in(service, type_name) for type_name in returned))
        candidates = frozenset().union(*(self._candidates(here, type_name, field.name) for type_name in types))
        if self.supergraph.kinds.get(field.type_name) is TypeKind.UNION:
            possible = self._known_to_all(candidates, types, field.name, possible) or possible
        is_known = not self.hides_types(service, field.type_name)
        return ResolvableField(types, field, Location(service, field.type_name, possible, is_known, views, candidates))

    def _candidates(self, here: Location, type_name: str, name: str) -> frozenset[str]:
        """The subgraphs that could answer the field for this very object: they stand here, or a key leads to them."""
        return frozenset(
            service
            for service in self.services
            if (service == here.service or self._has(service, type_name, name))
            and (service in here.candidates or service == here.service or self.keys(service, type_name))
        )

    def _known_to_all(
        self, candidates: frozenset[str], types: frozenset[str], name: str, possible: frozenset[str]
    ) -> frozenset[str]:
        """The members of a union that every subgraph which could answer the field knows.

        A shareable field has one value wherever it is asked, so members that only some subgraphs know are not asked for.
        """
        for service in candidates:
            returned = {
                field.type_name
                for type_name in types
                if (holder := self._types[service].get(type_name)) and (field := holder.fields.get(name))
            }
            if returned:
                possible &= frozenset().union(*(self.possible_in(service, type_name) for type_name in returned))
        return possible

    def _provided(
        self, views: tuple[ProvidedFields, ...], type_name: str, name: str
    ) -> tuple[bool, tuple[ProvidedFields, ...]]:
        """Whether a view holds the field on the type, and what the views say of the object below it."""
        is_provided = False
        below: list[ProvidedFields] = []
        for view in views:
            for selection in view:
                if isinstance(selection, SetField):
                    if selection.name == name:
                        is_provided = True
                        if selection.selections:
                            below.append(selection.selections)
                elif type_name in self.possible_types(selection.type_condition):
                    is_inside, inside = self._provided((selection.selections,), type_name, name)
                    is_provided = is_provided or is_inside
                    below.extend(inside)
        return is_provided, tuple(below)

    def entries(
        self, here: Location, types: frozenset[str], name: str, *, must_know: bool = False
    ) -> dict[str, tuple[EntityEntry, ...]]:
        """By subgraph, how an object at `here` can enter it to have the field.

        Args:
            must_know: the concrete type must be known before, even where the subgraph would not ask for it.
        """
        if here.is_known:
            question = (types, name)
            answer = self._entries.get(question)
            if answer is None:
                if len(self._entries) >= MAX_REMEMBERED:
                    self._entries.clear()
                answer = self._entries[question] = self._known_entries(types, name)
            return answer
        is_part = here.is_part or types != here.types
        interfaces = self._interfaces_of(here)
        unknown_question = (interfaces, name, types, must_know, is_part)
        answer = self._unknown_entries.get(unknown_question)
        if answer is None:
            answer = self._unknown_entries[unknown_question] = self._entries_of_unknown(
                interfaces, types, name, must_know=must_know, is_part=is_part
            )
        return answer

    def _interfaces_of(self, here: Location) -> tuple[str, ...]:
        """The interfaces by whose name all objects at a place can be sent, their concrete types being unknown."""
        assert here.service is not None
        stated = self._types[here.service].get(here.type_name)
        standing_in = sorted(stated.interface_objects) if stated is not None else []
        others = (each for each in standing_in if here.types <= self._types[here.service][each].possible_types)
        return tuple(dict.fromkeys((here.type_name, *others)))

    def parts(self, here: Location, types: frozenset[str], name: str) -> list[frozenset[str]]:
        """`types` divided by the subgraphs that have the field for them; one part, but for overrides of some types."""
        if not types:
            return []
        if len(types) == 1 or not here.is_known:
            return [types]
        by_services: dict[tuple[str, ...], set[str]] = {}
        for type_name in sorted(types):
            services = tuple(self.entries(here, frozenset({type_name}), name))
            by_services.setdefault(services, set()).add(type_name)
        return [frozenset(part) for part in by_services.values()]

    def _known_entries(self, types: frozenset[str], name: str) -> dict[str, tuple[EntityEntry, ...]]:
        found: dict[str, tuple[EntityEntry, ...]] = {}
        for service in self.services:
            through: dict[str, set[str]] = {}
            for type_name in sorted(types):
                entity = self._entity_with(service, type_name, name)
                if entity is not None:
                    through.setdefault(entity, set()).add(type_name)
            if through:
                found[service] = tuple(EntityEntry(entity, frozenset(covered)) for entity, covered in through.items())
        return found

    def _entity_with(self, service: str, type_name: str, name: str) -> str | None:
        """The entity by which objects of a concrete type have a field in a subgraph: itself, or an interface object."""
        if self._has(service, type_name, name) and (type_name in self.roots or self.keys(service, type_name)):
            return type_name
        for interface in sorted(self.supergraph.interfaces.get(type_name, ())):
            if (
                self.is_interface_object(service, interface)
                and self._has(service, interface, name)
                and self.keys(service, interface)
            ):
                return interface
        return None

    def _has(self, service: str, holder: str, name: str) -> bool:
        known = self._types[service].get(holder)
        field = known.fields.get(name) if known else None
        return field is not None and not field.is_external and field.is_active(self.labels)

    def _entries_of_unknown(
        self, interfaces: tuple[str, ...], types: frozenset[str], name: str, *, must_know: bool, is_part: bool
    ) -> dict[str, tuple[EntityEntry, ...]]:
        """Entries for an object of which only interfaces are known.

        What a field requires is sent of every object that it is asked of, so a requirement of some types only (`is_part`) needs to
        know which objects are of those.
        """
        found: dict[str, tuple[EntityEntry, ...]] = {}
        for service in self.services:
            by_interface = (
                self._entry_of_unknown(service, each, types, name, must_know=must_know, is_part=is_part)
                for each in interfaces
            )
            entry = next((entry for entry in by_interface if entry is not None), None)
            if entry is not None:
                found[service] = (entry,)
            elif name != TYPENAME:
                concrete = tuple(
                    EntityEntry(entity, frozenset({type_name}), needs_typename=True)
                    for type_name in sorted(types)
                    if (entity := self._entity_with(service, type_name, name)) is not None
                )
                if concrete:
                    found[service] = concrete
        return found

    def _entry_of_unknown(
        self, service: str, interface: str, types: frozenset[str], name: str, *, must_know: bool, is_part: bool
    ) -> EntityEntry | None:
        """The entry by an interface's name into a subgraph that has the field, or that tells the type if that is looked for."""
        known = self._types[service].get(interface)
        if known is None or not self.keys(service, interface):
            return None
        if known.is_interface_object:
            if not self._has(service, interface, name):
                return None
            is_told = must_know or (is_part and known.fields[name].requires is not None)
            return EntityEntry(interface, types, needs_typename=is_told)
        if self._is_required_of(service, types, name):
            return None
        if name == TYPENAME:
            return None if known.interface_objects else EntityEntry(interface, types)
        covered = types & self.possible_in(service, interface)
        has_it = any(self._has(service, type_name, name) for type_name in covered)
        return EntityEntry(interface, covered) if has_it else None

    def _is_required_of(self, service: str, types: frozenset[str], name: str) -> bool:
        """Whether the field has a requirement on some of the types in the subgraph."""
        held = [
            known.fields[name] for each in types if (known := self._types[service].get(each)) and name in known.fields
        ]
        return any(field.requires is not None for field in held)

    def all_entries(self, here: Location) -> list[tuple[str, EntityEntry]]:
        """Every entry that the objects at a place could have, whatever field is looked for; keys are not looked at."""
        found: list[tuple[str, EntityEntry]] = []
        for service in self.services:
            entries = self._entities_for(service, here.types) if here.is_known else self._ways_of_unknown(service, here)
            found.extend((service, entry) for entry in entries)
        return found

    def _entities_for(self, service: str, types: frozenset[str]) -> list[EntityEntry]:
        entries: list[EntityEntry] = []
        through: dict[str, set[str]] = {}
        for type_name in sorted(types):
            is_named = self.is_object_in(service, type_name) or not self.supergraph.possible_types.get(type_name)
            if is_named and self.keys(service, type_name):
                entries.append(EntityEntry(type_name, frozenset({type_name})))
            for interface in sorted(self.supergraph.interfaces.get(type_name, ())):
                if self.is_interface_object(service, interface) and self.keys(service, interface):
                    through.setdefault(interface, set()).add(type_name)
        entries.extend(EntityEntry(interface, frozenset(covered)) for interface, covered in through.items())
        return entries

    def _ways_of_unknown(self, service: str, here: Location) -> list[EntityEntry]:
        entries: list[EntityEntry] = []
        for interface in self._interfaces_of(here):
            if self.keys(service, interface):
                entries.append(EntityEntry(interface, here.types))
                if self.is_interface_object(service, interface):
                    entries.append(EntityEntry(interface, here.types, needs_typename=True))
        concrete = [replace(entry, needs_typename=True) for entry in self._entities_for(service, here.types)]
        return list(dict.fromkeys([*entries, *concrete]))

    def arrival(self, here: Location, service: str, entry: EntityEntry) -> Location:
        """The place right after the entry. Whoever could stand here still could; most of all at the root."""
        candidates = here.candidates if entry.entity in self.roots else frozenset({service})
        if self.is_abstract_in(service, entry.entity):
            possible = self.possible_in(service, entry.entity) & here.types
            is_known = not self.hides_types(service, entry.entity)
            return Location(service, entry.entity, possible, is_known, candidates=candidates)
        is_known = here.is_known or entry.needs_typename or not self.is_interface_object(service, entry.entity)
        return Location(
            service, entry.entity, entry.types, is_known, candidates=candidates, is_part=here.is_part and not is_known
        )


@lru_cache(maxsize=16)
def federated_schema_of(supergraph: Supergraph, labels: frozenset[str]) -> FederatedSchema:
    """The schema of a supergraph under the labels that it knows."""
    return FederatedSchema(supergraph, labels)
