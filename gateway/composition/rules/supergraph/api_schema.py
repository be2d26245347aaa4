"""INVALID_GRAPHQL: the schema that clients see is no valid GraphQL, though each subgraph's is.

Together, input types may come to need each other, interfaces to implement each other, or an argument to be deprecated in one
subgraph and required in another. Rules of their own report what is common, with better advice; this one leaves nothing out.

Source: https://spec.graphql.org/September2025/#sec-Type-System
"""

import re
from collections.abc import Iterator

from gateway.composition.errors import Place
from gateway.composition.print.api_document import api_document
from gateway.composition.read.graphql_schema import as_graphql, validated_schema
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext

_COORDINATE = re.compile(r"\w+(?:\.\w+(?:\(\w+:\))?)?")


def check(context: MergeContext) -> None:
    """Validate the API schema as GraphQL."""
    _, errors = validated_schema(api_document(context.supergraph))
    for error in errors:
        context.error(
            "INVALID_GRAPHQL",
            f"The schema that clients would see is invalid: {as_graphql(error.message)}",
            dict.fromkeys(_places(context, error.message)),
            "Change one of the subgraphs so that both hold together.",
        )


def _places(context: MergeContext, message: str) -> Iterator[Place]:
    """The places of the elements that a message of graphql-core names."""
    for coordinate in _COORDINATE.findall(message):
        if re.split(r"\W", coordinate)[0] in context.supergraph.types:
            yield from places_of(context, coordinate)
