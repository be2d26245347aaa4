"""DEFAULT_VALUE_USES_INACCESSIBLE: the default of something that clients see holds an enum value, or a field, that they do not.

Source: https://specs.apollo.dev/inaccessible/v0.2/
"""

from collections.abc import Iterator

from graphql import EnumValueNode, ListValueNode, ObjectValueNode, ValueNode, parse_value

from gateway.composition.merged_model import MergedInput
from gateway.composition.print.api_schema import is_inaccessible
from gateway.composition.rules.supergraph.inputs import inputs_of_visible
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks the defaults of all visible arguments and input fields."""
    for coordinate, value in inputs_of_visible(context.supergraph):
        _check(context, value, coordinate)


def _check(context: MergeContext, value: MergedInput, coordinate: str) -> None:
    if value.default is None or is_inaccessible(value.directives):
        return
    for hidden in dict.fromkeys(_hidden(context, parse_value(value.default), value.type.name)):
        context.error(
            "DEFAULT_VALUE_USES_INACCESSIBLE",
            f'"{coordinate}" is visible, but its default uses "{hidden}", which is @inaccessible.',
            [*places_of(context, coordinate), *places_of(context, hidden)],
            "Choose another default, or show what it uses.",
        )


def _hidden(context: MergeContext, value: ValueNode, type_name: str) -> Iterator[str]:
    merged = context.supergraph.types.get(type_name)
    if merged is None:
        return
    match value:
        case ListValueNode():
            for item in value.values:
                yield from _hidden(context, item, type_name)
        case EnumValueNode() if value.value in merged.values:
            if is_inaccessible(merged.values[value.value].directives):
                yield f"{type_name}.{value.value}"
        case ObjectValueNode():
            for entry in value.fields:
                given = merged.inputs.get(entry.name.value)
                if given is None:
                    continue
                if is_inaccessible(given.directives):
                    yield f"{type_name}.{given.name}"
                else:
                    yield from _hidden(context, entry.value, given.type.name)
