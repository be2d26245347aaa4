"""A Strawberry federation schema with the market's settings: scalars, limits, caches, access rules."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from graphql import GraphQLError
from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.federation import Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext
from strawberry.types.scalar import ScalarDefinition

from subgraphs.kit.graph.permissions import guard
from subgraphs.kit.graph.scalars import SCALARS

FEDERATION_VERSION: Literal["2.9"] = "2.9"
MAX_TOKENS = 15_000
CACHED_DOCUMENTS = 500


class SubgraphSchema(Schema):
    """Strawberry's schema; errors are logged where they are presented, not here."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Do nothing: `kit.graph.errors.presented` logs what is unexpected, once."""


def make_schema(
    *,
    query: type,
    mutation: type | None = None,
    subscription: type | None = None,
    types: Iterable[type] = (),
    scalars: Mapping[object, ScalarDefinition] | None = None,
) -> SubgraphSchema:
    """The schema of a subgraph, with every access directive enforced.

    Args:
        types: entities and union members that no field reaches.
        scalars: the subgraph's own, by the Python type that stands for them.
    """
    extensions: list[Any] = [
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ]
    schema = SubgraphSchema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=types,
        extensions=extensions,
        config=StrawberryConfig(disable_field_suggestions=True, scalar_map={**SCALARS, **(scalars or {})}),
        federation_version=FEDERATION_VERSION,
    )
    guard(schema._schema)  # noqa: SLF001 - Strawberry has no public way to the graphql-core schema
    return schema
