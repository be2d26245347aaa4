"""Draws what the public schema does not have (`@inaccessible`): a type, an interface, a value of an enum.

An object of a hidden type is null for clients, with an error, wherever an interface or a union of theirs leads to it; so is a
hidden value of an enum. That is also what one server says of a value that its schema does not have.
"""

import random

from tests.laboratory.worlds.model import Blueprint


def draw_hidden(rnd: random.Random, blueprint: Blueprint) -> None:
    """Hide a value of ``Unit``, an object type with everything that returns it, or an interface likewise."""
    if rnd.random() < 0.4:
        blueprint.hidden_values.add("INCH")
    # Behind an interface object nobody tells the type, so what one server says of a hidden one is not clear there.
    told = {
        each.name for each in blueprint.types.values() if not any(i.objects_in for i in blueprint.interfaces_of(each))
    }
    possible = [
        each
        for each in blueprint.types.values()
        if each.name in told and each.name not in {"Query", "Ref"} and not each.is_inner and not each.objects_in
    ]
    if possible and rnd.random() < 0.7:
        hidden = rnd.choice(possible)
        hidden.is_hidden = True
        for known in blueprint.types.values():
            for each in known.fields.values():
                each.is_hidden |= each.named == hidden.name
