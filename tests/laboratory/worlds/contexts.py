"""Draws arguments from contexts: a field of a child that depends on whichever parent it was reached through."""

import random

from tests.laboratory.worlds.model import Blueprint, Field, Type


def draw_contexts(rnd: random.Random, blueprint: Blueprint) -> None:
    """``Child``, an entity that only objects which set the context ``around`` lead to, with a field that takes it."""
    place = rnd.choice(blueprint.services)
    parents = [entity for entity in blueprint.entities(place) if place not in entity.stubs]
    if not parents or rnd.random() < 0.75:
        return
    child = blueprint.add(Type("Child", [place], keys={place: ["id"]}, is_inner=True))
    child.own("id", "ID!", place)
    child.add(Field("plain", "String", [place]))
    others = [other for other in blueprint.services if other != place]
    if others and rnd.random() < 0.5:
        other = rnd.choice(others)
        child.keys[other] = ["id"]
        child.own("id", "ID!", other)
        child.add(Field("elsewhere", "Int", [other]))
    chosen = rnd.sample(parents, rnd.randint(1, min(2, len(parents))))
    parts: list[str] = []
    for parent in chosen:
        given = [
            each.name
            for each in parent.fields.values()
            if each.type in {"String", "String!"} and each.is_plain and not each.arguments and each.declared_in(place)
        ]
        name = rnd.choice(given) if given else parent.add(Field(f"{parent.name.lower()}given", "String", [place])).name
        parent.contexts[place] = "around"
        parent.add(Field(f"{parent.name.lower()}child", rnd.choice(["Child", "[Child!]!"]), [place]))
        parts.append(f"... on {parent.name} {{ {name} }}" if len(chosen) > 1 else f"{{ {name} }}")
        child.around[parent.name] = name
    context = f'from: String @fromContext(field: "$around {" ".join(parts)}")'
    child.add(Field("told", "String", [place], context=context))
