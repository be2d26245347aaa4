"""A Strawberry federation schema with the market's settings: scalars, limits, caches, access rules."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
)
from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.federation import Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext
from strawberry.types.scalar import ScalarDefinition

from subgraphs.kit.graph.described_limits import describe_limits
from subgraphs.kit.graph.input_checks import check_inputs
from subgraphs.kit.graph.list_bounds import bound_lists
from subgraphs.kit.graph.permissions import guard
from subgraphs.kit.graph.result_unions import AnswerOf, answer_refusals
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
    answer_of: AnswerOf = lambda _: None,
) -> SubgraphSchema:
    """Return the schema of a subgraph, with every access directive and every rule of its inputs enforced, and refusals answered.

    Args:
        types: entities and union members that no field reaches.
        scalars: the subgraph's own, by the Python type that stands for them.
        answer_of: the subgraph's own refusals as members of result unions.
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
    built = schema._schema  # noqa: SLF001 - Strawberry has no public way to the graphql-core schema
    _without_null_defaults(built)
    check_inputs(built)
    answer_refusals(built, answer_of)  # around the checks, whose refusals it answers too
    bound_lists(built)
    describe_limits(built)
    guard(built)  # after all, so that access is decided before an input is read
    return schema


def _without_null_defaults(schema: GraphQLSchema) -> None:
    # Python's `= None` says "may be left out"; in the SDL that is no default at all, and `= null` would be another contract.
    for type_ in schema.type_map.values():
        inputs: list[GraphQLInputField | GraphQLArgument] = []
        if isinstance(type_, GraphQLInputObjectType):
            inputs = list(type_.fields.values())
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            inputs = [argument for field in type_.fields.values() for argument in field.args.values()]
        for each in inputs:
            if each.default_value is None:
                each.default_value = Undefined
