"""Makes the objects of a blueprint: a few of each type, with values for all of their fields."""

import random
from typing import Any

from tests.laboratory.worlds.faults import FAULT
from tests.laboratory.worlds.model import ROOTS, Blueprint, Field, Object, Type

COUNT = 3
"""Objects of each entity."""


def make_objects(rnd: random.Random, blueprint: Blueprint) -> tuple[dict[str, list[Object]], dict[str, Object]]:
    """The entities by type, and the root objects by type; each field of ``Subscription`` has a list of events."""
    return _Making(rnd, blueprint).make()


class _Making:
    def __init__(self, rnd: random.Random, blueprint: Blueprint) -> None:
        self._rnd = rnd
        self._blueprint = blueprint
        self._objects: dict[str, list[Object]] = {}
        self._roots: dict[str, Object] = {}

    def make(self) -> tuple[dict[str, list[Object]], dict[str, Object]]:
        concrete = self._blueprint.entities()
        for entity in concrete:
            self._objects[entity.name] = [
                {"__typename": entity.name, "id": f"{entity.name}-{n}", "code": f"c-{entity.name}-{n}"}
                for n in range(COUNT)
            ]
        roots: dict[str, Object] = {name: {"__typename": name} for name in ROOTS if name in self._blueprint.types}
        self._roots = roots
        for entity in concrete:
            for number, made in enumerate(self._objects[entity.name]):
                self._fill(made, entity, number)
        for name, root in roots.items():
            self._fill(root, self._blueprint.types[name], 0)
        for each in self._blueprint.types["Subscription"].fields.values() if "Subscription" in roots else ():
            first = roots["Subscription"][each.name]
            roots["Subscription"][each.name] = [
                first,
                self._value(each.type, each, self._blueprint.types["Subscription"], 1),
            ]
        return self._objects, roots

    def _fill(self, made: Object, type_: Type, number: int) -> None:
        for each in self._blueprint.fields_of(type_):
            if each.name == "ref":
                made["ref"] = {"__typename": "Ref", "id": f"r-{type_.name}-{number}"}
            elif each.name not in made and (not each.requires or self._blueprint.is_composite(each.named)):
                # Where one of its subgraphs may answer null, none does: all must answer alike.
                fails = each.is_failing and number % 2 == 1
                made[each.name] = FAULT if fails else self._value(each.type, each, type_, number)

    def _value(self, type_: str, field: Field, owner: Type, number: int) -> Any:
        if type_.endswith("!"):
            return self._present(type_[:-1], field, owner, number)
        if self._rnd.random() < 0.15 and field.name not in {"ref", "peer"} and not field.types:
            return None
        return self._present(type_, field, owner, number)

    def _present(self, type_: str, field: Field, owner: Type, number: int) -> Any:
        if type_.startswith("["):
            return [self._value(type_[1:-1], field, owner, number * 3 + n) for n in range(self._rnd.randint(0, 3))]
        place = f"{owner.name}.{field.name}.{number}"
        match type_:
            case "String":
                return place
            case "ID":
                return f"{place}-id"
            case "Int":
                return number * 10 + len(field.name)
            case "Float":
                return number + 0.5
            case "Boolean":
                return number % 2 == 0
            case "Unit":
                return self._rnd.choice(["METRE", "FOOT", "INCH"])
            case "Blob":
                return self._rnd.choice([{"any": [number, None]}, [place], number, place])
            case _:
                return self._object(type_, field, number)

    def _object(self, named: str, field: Field, number: int) -> Object | None:
        """An object of a type that every subgraph with the field knows; or at least every one that resolves it."""
        possible = self._blueprint.common(named, field.places) or self._blueprint.common(named, field.owners)
        chosen = self._rnd.choice(possible)
        if chosen in self._objects:
            return self._rnd.choice(self._objects[chosen])
        if chosen in self._roots:
            return self._roots[chosen]
        made: Object = {"__typename": chosen}
        self._fill(made, self._blueprint.types[chosen], number)
        return made
