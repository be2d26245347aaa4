"""Draws fields that fail for some objects, where it is clear what one schema with the same faults would answer.

A field that fails is null, with an error at its path, and a non-null one takes the object around it with it. Through a gateway that
means the same if the gateway needs neither the field nor the lost object for anything else. So a key, a requirement, what is provided
or shared never fails; and a non-null field does only in a world where no requirement, context or nested key reads an object that might be lost.

Elsewhere (`draw_faults_beside`) the gateway's answer may have more nulls than one schema's, each explained by an error: a field that
requires what failed, or what the client's own failing field took with it, fails as well, and is never computed of a null in its place.
"""

import random

from tests.laboratory.worlds.model import ROOTS, Blueprint


class Fault(Exception):
    """Raised by a field that fails."""


FAULT = object()
"""The value of a field that fails for an object."""


def draw_faults(rnd: random.Random, blueprint: Blueprint) -> None:
    """One or two fields of entities fail for some of their objects."""
    fields = [each for known in blueprint.types.values() for each in known.fields.values()]
    read = " ".join([*(each.requires for each in fields), *(each.context for each in fields)])
    read += " ".join(key for known in blueprint.types.values() for keys in known.keys.values() for key in keys)
    is_losing_clear = not any(each.requires or each.context or each.provides for each in fields) and "peer" not in read
    possible = [
        each
        for entity in blueprint.entities()
        for each in entity.fields.values()
        if each.is_plain and len(each.owners) == 1 and not each.is_shareable and not each.external and not each.provides
        if each.name not in read.replace("(", " ").split() and (is_losing_clear or not each.type.endswith("!"))
    ]
    for each in rnd.sample(possible, min(len(possible), rnd.randint(1, 2))):
        each.is_failing = True


def draw_faults_beside(rnd: random.Random, blueprint: Blueprint) -> None:
    """Some fields fail for some objects, whoever reads them, but for keys."""
    keys = " ".join(key for known in blueprint.types.values() for keys in known.keys.values() for key in keys)
    possible = [
        each
        for known in blueprint.types.values()
        for each in known.fields.values()
        if not known.is_interface and known.name not in ROOTS
        if not (each.requires or each.context or each.is_history)
        if each.name not in keys.split()
    ]
    for each in rnd.sample(possible, min(len(possible), rnd.randint(1, 4))):
        each.is_failing = True
    blueprint.are_faults_clear = False
