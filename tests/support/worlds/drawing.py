"""Draws a world: entities and their keys, fields and who resolves them, abstract types, roots, and objects."""

import random
from typing import Any

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from tests.support.worlds.model import Entity, Member, Object
from tests.support.worlds.world import World, made_of

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides",'
    ' "@external", "@shareable", "@override", "@interfaceObject", "@inaccessible"])\n'
)


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
