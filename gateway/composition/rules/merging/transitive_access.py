"""MISSING_TRANSITIVE_AUTH_REQUIREMENTS: a field is made from protected data and is not itself protected as much.

A field that @requires another, or takes it from a context, may show what the other hides; so whoever may see it must be somebody who
may see the other.

Source: https://www.apollographql.com/docs/graphos/routing/security/authorization
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import parse_value

from gateway.composition.fieldsets import FieldSet, SelectedField, parse_field_set
from gateway.composition.merged_model import Applied, JoinField, MergedField, MergedType
from gateway.composition.model import first
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.specs import ACCESS
from gateway.composition.state.demands import Conjunctions, alternatives, conjunction
from gateway.composition.state.merge_context import MergeContext


@dataclass(frozen=True, slots=True)
class _Reader:
    """A field that is made from others: in which subgraph, and by which directive."""

    owner: MergedType
    field: MergedField
    graph: str
    core: str


def check(context: MergeContext) -> None:
    """Checks every field with a requirement, or an argument from a context."""
    for merged in context.supergraph.types.values():
        for field in merged.fields.values():
            for join in field.joins:
                if join.graph is not None:
                    _check_join(context, merged, field, join)


def _check_join(context: MergeContext, merged: MergedType, field: MergedField, join: JoinField) -> None:
    assert join.graph is not None
    if join.requires:
        _check(context, _Reader(merged, field, join.graph, "requires"), merged, parse_field_set(join.requires))
    for argument in join.context_arguments:
        reader = _Reader(merged, field, join.graph, "fromContext")
        for source in _setting(context, argument.context):
            if not _is_hidden_by(context, reader, source.name, source.directives):
                _check(context, reader, source, parse_field_set(argument.selection))


def _check(
    context: MergeContext,
    reader: _Reader,
    on: MergedType,
    selections: FieldSet,
) -> None:
    for at, demanded in _demands(context, on, selections):
        if _is_hidden_by(context, reader, at, demanded):
            return


def _is_hidden_by(context: MergeContext, reader: _Reader, at: str, demanded: list[Applied]) -> bool:
    """Whether something hides what the field shows; an error says so."""
    owner, field, graph = reader.owner, reader.field, reader.graph
    own = [owner.directives, field.directives, _named(context, field)]
    if all(_covers(name, own, [demanded]) for name in ACCESS):
        return False
    source = context.sources(owner.name)[graph].fields[field.name]
    use = first(source.directives, reader.core)
    places = [context.place(graph, use.node if use else source.node)]
    places.extend(place for place in places_of(context, at) if place.subgraph != graph)
    context.error(
        "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
        f'"{owner.name}.{field.name}" is made from "{at}", but can be seen by some who may not see that.',
        places,
        f'Put {" ".join(str(applied) for applied in demanded if applied.name in ACCESS)} on "{owner.name}.{field.name}".',
    )
    return True


def _demands(context: MergeContext, on: MergedType, selections: FieldSet) -> Iterator[tuple[str, list[Applied]]]:
    """(Type.field, what it demands) of every selected field, its type's demands included, and of each type condition."""
    for selection in selections:
        if not isinstance(selection, SelectedField):
            condition = context.supergraph.types.get(selection.type_condition or on.name)
            if condition is not None:
                if selection.type_condition is not None:
                    yield condition.name, condition.directives
                yield from _demands(context, condition, selection.selections)
            continue
        field = on.fields.get(selection.name)
        if field is None:
            continue
        yield f"{on.name}.{field.name}", [*field.directives, *_named(context, field)]
        target = context.supergraph.types.get(field.type.name)
        if target is not None:
            yield from _demands(context, target, selection.selections)


def _named(context: MergeContext, field: MergedField) -> list[Applied]:
    target = context.supergraph.types.get(field.type.name)
    return target.directives if target is not None else []


def _setting(context: MergeContext, name: str) -> Iterator[MergedType]:
    for merged in context.supergraph.types.values():
        if any(a.name == "context" and dict(a.arguments)["name"] == f'"{name}"' for a in merged.directives):
            yield merged


def _covers(name: str, own: list[list[Applied]], demanded: list[list[Applied]]) -> bool:
    """Whether who satisfies all of the one satisfies all of the other."""
    wanted, given = _together(name, demanded), _together(name, own)
    if wanted is None:
        return True
    if given is None:
        return False
    return all(any(need <= have for need in wanted) for have in given)


def _together(name: str, lists: list[list[Applied]]) -> Conjunctions | None:
    found = [applied for directives in lists for applied in directives if applied.name == name]
    if not found:
        return None
    if name == "authenticated":
        return frozenset({frozenset()})
    return conjunction(alternatives(parse_value(applied.arguments[0][1])) for applied in found)
