"""ENUM_VALUE_MISMATCH: an enum that both goes in and comes out has other values in another subgraph.

What comes out of one subgraph may be sent into the other, which would not know it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from gateway.composition.errors import quoted
from gateway.composition.model import EnumValue, TypeDefinition
from gateway.composition.state.merge_context import MergeContext


def report(
    context: MergeContext, enum: str, values: Mapping[str, EnumValue], without: Mapping[str, TypeDefinition]
) -> None:
    """Adds the error for one value.

    Args:
        values: the subgraphs that have the value.
        without: those that have the enum without it.
    """
    name = next(iter(values.values())).name
    context.error(
        "ENUM_VALUE_MISMATCH",
        f'The enum "{enum}" is both an argument and a result, but its value "{name}" is in {quoted(values)} and not in '
        f"{quoted(without)}.",
        [
            *(context.place(subgraph, source.node) for subgraph, source in without.items()),
            *(context.place(subgraph, value.node) for subgraph, value in values.items()),
        ],
        f'Add "{name}" to "{enum}" in {quoted(without)}, or mark it @inaccessible until all subgraphs have it.',
    )
