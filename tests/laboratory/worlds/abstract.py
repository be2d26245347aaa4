"""Draws interfaces and unions of which each subgraph knows other members, and fields that return them."""

import random

from tests.laboratory.worlds.model import Blueprint, Field, Type, some

SHAPES = ("{}", "{}!", "[{}!]!", "[{}]")


def draw_abstract(rnd: random.Random, blueprint: Blueprint) -> None:
    """``Node`` in several subgraphs, ``Titled`` in one, the union ``Any``, and a value type ``Note`` among their members."""
    _draw_nodes(rnd, blueprint)
    _draw_titled(rnd, blueprint)
    _draw_union(rnd, blueprint)
    for name in ("Node", "Titled", "Any"):
        _draw_fields(rnd, blueprint, name)


def _draw_nodes(rnd: random.Random, blueprint: Blueprint) -> None:
    for place in blueprint.services:
        here = [entity.name for entity in blueprint.entities(place)]
        if len(here) < 2 or rnd.random() < 0.4:
            continue
        node = blueprint.types.get("Node") or blueprint.add(Type("Node", [], is_interface=True))
        node.own("id", "ID!", place)
        for name in some(rnd, here, least=2):
            blueprint.types[name].implements.setdefault(place, []).append("Node")
            blueprint.types[name].own("id", "ID!", place)


def _draw_titled(rnd: random.Random, blueprint: Blueprint) -> None:
    """An interface whose field some of its implementations have in another subgraph, by an override."""
    place = rnd.choice(blueprint.services)
    here = [entity for entity in blueprint.entities(place) if place not in entity.stubs]
    if len(here) < 2 or rnd.random() < 0.4:
        return
    titled = blueprint.add(Type("Titled", [place], is_interface=True))
    node = blueprint.types.get("Node")
    members = [blueprint.types[name] for name in some(rnd, [entity.name for entity in here], least=2)]
    if node and place in node.places and all("Node" in each.implements.get(place, []) for each in members):
        titled.implements[place] = ["Node"]
        titled.own("id", "ID!", place)
    arguments = rnd.choice(["", "", "(number: Int = 1)"])
    titled.add(Field("title", "String", [place], arguments))
    if rnd.random() < 0.4:
        note = blueprint.add(Type("Note", [place]))
        note.add(Field("text", "String", [place]))
        members.append(note)
    for member in members:
        member.implements.setdefault(place, []).append("Titled")
        if titled.implements and "Node" not in member.implements[place]:
            member.implements[place].append("Node")
            member.own("id", "ID!", place)
        added = member.add(Field("title", rnd.choice(["String", "String!"]), [place], arguments))
        elsewhere = [other for other in member.places if other != place and other not in member.stubs]
        if elsewhere and rnd.random() < 0.5:
            added.owners = [rnd.choice(elsewhere)]
            added.overridden = place


def _draw_union(rnd: random.Random, blueprint: Blueprint) -> None:
    for place in blueprint.services:
        values = [name for name in ("Note",) if name in blueprint.types and place in blueprint.types[name].places]
        here = [entity.name for entity in blueprint.entities(place)] + values
        if len(here) >= 2 and rnd.random() < 0.5:
            blueprint.unions.setdefault("Any", {})[place] = some(rnd, here, least=2)


def _draw_fields(rnd: random.Random, blueprint: Blueprint, name: str) -> None:
    """Fields of entities that return the type, each resolved by one or several of the subgraphs that know it."""
    for entity in blueprint.entities():
        knowing = [
            place for place in entity.places if place not in entity.stubs and blueprint_has(blueprint, name, place)
        ]
        if knowing and rnd.random() < 0.4:
            owners = [rnd.choice(knowing)]
            shared = set(blueprint.possible(name, owners[0]))
            for place in knowing:
                both = shared & set(blueprint.possible(name, place))
                if place not in owners and both and rnd.random() < 0.2:
                    owners.append(place)
                    shared = both
            field_name = f"{entity.name.lower()}{name.lower()}_{owners[0]}"
            entity.add(Field(field_name, rnd.choice(SHAPES).format(name), sorted(owners)))


def blueprint_has(blueprint: Blueprint, name: str, place: str) -> bool:
    """Whether the subgraph knows the type."""
    if name in blueprint.unions:
        return place in blueprint.unions[name]
    return name in blueprint.types and place in blueprint.types[name].places
