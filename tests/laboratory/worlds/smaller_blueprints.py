"""Blueprints with one thing less: a subgraph, a type, a field, an owner, a key, an implementation, a member."""

import copy
from collections.abc import Callable, Iterator
from functools import partial

from tests.laboratory.worlds.model import Blueprint, Field, Type


def smaller_blueprints(blueprint: Blueprint) -> Iterator[Blueprint]:
    """Each blueprint that has one thing less, the biggest first; not all of them compose."""
    for change in _changes(blueprint):
        changed = copy.deepcopy(blueprint)
        change(changed)
        yield changed


def _changes(blueprint: Blueprint) -> Iterator[Callable[[Blueprint], None]]:
    for place in blueprint.services:
        yield partial(_leave, place)
    types = {name: known for name, known in blueprint.types.items() if name != "Query"}
    for name in [*types, *blueprint.unions]:
        yield partial(_drop_type, name)
    for name, known in blueprint.types.items():
        for field in known.fields:
            yield partial(_drop_field, name, field)
    for name, known in types.items():
        for place in known.places:
            yield partial(_change_type, name, partial(_leave_type, place))
        for listed in (known.keys, known.implements):
            for place, items in listed.items():
                for item in items if listed is known.implements or len(items) > 1 else ():
                    yield partial(_change_type, name, partial(_drop_item, place, item))
    for name, known in blueprint.types.items():
        for each in known.fields.values():
            for change in _field_changes(each):
                yield partial(_change_field, name, each.name, change)
    for name, held in blueprint.unions.items():
        for place, members in held.items():
            for member in members:
                yield partial(_drop_member, name, place, member)


def _field_changes(known: Field) -> Iterator[Callable[[Field], None]]:
    for place in known.places if len(known.owners) > 1 else sorted(known.external):
        yield partial(_leave_field, place)
    for place in known.provides:
        yield partial(_drop_provided, place)
    for name, plain in (
        ("requires", ""),
        ("arguments", ""),
        ("is_hidden", False),
        ("is_shareable", False),
        ("is_failing", False),
    ):
        if getattr(known, name) != plain:
            yield partial(_make_plain, name, plain)
    if known.label:
        yield partial(_make_plain, "label", None)


def _change_type(name: str, change: Callable[[Type], None], made: Blueprint) -> None:
    change(made.types[name])


def _change_field(name: str, field: str, change: Callable[[Field], None], made: Blueprint) -> None:
    change(made.types[name].fields[field])


def _drop_field(name: str, field: str, made: Blueprint) -> None:
    del made.types[name].fields[field]


def _drop_member(name: str, place: str, member: str, made: Blueprint) -> None:
    made.unions[name][place].remove(member)


def _drop_item(place: str, item: str, known: Type) -> None:
    for listed in (known.keys, known.implements):
        listed[place] = [each for each in listed.get(place, ()) if each != item]


def _drop_provided(place: str, known: Field) -> None:
    del known.provides[place]


def _make_plain(name: str, plain: object, known: Field) -> None:
    setattr(known, name, plain)


def _drop_type(name: str, made: Blueprint) -> None:
    made.types.pop(name, None)
    made.unions.pop(name, None)
    for known in made.types.values():
        known.fields = {field.name: field for field in known.fields.values() if field.named != name}
        known.implements = {place: [each for each in held if each != name] for place, held in known.implements.items()}
    for held in made.unions.values():
        for place, members in held.items():
            held[place] = [each for each in members if each != name]


def _leave(place: str, made: Blueprint) -> None:
    made.services.remove(place)
    for known in made.types.values():
        _leave_type(place, known)
    for held in made.unions.values():
        held.pop(place, None)


def _leave_type(place: str, known: Type) -> None:
    known.places = [each for each in known.places if each != place]
    known.keys.pop(place, None)
    known.implements.pop(place, None)
    known.objects_in.discard(place)
    known.stubs.discard(place)
    for each in known.fields.values():
        _leave_field(place, each)


def _leave_field(place: str, known: Field) -> None:
    known.owners = [owner for owner in known.owners if owner != place]
    known.external.discard(place)
    known.provides.pop(place, None)
    if known.overridden == place:
        known.overridden = known.label = None
