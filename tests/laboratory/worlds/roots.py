"""Draws the fields of the root types: ways to every type, from the subgraphs that have it; mutations that leave a trace; events."""

import random

from tests.laboratory.worlds.model import Blueprint, Field, Type, some


def draw_roots(rnd: random.Random, blueprint: Blueprint) -> None:
    """``Query`` with at least ``ping``, one way to something, and often many."""
    query = blueprint.add(Type("Query", list(blueprint.services)))
    for place in blueprint.services:
        for name in _known(blueprint, place):
            if rnd.random() < 0.55:
                _draw_root(rnd, blueprint, query, place, name)
    if not query.fields:
        place = blueprint.services[0] if _known(blueprint, blueprint.services[0]) else blueprint.entities()[0].places[0]
        _draw_root(rnd, blueprint, query, place, _known(blueprint, place)[0])
    query.add(Field("ping", "String", [blueprint.services[0]]))


def draw_roots_below(rnd: random.Random, blueprint: Blueprint) -> None:
    """Fields that return ``Query`` again: of entities, of values, of interfaces, of ``Query`` itself; and ``Query`` in a union."""
    query = blueprint.types["Query"]
    for holder in [*blueprint.types.values()]:
        places = [place for place in holder.places if place not in holder.stubs and place not in holder.objects_in]
        if rnd.random() < 0.85 or holder.is_inner or holder.name == "Ref" or not places:
            continue
        name = f"{holder.name.lower()}_query"
        owners = some(rnd, places) if rnd.random() < 0.5 or holder.is_interface else [rnd.choice(places)]
        shape = rnd.choice(["{}", "{}!", "[{}!]!", "[{}]"])
        holder.add(Field(name, shape.format("Query"), owners))
        for each in blueprint.types.values() if holder.is_interface else ():
            implementing = [place for place in owners if holder.name in each.implements.get(place, ())]
            if implementing:
                each.add(Field(name, shape.format("Query"), implementing))
    for held in blueprint.unions.values():
        for members in held.values():
            if rnd.random() < 0.1:
                members.append(query.name)


def complete_roots(blueprint: Blueprint) -> None:
    """Give each subgraph that returns ``Query`` somewhere a field of it."""
    query = blueprint.types["Query"]
    fields = [each for known in blueprint.types.values() for each in known.fields.values()]
    for place in blueprint.services:
        is_returned = any(each.named == query.name and each.declared_in(place) for each in fields)
        is_member = any(query.name in held.get(place, ()) for held in blueprint.unions.values())
        if (is_returned or is_member) and not any(each.declared_in(place) for each in query.fields.values()):
            query.add(Field(f"{place}_ping", "String", [place]))


def draw_mutations(rnd: random.Random, blueprint: Blueprint) -> None:
    """``Mutation`` in some subgraphs, and a field of each entity that tells what ran before it was asked."""
    mutation = Type("Mutation", [])
    for place in blueprint.services:
        for entity in blueprint.entities(place):
            if not entity.is_inner and rnd.random() < 0.3:
                added = mutation.own(
                    f"{place}_add_{entity.name.lower()}", rnd.choice(["{}", "{}!", "[{}]"]).format(entity.name), place
                )
                added.arguments = rnd.choice(["", "(first: Int = 2)"]) if added.type.startswith("[") else ""
                others = [other for other in blueprint.services if other != place and other in entity.places]
                if others and rnd.random() < 0.2:
                    mutation.own(added.name, added.type, rnd.choice(others))
    if mutation.fields:
        blueprint.add(mutation)
        _draw_receipts(rnd, blueprint, mutation)
        for entity in blueprint.entities():
            resolving = [place for place in entity.places if place not in entity.stubs]
            entity.add(Field("history", "String!", [rnd.choice(resolving)], is_history=True))


def draw_subscriptions(rnd: random.Random, blueprint: Blueprint) -> None:
    """``Subscription`` in some subgraphs; each field has two events."""
    subscription = Type("Subscription", [])
    for place in blueprint.services:
        for name in _known(blueprint, place):
            if rnd.random() < 0.2:
                subscription.own(f"{place}_seen_{name.lower()}", rnd.choice(["{}", "{}!", "[{}]"]).format(name), place)
    if subscription.fields:
        blueprint.add(subscription)
        places = some(rnd, blueprint.services)
        if rnd.random() < 0.4:
            _draw_payload(rnd, blueprint, "Notice", places, roots=["Query"])
            for place in places:
                subscription.own(f"{place}_notice", rnd.choice(["Notice", "Notice!"]), place)


def _draw_receipts(rnd: random.Random, blueprint: Blueprint, mutation: Type) -> None:
    """Mutations that return a payload with the roots; below those other mutations run."""
    places = some(rnd, blueprint.services)
    if rnd.random() < 0.5:
        _draw_payload(rnd, blueprint, "Receipt", places, roots=["Query", "Mutation"])
        for place in places:
            mutation.own(f"{place}_do", rnd.choice(["Receipt", "Receipt!", "[Receipt!]"]), place)
            if rnd.random() < 0.3:
                mutation.own(f"{place}_as", rnd.choice(["Mutation", "Mutation!"]), place)


def _draw_payload(rnd: random.Random, blueprint: Blueprint, name: str, places: list[str], roots: list[str]) -> None:
    """A type without a key, the same in several subgraphs, with fields that return root types."""
    payload = blueprint.add(Type(name, list(places)))
    payload.add(Field("ok", rnd.choice(["Int", "Boolean!"]), list(places)))
    known = [each.name for each in blueprint.entities() if not each.is_inner and set(places) <= set(each.places)]
    if known and rnd.random() < 0.5:
        payload.add(Field("entity", rnd.choice(["{}", "[{}!]"]).format(rnd.choice(known)), list(places)))
    for root in roots:
        if rnd.random() < 0.7:
            shape = rnd.choice(["{}", "{}!", "[{}!]"])
            payload.add(Field(root.lower(), shape.format(root), list(places)))


def _known(blueprint: Blueprint, place: str) -> list[str]:
    """The entities and abstract types of a subgraph that something can be had of there."""
    named = [
        each.name
        for each in blueprint.types.values()
        if place in each.places
        and not each.is_inner
        and (each.keys or each.is_interface)
        and blueprint.possible(each.name, place)
    ]
    return named + [name for name, members in blueprint.unions.items() if place in members]


def _draw_root(rnd: random.Random, blueprint: Blueprint, query: Type, place: str, name: str) -> None:
    shape = rnd.choice(["{}", "{}!", "[{}!]!", "[{}]"])
    root = query.add(Field(f"{place}_{name.lower()}", shape.format(name), [place]))
    if shape.startswith("[") and rnd.random() < 0.4:
        root.arguments = "(first: Int = 2)"
    for other in blueprint.services:
        if other != place and name in _known(blueprint, other) and rnd.random() < 0.15:
            both = set(blueprint.possible(name, place))
            both.intersection_update(*(blueprint.possible(name, owner) for owner in [*root.owners, other]))
            if both:
                root.owners.append(other)
