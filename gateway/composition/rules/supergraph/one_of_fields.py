"""INVALID_GRAPHQL: a field of a @oneOf input type is non-null or has a default, once all subgraphs are put together.

The supergraph's type is @oneOf if it is in any subgraph, since that subgraph takes nothing else. Then each field can be left out.

Source: https://spec.graphql.org/September2025/#sec-OneOf-Input-Objects
"""

from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Check the fields of every @oneOf input type."""
    for merged in context.supergraph.types.values():
        if not any(applied.name == "oneOf" for applied in merged.directives):
            continue
        for value in merged.inputs.values():
            if not value.type.is_non_null and value.default is None:
                continue
            what = f'is a "{value.type}"' if value.type.is_non_null else f"has the default {value.default}"
            coordinate = f"{merged.name}.{value.name}"
            context.error(
                "INVALID_GRAPHQL",
                f'"{merged.name}" is @oneOf, so that a value has one field alone, but "{coordinate}" {what}.',
                places_of(context, coordinate),
                "Make the field nullable and without a default in every subgraph, or remove @oneOf.",
            )
