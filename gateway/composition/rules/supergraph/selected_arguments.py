"""REQUIRES_INVALID_FIELDS, CONTEXT_INVALID_SELECTION: a selection gives arguments that the subgraphs together do not take.

Alone, the subgraph that selects a field may think that an argument exists, that it is optional, or that it takes a value. The one that
is asked does not. Keys and what is provided have no arguments at all.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#requires
"""

from collections.abc import Iterator

from graphql import parse_value

from gateway.composition.fieldsets import FieldSet, SelectedField
from gateway.composition.literals import is_value_of
from gateway.composition.merged_model import MergedField, MergedType
from gateway.composition.model import first
from gateway.composition.read.analysis import TakenFromContext, taken_from_contexts
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Check every requirement, and what every argument takes from a context, against the merged fields."""
    for subgraph, analysis in context.analyses.items():
        schema = context.schemas[subgraph]
        for (type_name, field_name), selections in analysis.requires.items():
            field = schema.types[type_name].fields[field_name]
            use = first(field.directives, "requires")
            on = context.supergraph.types[type_name]
            for coordinate, problem in _problems(context, on, selections):
                context.error(
                    "REQUIRES_INVALID_FIELDS",
                    f'The requirement of "{field.coordinate}" {problem}.',
                    [context.place(subgraph, use.node if use else field.node), *places_of(context, coordinate)],
                    "Give what every subgraph that resolves the field takes.",
                )
        for taken in taken_from_contexts(schema):
            for coordinate, problem in _of_context(context, taken):
                context.error(
                    "CONTEXT_INVALID_SELECTION",
                    f'What "{taken.field.coordinate}({taken.argument.name}:)" takes from a context {problem}.',
                    [context.place(subgraph, taken.use.node), *places_of(context, coordinate)],
                    "Give what every subgraph that resolves the field takes.",
                )


def _of_context(context: MergeContext, taken: TakenFromContext) -> Iterator[tuple[str, str]]:
    for setting in taken.types:
        yield from _problems(context, context.supergraph.types[setting.name], taken.selections)


def _problems(context: MergeContext, on: MergedType, selections: FieldSet) -> Iterator[tuple[str, str]]:
    """(coordinate, what is wrong with it)."""
    for selection in selections:
        if not isinstance(selection, SelectedField):
            condition = context.supergraph.types.get(selection.type_condition or on.name)
            if condition is not None:
                yield from _problems(context, condition, selection.selections)
            continue
        field = on.fields.get(selection.name)
        if field is None:
            continue
        yield from _argument_problems(context, f"{on.name}.{field.name}", field, dict(selection.arguments))
        target = context.supergraph.types.get(field.type.name)
        if target is not None:
            yield from _problems(context, target, selection.selections)


def _argument_problems(
    context: MergeContext, field_coordinate: str, field: MergedField, given: dict[str, str]
) -> Iterator[tuple[str, str]]:
    for name, text in given.items():
        argument, coordinate = field.arguments.get(name), f"{field_coordinate}({name}:)"
        if argument is None:
            yield coordinate, f'gives "{coordinate}", which not every subgraph that resolves the field has'
        elif not is_value_of(context.supergraph, argument.type, parse_value(text)):
            yield coordinate, f'gives {text} to "{coordinate}", which is a "{argument.type}" in the supergraph'
    for argument in field.arguments.values():
        if argument.type.is_non_null and argument.default is None and argument.name not in given:
            coordinate = f"{field_coordinate}({argument.name}:)"
            yield coordinate, f'does not give "{coordinate}", which is required'
