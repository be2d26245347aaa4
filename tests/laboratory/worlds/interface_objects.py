"""Draws interfaces that are entities: whole in one or two subgraphs, an `@interfaceObject` in others."""

import random

from tests.laboratory.worlds.model import Blueprint, Field, Type, some

NAMES = (("Account", "Person", "Robot"), ("Asset", "Image", "Video"))


def draw_interface_objects(rnd: random.Random, blueprint: Blueprint) -> None:
    """``Account`` and ``Asset``, each with two implementations."""
    for name, *members in NAMES:
        if rnd.random() < 0.35:
            homes = some(rnd, blueprint.services, most=2)
            others = [place for place in blueprint.services if place not in homes]
            if others:
                _draw_interface_object(rnd, blueprint, (name, *members), homes, some(rnd, others))


def _draw_interface_object(
    rnd: random.Random, blueprint: Blueprint, names: tuple[str, ...], homes: list[str], others: list[str]
) -> None:
    name, *members = names
    interface = blueprint.add(Type(name, homes + others, is_interface=True, objects_in=set(others)))
    interface.keys = {place: ["id"] for place in interface.places}
    interface.add(Field("id", "ID!", list(interface.places)))
    types = [blueprint.add(Type(member, list(homes))) for member in members]
    for member in types:
        member.keys = {place: ["id"] for place in homes}
        member.implements = {place: [name] for place in homes}
        member.add(Field("id", "ID!", list(homes)))
        member.add(Field(f"{member.name.lower()}own", rnd.choice(["String", "Int"]), [rnd.choice(homes)]))
    for index in range(rnd.randint(1, 2)):
        home = rnd.choice(homes)
        common = Field(f"{name.lower()}common{index}", "String", [home])
        interface.add(common)
        for member in types:
            member.add(Field(common.name, "String", [home]))
    for place in others:
        _draw_added(rnd, blueprint, interface, types, place)
    _draw_references(rnd, blueprint, interface)


def _draw_added(rnd: random.Random, blueprint: Blueprint, interface: Type, types: list[Type], place: str) -> None:
    """Fields that a subgraph with the interface object gives to all implementations."""
    start = f"{interface.name.lower()}_{place}"
    added = interface.add(Field(f"{start}_leaf", rnd.choice(["String", "Int", "Unit"]), [place]))
    if added.type == "String" and rnd.random() < 0.4:
        added.arguments = "(number: Int = 1)"
    common = [each.name for each in interface.fields.values() if f"{interface.name.lower()}common" in each.name]
    earlier = [
        each.name
        for each in interface.fields.values()
        if each.owners != [place]
        and interface.objects_in.issuperset(each.owners)
        and not each.arguments
        and each.type == "String"
    ]
    if rnd.random() < 0.5:
        required = rnd.choice(common + earlier)
        interface.fields[required].external.add(place)
        interface.add(Field(f"{start}_made", "String", [place], requires=required))
    known = blueprint.entities(place)
    if known and rnd.random() < 0.4:
        target = rnd.choice(known).name
        interface.add(Field(f"{start}_entity", rnd.choice(["{}", "[{}!]!"]).format(target), [place]))
    if rnd.random() < 0.3:
        interface.add(Field(f"{start}_other", interface.name, [place]))


def _draw_references(rnd: random.Random, blueprint: Blueprint, interface: Type) -> None:
    """Fields of entities that return the interface, or one of its implementations."""
    for entity in blueprint.entities():
        for place in entity.places:
            if place in entity.stubs or place not in interface.places or rnd.random() < 0.7:
                continue
            if interface.name in entity.implements.get(place, []):
                continue
            shape = rnd.choice(["{}", "[{}!]!", "[{}]"])
            entity.add(
                Field(f"{entity.name.lower()}_{interface.name.lower()}_{place}", shape.format(interface.name), [place])
            )
