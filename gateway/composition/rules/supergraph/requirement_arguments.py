"""REQUIRES_INVALID_FIELDS: a requirement leaves out an argument that the subgraphs together demand.

Alone, the requiring subgraph may think the argument optional; the one that is asked does not.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#requires
"""

from collections.abc import Iterator

from gateway.composition.fieldsets import FieldSet, SelectedField
from gateway.composition.merge.context import MergeContext
from gateway.composition.merged import MergedType
from gateway.composition.model import first
from gateway.composition.rules.supergraph.places import places_of


def check(context: MergeContext) -> None:
    """Checks every requirement against the merged fields."""
    for subgraph, analysis in context.analyses.items():
        for (type_name, field_name), selections in analysis.requires.items():
            merged = context.supergraph.types[type_name]
            field = context.schemas[subgraph].types[type_name].fields[field_name]
            for coordinate in _missing(context, merged, selections):
                use = first(field.directives, "requires")
                context.error(
                    "REQUIRES_INVALID_FIELDS",
                    f'"{field.coordinate}" requires a field without its argument "{coordinate}", which must be given.',
                    [context.place(subgraph, use.node if use else field.node), *places_of(context, coordinate)],
                    "Give the argument in the requirement, or make it nullable.",
                )


def _missing(context: MergeContext, on: MergedType, selections: FieldSet) -> Iterator[str]:
    for selection in selections:
        if not isinstance(selection, SelectedField):
            condition = context.supergraph.types.get(selection.type_condition or on.name)
            if condition is not None:
                yield from _missing(context, condition, selection.selections)
            continue
        field = on.fields.get(selection.name)
        if field is None:
            continue
        given = dict(selection.arguments)
        for argument in field.arguments.values():
            if argument.type.is_non_null and argument.default is None and argument.name not in given:
                yield f"{on.name}.{field.name}({argument.name}:)"
        target = context.supergraph.types.get(field.type.name)
        if target is not None:
            yield from _missing(context, target, selection.selections)
