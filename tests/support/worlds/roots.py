"""Draws the fields of the root types: ways to every type, from the subgraphs that have it; mutations that leave a trace; events."""

import random

from tests.support.worlds.model import Blueprint, Field, Type


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
