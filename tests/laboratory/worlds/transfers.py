"""Draws fields that one subgraph took over from another (`@override`), at once or by a label, and fields that clients do not see."""

import random

from tests.laboratory.worlds.model import Blueprint, Type

LABELS = ("percent(50)", "slow")


def draw_transfers(rnd: random.Random, blueprint: Blueprint) -> None:
    """Overrides, and hidden fields, of those fields with which nothing else is the matter."""
    for entity in blueprint.entities():
        for each in list(entity.fields.values()):
            if each.name in {"id", "code", "ref", "peer", "title"} or each.overridden or each.external:
                continue
            if each.is_plain and len(each.owners) == 1 and not each.provides and rnd.random() < 0.2:
                elsewhere = [
                    place
                    for place in entity.places
                    if place not in each.owners and place not in entity.stubs and _knows(blueprint, each.named, place)
                ]
                if elsewhere and not _is_of_interface(blueprint, entity, each.name):
                    each.overridden = rnd.choice(elsewhere)
                    each.label = rnd.choice([None, *LABELS])
            elif each.is_plain and rnd.random() < 0.08 and not _is_of_interface(blueprint, entity, each.name):
                each.is_hidden = True


def _knows(blueprint: Blueprint, named: str, place: str) -> bool:
    if named in blueprint.unions:
        return False
    known = blueprint.types.get(named)
    return known is None or (not known.is_interface and place in known.places and bool(known.keys))


def _is_of_interface(blueprint: Blueprint, entity: Type, name: str) -> bool:
    return any(name in interface.fields for interface in blueprint.interfaces_of(entity))
