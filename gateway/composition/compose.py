"""The map of composition: read, validate each, upgrade, merge, validate the whole, prove, print."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphql import GraphQLSchema
from graphql import build_schema as build_graphql_schema

from gateway.composition.contracts import Contract
from gateway.composition.errors import CompositionError, CompositionFailed, Hint
from gateway.composition.merge.merge import merge
from gateway.composition.merged_model import Supergraph
from gateway.composition.model import Subgraph, SubgraphSchema
from gateway.composition.print.api_schema import print_api
from gateway.composition.print.supergraph import print_supergraph
from gateway.composition.read.analysis import Analysis, analyse
from gateway.composition.read.graphql_validity import check_plain_graphql
from gateway.composition.read.parse import build_schema, read_document
from gateway.composition.read.upgrade import upgrade
from gateway.composition.rules.document import subgraph_names
from gateway.composition.rules.merging import extension_base
from gateway.composition.rules.registry import DOCUMENT_RULES, SUBGRAPH_RULES
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


def compose(subgraphs: Sequence[Subgraph], *, contract: Contract | None = None) -> Composed:
    """The supergraph of some subgraphs; their order makes no difference.

    Args:
        contract: which part of it clients see, by tags; None for all that is not `@inaccessible`.

    Raises:
        CompositionFailed: with everything that is wrong, as far as it does not only follow from something else.
    """
    refused = list(subgraph_names.check(subgraphs))
    if refused:
        raise CompositionFailed(refused)
    schemas, analyses = _read_all(subgraphs)
    context = merge(schemas, analyses, contract)
    unreachable = prove(context)
    if unreachable:
        raise CompositionFailed(unreachable, context.hints)
    supergraph = context.supergraph
    return Composed(
        supergraph_sdl=print_supergraph(supergraph),
        api_sdl=print_api(supergraph),
        hints=tuple(context.hints),
        supergraph=supergraph,
    )


def _read_all(subgraphs: Sequence[Subgraph]) -> tuple[dict[str, SubgraphSchema], dict[str, Analysis]]:
    """The schemas and their analyses by name, in order of name, each valid by itself."""
    errors: list[CompositionError] = []
    schemas: dict[str, SubgraphSchema] = {}
    analyses: dict[str, Analysis] = {}
    written: dict[str, SubgraphSchema] = {}
    for subgraph in sorted(subgraphs, key=lambda subgraph: subgraph.name):
        try:
            schema = written[subgraph.name] = read_schema(subgraph)
            schemas[subgraph.name], analyses[subgraph.name] = check_schema(schema)
        except CompositionFailed as failed:
            errors.extend(failed.errors)
    if len(written) == len(subgraphs):
        errors.extend(extension_base.check_federation_1(written))
    if errors:
        raise CompositionFailed(errors)
    return schemas, analyses


def read_schema(subgraph: Subgraph) -> SubgraphSchema:
    """One subgraph as it is written, valid as GraphQL.

    Raises:
        CompositionFailed: with everything that is wrong with its document.
    """
    document = read_document(subgraph)
    _refuse(error for rule in DOCUMENT_RULES for error in rule(document))
    _refuse(check_plain_graphql(document))
    return build_schema(document)


def check_schema(written: SubgraphSchema) -> tuple[SubgraphSchema, Analysis]:
    """One subgraph, valid by itself, in the terms of federation 2.

    Raises:
        CompositionFailed: with everything that is wrong with it alone.
    """
    schema, errors = upgrade(written)
    _refuse(errors)
    analysis = analyse(schema)
    _refuse(error for rule in SUBGRAPH_RULES for error in rule(schema, analysis))
    return schema, analysis


def _refuse(errors: Iterable[CompositionError]) -> None:
    found = list(errors)
    if found:
        raise CompositionFailed(found)
