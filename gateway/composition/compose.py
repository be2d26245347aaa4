"""The map of composition: read, validate each, upgrade, merge, validate the whole, prove, print."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from graphql import GraphQLSchema
from graphql import build_schema as build_graphql_schema

from gateway.composition.analysis import analyse
from gateway.composition.api import api_types, print_api
from gateway.composition.errors import CompositionError, CompositionFailed, Hint
from gateway.composition.merge.merge import merge
from gateway.composition.merged import Supergraph
from gateway.composition.model import Subgraph, SubgraphSchema
from gateway.composition.parse import build_schema, read_document
from gateway.composition.plain import check_plain_graphql
from gateway.composition.printing import print_supergraph
from gateway.composition.satisfiability.walk import prove


@dataclass(frozen=True)
class Composed:
    """A supergraph that can be served.

    Attributes:
        supergraph_sdl: what a gateway boots from.
        api_sdl: what clients see.
        hints: what the subgraphs' authors should know.
    """

    supergraph_sdl: str
    api_sdl: str
    hints: tuple[Hint, ...]
    supergraph: Supergraph

    @cached_property
    def api_schema(self) -> GraphQLSchema:
        """The API schema, to validate operations against."""
        return build_graphql_schema(self.api_sdl)


def compose(subgraphs: Sequence[Subgraph]) -> Composed:
    """The supergraph of some subgraphs; their order makes no difference.

    Raises:
        CompositionFailed: with everything that is wrong, as far as it does not only follow from something else.
    """
    schemas = {schema.name: schema for schema in _read_all(subgraphs)}
    analyses = {name: analyse(schema) for name, schema in schemas.items()}
    context = merge(schemas, analyses)
    unreachable = prove(context)
    if unreachable:
        raise CompositionFailed(unreachable, context.hints)
    supergraph = context.supergraph
    return Composed(
        supergraph_sdl=print_supergraph(supergraph),
        api_sdl=print_api(api_types(supergraph), description=supergraph.description),
        hints=tuple(context.hints),
        supergraph=supergraph,
    )


def _read_all(subgraphs: Sequence[Subgraph]) -> list[SubgraphSchema]:
    """The schemas, each valid by itself, in order of name."""
    errors: list[CompositionError] = []
    schemas: list[SubgraphSchema] = []
    for subgraph in sorted(subgraphs, key=lambda subgraph: subgraph.name):
        try:
            document = read_document(subgraph)
        except CompositionFailed as failed:
            errors.extend(failed.errors)
            continue
        found = check_plain_graphql(document)
        errors.extend(found)
        if not found:
            schemas.append(build_schema(document))
    if errors:
        raise CompositionFailed(errors)
    return schemas
