"""Draws value types: objects without a key, of which each subgraph has a part, in each other and in lists of lists."""

import random

from tests.laboratory.worlds.model import Blueprint, Field, Type

VALUE_SHAPES = ("{}", "{}", "{}!", "[{}!]", "[[{}]!]")


def draw_values(rnd: random.Random, blueprint: Blueprint) -> None:
    """For some entities a field with a value that one or two subgraphs resolve, each the part that it knows."""
    for entity in blueprint.entities():
        places = [place for place in entity.places if place not in entity.stubs]
        if rnd.random() < 0.4:
            owners = sorted(rnd.sample(places, min(2, len(places))))
            value = _draw_value(rnd, blueprint, f"V{entity.name}", owners)
            if rnd.random() < 0.4:
                inner = _draw_value(rnd, blueprint, f"W{entity.name}", owners)
                value.add(Field("inner", rnd.choice(VALUE_SHAPES).format(inner.name), owners))
            # Parts of a list are joined by position only where one subgraph gives all of them.
            shapes = VALUE_SHAPES if len(owners) == 1 else VALUE_SHAPES[:3]
            name = f"{entity.name.lower()}value"
            entity.add(Field(name, rnd.choice(shapes).format(value.name), owners))


def _draw_value(rnd: random.Random, blueprint: Blueprint, name: str, owners: list[str]) -> Type:
    value = blueprint.add(Type(name, owners))
    value.add(Field("both", rnd.choice(["String", "Int", "Unit"]), owners))
    for place in owners:
        if rnd.random() < 0.6:
            value.add(Field(f"only_{place}", rnd.choice(["String", "[Int]"]), [place]))
        known = blueprint.entities(place)
        if known and rnd.random() < 0.3:
            value.add(Field(f"entity_{place}", rnd.choice(known).name, [place]))
    return value
