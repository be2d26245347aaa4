"""Draws entities: the keys that lead from subgraph to subgraph, and plain fields, each resolved by one or more of them."""

import random

from tests.laboratory.worlds.model import Blueprint, Field, Type, some, top_names

KEYS = ("id", "code", "id code", "ref { id }", "id ref { id }", "id peer { id }")

LEAVES = (
    "String",
    "String!",
    "String",
    "Int",
    "Float",
    "Boolean",
    "[String!]",
    "[[Int!]]!",
    "Unit",
    "[Unit!]!",
    "Blob",
)

SHAPES = ("{}", "{}!", "[{}!]!", "[{}]", "[[{}]!]")

ARGUMENTS = ("(number: Int = 1)", "(unit: Unit! = METRE)", "(filter: Filter)", "(ids: [ID!]! = [7], filter: Filter!)")


def draw_entities(rnd: random.Random, blueprint: Blueprint, size: int) -> None:
    """Entities ``E0``, ``E1`` ... with fields ``e0f0`` ..."""
    for index in range(rnd.randint(2, max(2, size))):
        _draw_entity(rnd, blueprint, f"E{index}")
    for entity in blueprint.entities():
        for index in range(rnd.randint(1, size + 1)):
            _draw_field(rnd, blueprint, entity, f"{entity.name.lower()}f{index}")


def _draw_entity(rnd: random.Random, blueprint: Blueprint, name: str) -> None:
    places = some(rnd, blueprint.services)
    entity = Type(name, list(places), keys=_draw_keys(rnd, places, has_peer=bool(blueprint.types)))
    for place, keys in entity.keys.items():
        for key in keys:
            _own_key(rnd, blueprint, entity, place, key)
    others = [place for place in blueprint.services if place not in places]
    if others and rnd.random() < 0.3:
        make_stub(rnd, blueprint, entity, rnd.choice(others))
    blueprint.add(entity)


def _draw_keys(rnd: random.Random, places: list[str], *, has_peer: bool) -> dict[str, list[str]]:
    """Keys by which each subgraph is reached from each other: through one that has all, or along a chain."""
    pool = [key for key in KEYS if has_peer or "peer" not in key]
    kind = rnd.random()
    if kind < 0.4:
        return {place: ["id"] for place in places}
    if kind < 0.7:
        keys = {place: [rnd.choice(pool)] for place in places}
        keys[rnd.choice(places)] = sorted({key for held in keys.values() for key in held} | {"id"})
        return keys
    chain = [rnd.choice(pool) for _ in range(len(places) + 1)]
    return {place: list(dict.fromkeys(chain[index : index + 2])) for index, place in enumerate(places)}


def _own_key(rnd: random.Random, blueprint: Blueprint, entity: Type, place: str, key: str) -> None:
    for name in top_names(key):
        match name:
            case "ref":
                reference = blueprint.types.get("Ref") or blueprint.add(Type("Ref", []))
                reference.own("id", "ID!", place)
                entity.own("ref", "Ref!", place)
            case "peer":
                known = entity.fields.get("peer")
                peers = [each for each in blueprint.entities() if "id" in each.fields and each is not entity]
                peer = rnd.choice(peers) if peers else entity
                if known is not None:
                    peer = entity if known.named == entity.name else blueprint.types[known.named]
                if place not in peer.places:
                    make_stub(rnd, blueprint, peer, place)
                peer.own("id", "ID!", place)
                entity.own("peer", f"{peer.name}!", place)
            case _:
                entity.own(name, "ID!", place)


def make_stub(rnd: random.Random, blueprint: Blueprint, entity: Type, place: str) -> None:
    """The subgraph knows the entity from now on, but does not resolve it: it only hands its key on."""
    known = sorted({key for keys in entity.keys.values() for key in keys})
    key = rnd.choice([key for key in known if "{" not in key] or known)
    entity.places.append(place)
    entity.keys[place] = [key]
    entity.stubs.add(place)
    _own_key(rnd, blueprint, entity, place, key)


def _draw_field(rnd: random.Random, blueprint: Blueprint, entity: Type, name: str) -> None:
    places = [place for place in entity.places if place not in entity.stubs]
    owners = some(rnd, places) if rnd.random() < 0.3 else [rnd.choice(places)]
    if rnd.random() < 0.55:
        added = entity.add(Field(name, rnd.choice(LEAVES), owners))
        if added.type.startswith("String") and rnd.random() < 0.35:
            added.arguments = rnd.choice(ARGUMENTS)
        if len(owners) > 1 and added.type.endswith("!") and rnd.random() < 0.5:
            added.types[owners[0]] = added.type[:-1]
        return
    target = rnd.choice(blueprint.entities())
    knowing = [place for place in owners if place in target.places]
    if knowing:
        added = entity.add(Field(name, rnd.choice(SHAPES).format(target.name), knowing))
        if added.type.startswith("[") and rnd.random() < 0.3:
            added.arguments = "(first: Int = 2)"
