"""REFERENCED_INACCESSIBLE: something that clients see has a type that they do not.

Source: https://specs.apollo.dev/inaccessible/v0.2/
"""

from gateway.composition.merged_model import MergedField, MergedInput
from gateway.composition.print.api_schema import is_inaccessible
from gateway.composition.rules.supergraph.inputs import inputs_of_visible
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks the types of all visible fields, arguments and input fields."""
    for merged in context.supergraph.types.values():
        if is_inaccessible(merged.directives):
            continue
        for field in merged.fields.values():
            if is_inaccessible(field.directives):
                continue
            _check(context, field, f"{merged.name}.{field.name}")
    for coordinate, value in inputs_of_visible(context.supergraph):
        if not is_inaccessible(value.directives):
            _check(context, value, coordinate)


def _check(context: MergeContext, element: MergedField | MergedInput, coordinate: str) -> None:
    target = context.supergraph.types.get(element.type.name)
    if target is None or not is_inaccessible(target.directives):
        return
    context.error(
        "REFERENCED_INACCESSIBLE",
        f'"{coordinate}" is visible, but its type "{target.name}" is @inaccessible.',
        [*places_of(context, coordinate), *places_of(context, target.name)],
        f'Hide "{coordinate}" as well, or show "{target.name}".',
    )
