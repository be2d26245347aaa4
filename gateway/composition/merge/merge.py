"""Merges analysed subgraphs into a supergraph: declare every type, fill it, spread interface objects, infer access."""

from collections.abc import Callable, Iterable, Mapping

from gateway.composition.contracts import Contract, apply_contract
from gateway.composition.errors import CompositionFailed
from gateway.composition.hints import find_hints
from gateway.composition.merge.access import infer_access
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.executable import merge_executable
from gateway.composition.merge.interface_objects import spread_fields
from gateway.composition.merge.types import declare_type, fill_type
from gateway.composition.merged_model import Supergraph
from gateway.composition.model import Kind, SubgraphSchema
from gateway.composition.read.analysis import Analysis
from gateway.composition.rules.registry import API_RULES, MERGE_RULES, MERGED_RULES, SUPERGRAPH_RULES
from gateway.composition.state.composed import find_composed
from gateway.composition.state.core_names import core_names
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.state.overrides import find_overrides


def merge(
    schemas: Mapping[str, SubgraphSchema], analyses: Mapping[str, Analysis], contract: Contract | None = None
) -> MergeContext:
    """The supergraph, in the context, with the hints found on the way.

    Args:
        schemas: valid each alone; in order of name.
        contract: what clients are to see of the whole; None for all that is not `@inaccessible`.

    Raises:
        CompositionFailed: with every conflict between the subgraphs.
    """
    supergraph = Supergraph(subgraphs=tuple(schemas.values()))
    context = MergeContext(
        schemas=schemas,
        analyses=analyses,
        overrides=find_overrides(schemas),
        supergraph=supergraph,
    )
    composed = find_composed(schemas)
    names = {name for schema in schemas.values() for name in schema.types}
    for name in sorted(names, key=lambda name: (name.lower(), name)):
        declared = declare_type(context, name)
        if declared is not None:
            supergraph.types[name] = declared
    enums = [merged for merged in supergraph.types.values() if merged.kind is Kind.ENUM]
    for declared in supergraph.types.values():
        if declared.kind is not Kind.ENUM:
            fill_type(context, composed, declared)
    supergraph.executable = merge_executable(context, composed)
    context.learn_usage()
    for declared in enums:
        fill_type(context, composed, declared)
    supergraph.features = list(composed.features)
    supergraph.core_names = core_names(schemas)
    supergraph.directives = merge_directives(
        context, composed, "schema", {s: schema.schema_directives for s, schema in schemas.items()}
    )
    supergraph.description = next((schema.description for schema in schemas.values() if schema.description), None)
    spread_fields(context)
    _apply(MERGE_RULES, context)
    infer_access(supergraph)
    _apply(MERGED_RULES, context)
    if contract is not None:
        apply_contract(supergraph, contract)
    _apply(SUPERGRAPH_RULES, context)
    _apply(API_RULES, context)
    find_hints(context)
    return context


def _apply(rules: Iterable[Callable[[MergeContext], None]], context: MergeContext) -> None:
    for rule in rules:
        rule(context)
    if context.errors:
        raise CompositionFailed(context.errors, context.hints)
