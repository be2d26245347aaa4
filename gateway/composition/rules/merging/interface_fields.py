"""INTERFACE_FIELD_NO_IMPLEM: an implementation lacks a field that its interface has in another subgraph.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from gateway.composition.errors import quoted
from gateway.composition.merged_model import MergedType
from gateway.composition.model import Kind
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks every interface's fields on every implementation."""
    for interface in context.supergraph.types.values():
        if interface.kind is not Kind.INTERFACE:
            continue
        for implementation in context.supergraph.types.values():
            if any(name == interface.name for _, name in implementation.implements):
                _check(context, interface, implementation)


def _check(context: MergeContext, interface: MergedType, implementation: MergedType) -> None:
    for name in interface.fields:
        if name in implementation.fields or (implementation.name, name) in context.unmerged:
            continue
        having = {s: d.fields[name] for s, d in context.sources(interface.name).items() if name in d.fields}
        lacking = {s: d for s, d in context.sources(implementation.name).items() if interface.name in d.interfaces}
        context.error(
            "INTERFACE_FIELD_NO_IMPLEM",
            f'The interface "{interface.name}" has "{name}" in {quoted(having)}, but "{implementation.name}", which implements '
            f"it in {quoted(lacking)}, has it in no subgraph.",
            [
                *(context.place(s, definition.node) for s, definition in lacking.items()),
                *(context.place(s, field.node) for s, field in having.items()),
            ],
            f'Add "{name}" to "{implementation.name}" in some subgraph, or take it off the interface.',
        )
