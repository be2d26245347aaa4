"""EXTERNAL_TYPE_MISMATCH, EXTERNAL_ARGUMENT_MISSING, _TYPE_MISMATCH, _DEFAULT_MISMATCH: an @external field is not what is resolved.

A subgraph that mentions a field of another must write it with the type that it has in some subgraph that resolves it, and with at
least the arguments that the resolving subgraphs share.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from graphql import ValueNode, parse_value, print_ast

from gateway.composition.errors import Place, quoted
from gateway.composition.literals import canonical
from gateway.composition.merged_model import MergedField
from gateway.composition.model import FieldDefinition
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.type_ref import is_subtype


def check(
    context: MergeContext,
    merged: MergedField,
    resolving: Mapping[str, FieldDefinition],
    externals: Mapping[str, FieldDefinition],
) -> None:
    """Compares every subgraph's @external field with the merged one.

    Args:
        resolving: the field in the subgraphs that resolve it.
    """
    types = {merged.type, *(field.type for field in resolving.values())}
    for subgraph, field in externals.items():
        if field.type not in types:
            context.error(
                "EXTERNAL_TYPE_MISMATCH",
                f'"{field.coordinate}" is @external in "{subgraph}" with the type "{field.type}", but "{merged.type}" in '
                f"{quoted(resolving)}, where it is resolved.",
                _places(context, subgraph, field, resolving),
                f'Write "{merged.type}" in "{subgraph}".',
            )
        _check_arguments(context, merged, subgraph, field, resolving)


def _places(
    context: MergeContext,
    subgraph: str,
    field: FieldDefinition,
    resolving: Mapping[str, FieldDefinition],
    argument: str = "",
) -> list[Place]:
    """Where the field stands, or its argument where it has that: first in the subgraph to change."""
    found = {subgraph: field, **resolving}
    return [
        context.place(s, f.arguments[argument].node if argument in f.arguments else f.node) for s, f in found.items()
    ]


def _check_arguments(
    context: MergeContext,
    merged: MergedField,
    subgraph: str,
    field: FieldDefinition,
    resolving: Mapping[str, FieldDefinition],
) -> None:
    where = f"in {quoted(resolving)}, where it is resolved"
    for name, argument in merged.arguments.items():
        own = field.arguments.get(name)
        coordinate = f"{field.coordinate}({name}:)"
        places = _places(context, subgraph, field, resolving, name)
        if own is None:
            context.error(
                "EXTERNAL_ARGUMENT_MISSING",
                f'"{field.coordinate}" is @external in "{subgraph}" without the argument "{name}", which it has {where}.',
                places,
                f'Add "{name}: {argument.type}" to the field in "{subgraph}".',
            )
            continue
        if not is_subtype(argument.type, own.type, context.supergraph.is_named_subtype):
            context.error(
                "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
                f'"{coordinate}" is "{own.type}" in "{subgraph}", where it is @external, and "{argument.type}" {where}.',
                places,
                f'Write "{argument.type}" in "{subgraph}".',
            )
        default = print_ast(own.default) if own.default is not None else None
        if not _is_same(own.default, argument.default):
            context.error(
                "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
                f'The default of "{coordinate}" is {default or "absent"} in "{subgraph}", where the field is @external, and '
                f"{argument.default or 'absent'} {where}.",
                places,
                "Write the same default.",
            )


def _is_same(own: ValueNode | None, merged: str | None) -> bool:
    if own is None or merged is None:
        return own is None and merged is None
    return canonical(own) == canonical(parse_value(merged))
