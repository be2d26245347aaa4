"""Draws fields that are made of others (`@requires`), and fields that are handed on along one path (`@provides`)."""

import random
from collections.abc import Callable

from graphql import FieldNode, InlineFragmentNode, OperationDefinitionNode, SelectionSetNode, parse

from tests.laboratory.worlds.model import Blueprint, Field, Type, some


def draw_requirements(rnd: random.Random, blueprint: Blueprint) -> None:
    """For some entities, in some of their subgraphs, fields ``..made..`` of what others resolve; later ones may need earlier ones."""
    for entity in blueprint.entities():
        for place in entity.places:
            for number in range(0 if place in entity.stubs else 2):
                if rnd.random() < 0.4:
                    _draw_requirement(rnd, blueprint, entity, place, number)


def draw_provided(rnd: random.Random, blueprint: Blueprint) -> None:
    """For some fields that return entities, what their subgraph knows of those although another resolves it."""
    for holder in [each for each in blueprint.types.values() if not each.is_interface]:
        for known in holder.fields.values():
            for place in known.owners:
                if blueprint.is_composite(known.named) and not known.requires and rnd.random() < 0.3:
                    provided = _providable(rnd, blueprint, known.named, place, depth=2)
                    if provided:
                        known.provides[place] = provided
                        _declare(blueprint, known.named, provided, place, is_shared=True)


def _draw_requirement(rnd: random.Random, blueprint: Blueprint, entity: Type, place: str, number: int) -> None:
    possible = [
        wanted
        for each in entity.fields.values()
        if place not in each.owners and each.overridden != place and not each.context
        if (wanted := _selectable(rnd, blueprint, each, place, depth=2))
    ]
    if not possible:
        return
    required = " ".join(some(rnd, possible, most=2))
    _declare(blueprint, entity.name, required, place)
    added = Field(f"{entity.name.lower()}made{number}_{place}", "String", [place], requires=required)
    if rnd.random() < 0.2:
        added.type = rnd.choice(["{}", "[{}!]"]).format(entity.name)
    elif rnd.random() < 0.3:
        added.arguments = "(number: Int = 1)"
    entity.add(added)


def _selectable(rnd: random.Random, blueprint: Blueprint, wanted: Field, place: str, depth: int) -> str:
    """The field as a requirement, with some arguments and a selection on what it returns; empty if it cannot be one there."""
    arguments = ""
    if wanted.arguments.startswith("(number"):
        arguments = rnd.choice(["", "(number: 2)", "(number: 3)"])
    elif wanted.arguments:
        return ""
    if not blueprint.is_composite(wanted.named):
        return f"{wanted.name}{arguments}"
    below = _required_of(rnd, blueprint, wanted.named, place, depth - 1) if depth > 0 else ""
    return f"{wanted.name}{arguments} {{ {below} }}" if below else ""


def _required_of(rnd: random.Random, blueprint: Blueprint, type_name: str, place: str, depth: int) -> str:
    known = blueprint.types.get(type_name)
    if known is None or known.is_interface:
        return _on_members(blueprint, type_name, place, lambda name: _required_of(rnd, blueprint, name, place, depth))
    possible = [
        wanted
        for each in known.fields.values()
        if place in known.places and (place in each.owners or known.keys)
        if not each.requires and not each.context and each.overridden != place
        if (wanted := _selectable(rnd, blueprint, each, place, depth))
    ]
    return " ".join(some(rnd, possible, most=2)) if possible else ""


def _providable(rnd: random.Random, blueprint: Blueprint, type_name: str, place: str, depth: int) -> str:
    """What can be provided of a type in a subgraph that does not resolve it there; empty if nothing can."""
    known = blueprint.types.get(type_name)
    if known is None or known.is_interface:
        return _on_members(blueprint, type_name, place, lambda name: _providable(rnd, blueprint, name, place, depth))
    possible: list[str] = []
    for each in known.fields.values():
        if place in each.owners or place not in known.places or not known.keys:
            continue
        if not each.is_plain or each.arguments:
            continue
        if not blueprint.is_composite(each.named):
            possible.append(each.name)
        elif depth > 0 and blueprint.common(each.named, [*each.places, place]):
            below = [
                own.name
                for target in [blueprint.types.get(each.named)]
                for own in (target.fields.values() if target and not target.is_interface else ())
                if place in own.owners and not own.requires and not own.context and not own.arguments
                if not blueprint.is_composite(own.named)
            ]
            below += [part for part in [_providable(rnd, blueprint, each.named, place, depth - 1)] if part]
            if below:
                possible.append(f"{each.name} {{ {' '.join(some(rnd, below, most=2))} }}")
    return " ".join(some(rnd, possible, most=2)) if possible else ""


def _on_members(blueprint: Blueprint, type_name: str, place: str, below: Callable[[str], str]) -> str:
    """Inline fragments on two of the types that an abstract type has in a subgraph."""
    known = blueprint.types.get(type_name)
    if known is not None and (place not in known.places or place in known.objects_in):
        return ""
    parts = [
        f"... on {name} {{ {inside} }}" for name in blueprint.possible(type_name, place) if (inside := below(name))
    ]
    return " ".join(parts[:2])


def _declare(blueprint: Blueprint, type_name: str, field_set: str, place: str, *, is_shared: bool = False) -> None:
    """The subgraph's SDL has all fields of the field set from now on: external, unless it resolves them."""

    def walk(selections: SelectionSetNode | None, on: str) -> None:
        for selection in selections.selections if selections else ():
            if isinstance(selection, InlineFragmentNode):
                assert selection.type_condition is not None
                walk(selection.selection_set, selection.type_condition.name.value)
            elif isinstance(selection, FieldNode):
                known = blueprint.types[on].fields[selection.name.value]
                if place not in known.owners:
                    known.external.add(place)
                    known.is_shareable |= is_shared
                walk(selection.selection_set, known.named)

    definition = parse(f"{{ {field_set} }}").definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    walk(definition.selection_set, type_name)
