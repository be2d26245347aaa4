"""INVALID_GRAPHQL: a default that is no value of what the type has become, once all subgraphs are put together.

Each subgraph is right alone. Together, an input type may have lost a field that the default gives, or an enum its value.

Source: https://spec.graphql.org/September2025/#sec-Values-of-Correct-Type
"""

from graphql import parse_value

from gateway.composition.literals import is_value_of
from gateway.composition.rules.supergraph.inputs import inputs
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks the defaults of all arguments and input fields."""
    for coordinate, value in inputs(context.supergraph):
        if value.default is None or is_value_of(context.supergraph, value.type, parse_value(value.default)):
            continue
        context.error(
            "INVALID_GRAPHQL",
            f'"{coordinate}" has the default {value.default}, which is no "{value.type}" in the supergraph: other subgraphs know less of it.',
            [*places_of(context, coordinate), *places_of(context, value.type.name)],
            f'Choose a default that every subgraph\'s "{value.type.name}" allows, or let them allow more.',
        )
