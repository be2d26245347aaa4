"""Random worlds: a schema with data, split over subgraphs at random, and random operations on it.

A world is drawn from a `random.Random`, so that Hypothesis can make it and shrink it. Objects are dicts with all their fields; each
subgraph resolves from them only what its SDL has, and fields with a requirement only from what the gateway sent. So the
gateway's answer to any operation must equal that of one schema over the same objects.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    execute_sync,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
    validate,
)

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from gateway.execution.executor import Executor
from gateway.execution.fake_transport import FakeTransport
from gateway.execution.request import ExecutionRequest, Service
from gateway.planning.checker import check
from gateway.planning.planner import plan
from gateway.planning.printer import print_plan
from gateway.supergraph.reader import read_supergraph
from tests.support.planning import normalized
from tests.support.sdl import without_federation

Object = dict[str, Any]

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides",'
    ' "@external", "@shareable", "@override", "@interfaceObject", "@inaccessible"])\n'
)


@dataclass(slots=True)
class Member:
    """A field of an entity or value type of the world.

    Attributes:
        type: as SDL.
        owners: the subgraphs that resolve it.
        requires: names of fields of other subgraphs that its value is made of.
        provides: for subgraphs that resolve it, a field of the entity it returns that they provide.
        overridden_in: a subgraph that declares it, too, but from which an owner took it over.
    """

    name: str
    type: str
    owners: list[str]
    requires: list[str] = field(default_factory=list)
    takes_number: bool = False
    provides: dict[str, str] = field(default_factory=dict)
    overridden_in: str | None = None


@dataclass(slots=True)
class Entity:
    """An entity type.

    Attributes:
        keys: for each subgraph that has it, its keys.
        external: for each subgraph, fields that it only requires or provides.
        interfaces: for each subgraph, the interfaces that it implements there.
    """

    name: str
    keys: dict[str, list[str]]
    members: dict[str, Member] = field(default_factory=dict)
    external: dict[str, set[str]] = field(default_factory=dict)
    interfaces: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """A schema with its split and its data.

    Attributes:
        sdl: by subgraph.
        objects: by type, all objects.
    """

    sdl: dict[str, str]
    supergraph: str
    objects: dict[str, list[Object]]
    roots: dict[str, Any]
    required: dict[tuple[str, str], list[str]]
    schemas: dict[str, GraphQLSchema] = field(default_factory=dict)

    def answer_merged(self, schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Any:
        """What one schema over all data answers."""
        return execute_sync(
            schema,
            parse(text),
            root_value=self.roots,
            field_resolver=self._resolve_whole,
            type_resolver=lambda value, *_: value["__typename"],
            variable_values=dict(variables),
        ).formatted

    def subgraph(self, name: str) -> Any:
        """The subgraph as a function from a request to a response; documents that are not valid there are refused."""

        def answer(request: Object) -> Any:
            schema = self._schema(name)
            document = parse(request["query"])
            errors = validate(schema, document)
            if errors:
                raise AssertionError(f"{name} was sent {request['query']}: {[error.message for error in errors]}")
            return execute_sync(
                schema,
                document,
                root_value={
                    **self.roots,
                    "_entities": lambda _info, representations: self._entities(name, representations),
                },
                field_resolver=self._resolve_part,
                type_resolver=lambda value, info, abstract: (
                    value["__as"].get(abstract.name, value["__typename"]) if "__as" in value else value["__typename"]
                ),
                variable_values=request.get("variables"),
            ).formatted

        return answer

    def _schema(self, name: str) -> GraphQLSchema:
        if name not in self.schemas:
            self.schemas[name] = build_schema(without_federation(self.sdl[name]), assume_valid=True)
        return self.schemas[name]

    def _entities(self, name: str, representations: list[Object]) -> list[Object | None]:
        found: list[Object | None] = []
        schema = self._schema(name)
        for representation in representations:
            type_name = representation["__typename"]
            known = schema.get_type(type_name)
            keys = [key for key in ("id", "code") if key in representation]
            if not keys:
                raise AssertionError(f"a representation without a key: {representation}")
            candidates = [
                each
                for typed in self.objects.values()
                for each in typed
                if all(each.get(key) == representation[key] for key in keys)
            ]
            entity = candidates[0] if candidates else None
            if entity is not None and isinstance(known, GraphQLObjectType) and "__typename" in entity:
                entity = {**entity, "__sent": representation, "__as": {"_Entity": type_name}}
            elif entity is not None:
                entity = {**entity, "__sent": representation}
            found.append(entity)
        return found

    def _resolve_part(self, source: Object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """A field in a subgraph: one with a requirement is made of what was sent, nothing else."""
        required = self.required.get((source.get("__typename", ""), info.field_name))
        if required is not None:
            sent = source.get("__sent", {})
            missing = [name for name in required if name.split()[0] not in sent]
            if missing:
                raise AssertionError(f"{info.field_name} was asked without {missing}")
            return made_of(required, sent)
        return self._resolve_whole(source, info, **arguments)

    @staticmethod
    def _resolve_whole(source: Object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        value = source[info.field_name]
        if callable(value):
            return value(info, **arguments)
        if "number" in arguments:
            return f"{value}#{arguments['number']}"
        return value


def made_of(required: list[str], source: Mapping[str, Any]) -> str:
    """The value of a field with a requirement, which names fields, or fields with the ``id`` of their object."""
    parts: list[str] = []
    for name in required:
        found = source[name.split()[0]]
        parts.append(str(found["id"] if isinstance(found, dict) else found))
    return "+".join(parts)


def draw_world(rnd: random.Random) -> World:
    """A random world; its subgraphs compose.

    Raises:
        CompositionFailed: this draw does not compose; draw another.
    """
    return _Drawing(rnd).world()


class _Drawing:
    def __init__(self, rnd: random.Random) -> None:
        self._rnd = rnd
        self._services = [f"s{index}" for index in range(rnd.randint(2, 4))]
        self._entities: dict[str, Entity] = {}
        self._values: dict[str, dict[str, list[str]]] = {}
        self._shared: set[tuple[str, str]] = set()

    def world(self) -> World:
        """The whole drawing, step by step."""
        self._draw_entities()
        self._draw_members()
        self._draw_provided()
        self._draw_values()
        self._draw_abstract()
        self._draw_interface_object()
        self._draw_titles()
        self._draw_abstract_members()
        roots = self._draw_roots()
        objects = self._draw_objects()
        sdl = {name: self._sdl(name, roots) for name in self._services}
        composed = compose([Subgraph(name=name, url=f"http://{name}.test/", sdl=text) for name, text in sdl.items()])
        required = {
            (entity.name, member.name): member.requires
            for entity in self._entities.values()
            for member in entity.members.values()
            if member.requires
        }
        return World(sdl, composed.supergraph_sdl, objects, self._root_values(roots, objects), required)

    def _some(self, items: list[str], least: int = 1) -> list[str]:
        return sorted(self._rnd.sample(items, self._rnd.randint(least, len(items))))

    def _draw_entities(self) -> None:
        for index in range(self._rnd.randint(2, 4)):
            places = self._some(self._services)
            keys = {place: [self._rnd.choice(["id", "id", "id", "code", "id code"])] for place in places}
            # Whoever holds both keys links those that hold one.
            linking = self._rnd.choice(places)
            keys[linking] = ["id", "code"]
            self._entities[f"E{index}"] = Entity(f"E{index}", keys)

    def _draw_members(self) -> None:
        names = list(self._entities)
        for entity in self._entities.values():
            places = list(entity.keys)
            for index in range(self._rnd.randint(2, 6)):
                owners = self._some(places) if self._rnd.random() < 0.3 else [self._rnd.choice(places)]
                kind = self._rnd.random()
                if kind < 0.5:
                    member = Member(
                        f"{entity.name.lower()}f{index}",
                        self._rnd.choice(["String", "String!", "Int", "[String!]"]),
                        owners,
                    )
                    member.takes_number = member.type.startswith("String") and self._rnd.random() < 0.2
                else:
                    target = self._rnd.choice(names)
                    possible = [place for place in owners if place in self._entities[target].keys]
                    if not possible:
                        continue
                    shape = self._rnd.choice(["{}", "{}!", "[{}!]!", "[{}]"])
                    member = Member(f"{entity.name.lower()}f{index}", shape.format(target), possible)
                others = [place for place in places if place not in member.owners]
                if len(member.owners) == 1 and others and kind < 0.5 and self._rnd.random() < 0.2:
                    member.overridden_in = self._rnd.choice(others)
                entity.members[member.name] = member
            self._draw_requirement(entity, places)

    def _draw_requirement(self, entity: Entity, places: list[str]) -> None:
        for place in places:
            elsewhere = [
                member.name
                for member in entity.members.values()
                if place not in member.owners
                and member.overridden_in != place
                and not member.takes_number
                and member.type in {"String", "String!", "Int"}
            ]
            elsewhere += [
                f"{member.name} {{ id }}"
                for member in entity.members.values()
                if place not in member.owners
                and place in self._keys_of(member.type.strip("!"))
                and "id" in " ".join(self._keys_of(member.type.strip("!"))[place])
            ]
            if elsewhere and self._rnd.random() < 0.5:
                wanted = self._some(elsewhere)[:2]
                entity.external.setdefault(place, set()).update(name.split()[0] for name in wanted)
                made = Member(f"{entity.name.lower()}made_{place}", "String", [place], wanted)
                entity.members[made.name] = made

    def _keys_of(self, type_name: str) -> dict[str, list[str]]:
        return self._entities[type_name].keys if type_name in self._entities else {}

    def _draw_provided(self) -> None:
        """Fields that a subgraph hands on for entities which another subgraph owns, along one path only."""
        for entity in self._entities.values():
            for member in entity.members.values():
                target = self._entities.get(member.type.strip("[]!"))
                for place in member.owners if target is not None else ():
                    assert target is not None
                    possible = [
                        other.name
                        for other in target.members.values()
                        if place not in other.owners
                        and other.type == "String"
                        and not other.requires
                        and not other.takes_number
                        and other.overridden_in != place
                    ]
                    if possible and self._rnd.random() < 0.4:
                        provided = self._rnd.choice(possible)
                        member.provides[place] = provided
                        target.external.setdefault(place, set()).add(provided)
                        # Whoever owns a field that is provided elsewhere shares it.
                        self._shared.add((target.name, provided))

    def _draw_values(self) -> None:
        """A value type without a key, of which each subgraph has a part; two owners resolve it for an entity alike."""
        for entity in self._entities.values():
            places = list(entity.keys)
            if len(places) >= 2 and self._rnd.random() < 0.4:
                owners = sorted(self._rnd.sample(places, 2))
                name = f"V{entity.name}"
                field_name = f"{entity.name.lower()}value"
                entity.members[field_name] = Member(field_name, name, owners)
                self._values[name] = {
                    place: ["both", *([f"only_{place}"] if self._rnd.random() < 0.7 else [])] for place in owners
                }

    def _draw_abstract(self) -> None:
        """A union of entities in some subgraphs, and an interface with what its implementations share there."""
        self._unions: dict[str, list[str]] = {}
        self._interfaces: dict[str, list[str]] = {}
        for place in self._services:
            here = [entity.name for entity in self._entities.values() if place in entity.keys]
            if len(here) >= 2 and self._rnd.random() < 0.6:
                self._interfaces[place] = sorted(self._rnd.sample(here, self._rnd.randint(2, len(here))))
                for name in self._interfaces[place]:
                    self._entities[name].interfaces.setdefault(place, []).append("Node")
        if self._services[0] and self._rnd.random() < 0.6:
            place = self._rnd.choice(self._services)
            here = [entity.name for entity in self._entities.values() if place in entity.keys]
            if len(here) >= 2:
                self._unions[place] = sorted(self._rnd.sample(here, 2))

    def _draw_interface_object(self) -> None:
        """An entity interface over new types in one subgraph, and the same as an object in another."""
        self._account: tuple[str, str] | None = None
        if self._rnd.random() < 0.5:
            home, other = self._rnd.sample(self._services, 2)
            self._account = (home, other)

    def _draw_titles(self) -> None:
        """An interface whose field some of its implementations have in another subgraph, by an override."""
        self._titled: tuple[str, list[str]] | None = None
        place = self._rnd.choice(self._services)
        here = [entity for entity in self._entities.values() if place in entity.keys]
        if len(here) < 2 or self._rnd.random() < 0.4:
            return
        self._titled = (place, [entity.name for entity in here])
        for entity in here:
            elsewhere = [other for other in entity.keys if other != place]
            name = "title"
            if elsewhere and self._rnd.random() < 0.5:
                owner = self._rnd.choice(elsewhere)
                entity.members[name] = Member(name, "String", [owner], overridden_in=place)
            else:
                entity.members[name] = Member(name, "String", [place])
            entity.interfaces.setdefault(place, []).append("Titled")

    def _draw_abstract_members(self) -> None:
        """Fields of entities that return an interface, a union or an interface object."""
        for place in self._services:
            here = [entity for entity in self._entities.values() if place in entity.keys]
            returned = [name for name, found in (("Node", self._interfaces), ("Any", self._unions)) if place in found]
            if self._titled is not None and self._titled[0] == place:
                returned.append("Titled")
            if self._account is not None and place in self._account:
                returned.append("Account")
            for name in returned:
                if here and self._rnd.random() < 0.6:
                    entity = self._rnd.choice(here)
                    shape = self._rnd.choice(["{}", "[{}!]!", "[{}]"])
                    field_name = f"{entity.name.lower()}{name.lower()}_{place}"
                    entity.members[field_name] = Member(field_name, shape.format(name), [place])

    def _members_of(self, abstract: str, place: str) -> list[str]:
        """The concrete types of an abstract type in a subgraph."""
        titled = self._titled[1] if self._titled is not None else []
        return {
            "Node": self._interfaces.get(place, []),
            "Any": self._unions.get(place, []),
            "Titled": titled,
            "Account": ["Person", "Robot"],
        }.get(abstract, [abstract])

    def _draw_roots(self) -> list[tuple[str, str, str]]:
        """(subgraph, field, type)."""
        roots: list[tuple[str, str, str]] = []
        for place in self._services:
            here = [entity.name for entity in self._entities.values() if place in entity.keys]
            asked = [name for name in here if self._rnd.random() < 0.7]
            roots.extend((place, f"{place}_{name}", self._rnd.choice([name, f"[{name}!]!"])) for name in asked)
            if place in self._interfaces:
                roots.append((place, f"{place}_nodes", "[Node!]!"))
            if place in self._unions:
                roots.append((place, f"{place}_any", "[Any]"))
            if self._titled is not None and self._titled[0] == place:
                roots.append((place, f"{place}_titled", "[Titled!]!"))
        if self._account is not None:
            home, other = self._account
            roots.append((home, "home_accounts", "[Account!]!"))
            roots.append((other, "other_accounts", "[Account!]!"))
        roots.append((self._services[0], "ping", "String"))
        return roots

    def _draw_objects(self) -> dict[str, list[Object]]:
        objects: dict[str, list[Object]] = {
            name: [{"__typename": name, "id": f"{name}-{n}", "code": f"c-{name}-{n}"} for n in range(3)]
            for name in self._entities
        }
        if self._account is not None:
            for index, name in enumerate(["Person", "Robot", "Person"]):
                made = {"__typename": name, "id": f"acc-{index}", "name": f"name {index}", "unread": index * 7}
                made["age" if name == "Person" else "model"] = index
                objects.setdefault(name, []).append(made)
        for entity in self._entities.values():
            for number, made in enumerate(objects[entity.name]):
                for member in entity.members.values():
                    if not member.requires:
                        made[member.name] = self._value(member, number, entity.name, objects)
                for member in entity.members.values():
                    if member.requires:
                        made[member.name] = made_of(member.requires, made)
        return objects

    def _value(self, member: Member, number: int, owner: str, objects: dict[str, list[Object]]) -> Any:
        is_null = "!" not in member.type[-1] and self._rnd.random() < 0.15
        if is_null:
            return None
        named = member.type.strip("[]!")
        if named in self._values:
            parts = {part for fields in self._values[named].values() for part in fields}
            return {"__typename": named, **{part: f"{owner}.{part}.{number}" for part in parts}}
        if named == "Int":
            return number * 10 + len(member.name)
        if member.type == "[String!]":
            return [f"{owner}.{member.name}.{number}", "x"]
        if named == "String":
            return f"{owner}.{member.name}.{number}"
        possible = [each for name in self._members_of(named, member.owners[0]) for each in objects[name]]
        if member.type.startswith("["):
            picked: list[Object | None] = list(self._rnd.sample(possible, self._rnd.randint(0, min(3, len(possible)))))
            return [*picked, None] if member.type == f"[{named}]" else picked
        return self._rnd.choice(possible)

    def _root_values(self, roots: list[tuple[str, str, str]], objects: dict[str, list[Object]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for place, name, type_ in roots:
            named = type_.strip("[]!")
            if named == "String":
                values[name] = "pong"
                continue
            found = [each for member in self._members_of(named, place) for each in objects.get(member, [])]
            values[name] = found if type_.startswith("[") else found[0]
        return values

    def _sdl(self, place: str, roots: list[tuple[str, str, str]]) -> str:
        lines = [LINK]
        own = [f"{name}: {type_}" for where, name, type_ in roots if where == place]
        if own:
            lines.append(f"type Query {{ {' '.join(own)} }}")
        present = [entity for entity in self._entities.values() if place in entity.keys]
        lines.extend(self._entity_sdl(entity, place) for entity in present)
        for name, parts in self._values.items():
            if place in parts:
                shown = [f"{part}: String{' @shareable' if part == 'both' else ''}" for part in parts[place]]
                lines.append(f"type {name} {{ {' '.join(shown)} }}")
        if place in self._interfaces:
            lines.append("interface Node { id: ID! }")
        if self._titled is not None and self._titled[0] == place:
            lines.append("interface Titled { title: String }")
        if place in self._unions:
            lines.append(f"union Any = {' | '.join(self._unions[place])}")
        if self._account is not None and place == self._account[0]:
            lines.append('interface Account @key(fields: "id") { id: ID! name: String }')
            lines.append('type Person implements Account @key(fields: "id") { id: ID! name: String age: Int }')
            lines.append('type Robot implements Account @key(fields: "id") { id: ID! name: String model: Int }')
        if self._account is not None and place == self._account[1]:
            lines.append('type Account @key(fields: "id") @interfaceObject { id: ID! unread: Int }')
        return "\n".join(lines)

    def _entity_sdl(self, entity: Entity, place: str) -> str:
        keys = " ".join(f'@key(fields: "{key}")' for key in entity.keys[place])
        names = {name for key in entity.keys[place] for name in key.split()}
        fields = ["id: ID! @shareable"] if "id" in names or "Node" in entity.interfaces.get(place, []) else []
        if "code" in names:
            fields.append("code: ID! @shareable")
        for member in entity.members.values():
            if place in member.owners:
                arguments = "(number: Int = 1)" if member.takes_number else ""
                is_shared = len(member.owners) > 1 or (entity.name, member.name) in self._shared
                shared = " @shareable" if is_shared else ""
                if member.overridden_in is not None:
                    shared += f' @override(from: "{member.overridden_in}")'
                if place in member.provides:
                    shared += f' @provides(fields: "{member.provides[place]}")'
                requires = f' @requires(fields: "{" ".join(member.requires)}")' if member.requires else ""
                fields.append(f"{member.name}{arguments}: {member.type}{shared}{requires}")
            elif member.overridden_in == place:
                arguments = "(number: Int = 1)" if member.takes_number else ""
                fields.append(f"{member.name}{arguments}: {member.type}")
            elif member.name in entity.external.get(place, set()):
                fields.append(f"{member.name}: {member.type} @external")
        implemented = " & ".join(entity.interfaces.get(place, []))
        interfaces = f" implements {implemented}" if implemented else ""
        return f"type {entity.name}{interfaces} {keys} {{ {' '.join(fields)} }}"


@dataclass(frozen=True, slots=True)
class DrawnOperation:
    """An operation with its variables."""

    text: str
    variables: dict[str, Any]


def draw_operation(rnd: random.Random, schema: GraphQLSchema) -> DrawnOperation:
    """A random valid query: aliases, arguments, variables, fragments, conditions."""
    while True:
        drawn = _draw_any_operation(rnd, schema)
        problems = [error for error in validate(schema, parse(drawn.text)) if "never used" not in error.message]
        if not problems:
            return drawn


def _draw_any_operation(rnd: random.Random, schema: GraphQLSchema) -> DrawnOperation:
    assert schema.query_type is not None
    body = _OperationDrawing(rnd, schema).selections(schema.query_type, depth=4)
    number = ", $n: Int = 5" if "$n)" in body else ""
    declared = f"($yes: Boolean! = true, $no: Boolean! = false{number})"
    fragment = "fragment Used on Query { a0: __typename @skip(if: $no) @include(if: $yes) ping n: __typename }"
    text = f"query Q{declared} {{ ...Used {body[1:]} {fragment}"
    return DrawnOperation(text, {"n": rnd.randint(1, 9)} if number else {})


class _OperationDrawing:
    def __init__(self, rnd: random.Random, schema: GraphQLSchema) -> None:
        self._rnd = rnd
        self._schema = schema
        self._aliases = 0

    def selections(self, parent: GraphQLNamedType, *, depth: int) -> str:
        """A selection set on a type."""
        parts: list[str] = ["__typename"] if self._rnd.random() < 0.3 else []
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            names = list(parent.fields)
            chosen = self._rnd.sample(names, min(len(names), self._rnd.randint(1, 4)))
            parts.extend(self._field(parent, name, depth) for name in chosen)
        if is_abstract_type(parent):
            possible = list(self._schema.get_possible_types(parent))
            members = self._rnd.sample(possible, self._rnd.randint(0, len(possible))) if depth > 0 else []
            parts.extend(f"... on {member.name} {self.selections(member, depth=depth - 1)}" for member in members)
        if isinstance(parent, GraphQLObjectType) and parent.interfaces and self._rnd.random() < 0.3:
            interface = self._rnd.choice(list(parent.interfaces))
            parts.append(f"... on {interface.name} {self.selections(interface, depth=0)}")
        if self._rnd.random() < 0.1 and depth > 0 and not isinstance(parent, GraphQLUnionType):
            parts.append(f"... @skip(if: $no) {self.selections(parent, depth=depth - 1)}")
        parts = [part for part in parts if part]
        return f"{{ {' '.join(parts) or '__typename'} }}"

    def _field(self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str, depth: int) -> str:
        definition = parent.fields[name]
        returned = get_named_type(definition.type)
        self._aliases += 1
        alias = ""
        if self._rnd.random() < 0.3:
            # Names of keys are the best to be confused by.
            alias = f"{self._rnd.choice(['id', 'code', f'x{self._aliases}'])}: "
        arguments = ""
        if "number" in definition.args:
            alias = f"n{self._aliases}: "
            arguments = self._rnd.choice(["", "(number: 3)", "(number: $n)"])
        condition = self._rnd.choice(["", "", "", " @skip(if: $no)", " @include(if: $yes)", " @include(if: $no)"])
        if is_composite_type(returned):
            if depth == 0:
                return ""
            alias = f"o{self._aliases}: " if self._rnd.random() < 0.5 else ""
            return f"{alias}{name}{arguments}{condition} {self.selections(returned, depth=depth - 1)}"
        return f"{alias}{name}{arguments}{condition}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One random operation on one random world: what the gateway answers, and what one schema would.

    Attributes:
        shown: everything that is needed to understand a difference.
    """

    answered: Any
    expected: Any
    shown: str


async def run_trials(seed: int, operations: int = 4) -> list[Trial]:
    """Plans, checks and executes random operations on the world of a seed.

    Raises:
        UnsoundPlan: the checker refuses a plan.
        AssertionError: a subgraph was sent what is not valid there, or not enough.
    """
    rnd = random.Random(seed)
    world = draw_world(rnd)
    supergraph = read_supergraph(world.supergraph)
    transport = FakeTransport({name: world.subgraph(name) for name in world.sdl})
    executor = Executor(
        transport=transport,
        services=[Service(name, url) for name, url in supergraph.subgraphs.items()],
        api_schema=supergraph.api,
    )
    trials: list[Trial] = []
    for _ in range(operations):
        drawn = draw_operation(rnd, supergraph.api)
        operation = normalized(supergraph, drawn.text, conditions={"yes": True, "no": False})
        made = plan(operation, supergraph)
        check(made, operation, supergraph)
        request = ExecutionRequest(
            deadline=asyncio.get_running_loop().time() + 10, variables={"yes": True, "no": False, **drawn.variables}
        )
        answer = await executor.prepare(made, operation).execute(request)
        expected = world.answer_merged(supergraph.api, drawn.text, drawn.variables)
        parts = [f"# {name}\n{sdl.removeprefix(LINK)}" for name, sdl in world.sdl.items()]
        shown = "\n".join([f"seed {seed}", *parts, drawn.text, str(drawn.variables), print_plan(made)])
        trials.append(Trial(answer.decoded(), expected, shown))
    return trials
