"""Hints about whole types: what several subgraphs say of one without quite agreeing. None of it refuses anything.

Hints about single fields and values are given where they merge.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/hints
"""

from collections.abc import Mapping

from gateway.composition.errors import HintLevel, quoted
from gateway.composition.merged_model import MergedType
from gateway.composition.model import ROOT_TYPES, Kind, TypeDefinition
from gateway.composition.specs import LATEST_FEDERATION
from gateway.composition.state.merge_context import MergeContext


def find_hints(context: MergeContext) -> None:
    """Adds the hints about versions, and about every type that several subgraphs have."""
    _newer_versions(context)
    for merged in context.supergraph.types.values():
        sources = context.sources(merged.name)
        if len(sources) < 2 or merged.name in ROOT_TYPES:
            continue
        match merged.kind:
            case Kind.OBJECT | Kind.INTERFACE:
                _entity_or_value(context, merged, sources)
            case Kind.UNION:
                _union(context, merged, sources)
            case _:
                pass


def _newer_versions(context: MergeContext) -> None:
    newer = [name for name, schema in context.schemas.items() if schema.version > LATEST_FEDERATION]
    if newer:
        latest = ".".join(map(str, LATEST_FEDERATION))
        context.hint(
            "NEWER_FEDERATION_VERSION",
            HintLevel.WARN,
            f"{quoted(newer)} link a version of federation after {latest}, which is read as {latest}.",
            (context.place(subgraph, None) for subgraph in newer),
        )


def _entity_or_value(context: MergeContext, merged: MergedType, sources: Mapping[str, TypeDefinition]) -> None:
    keyed = [subgraph for subgraph in sources if context.analyses[subgraph].keys.get(merged.name)]
    if keyed:
        without = [subgraph for subgraph in sources if subgraph not in keyed]
        if without and merged.kind is Kind.OBJECT:
            context.hint(
                "INCONSISTENT_ENTITY",
                HintLevel.DEBUG,
                f'"{merged.name}" is an entity in {quoted(keyed)}, but has no @key in {quoted(without)}.',
                (context.place(subgraph, sources[subgraph].node) for subgraph in without),
            )
        return
    what = "INTERFACE" if merged.kind is Kind.INTERFACE else "OBJECT"
    for name in merged.fields:
        having = {s: source.fields[name] for s, source in sources.items() if name in source.fields}
        lacking = [subgraph for subgraph in sources if subgraph not in having]
        if lacking:
            context.hint(
                f"INCONSISTENT_{what}_VALUE_TYPE_FIELD",
                HintLevel.DEBUG,
                f'"{merged.name}.{name}" is in {quoted(having)}, but not in {quoted(lacking)}, though "{merged.name}" has no key.',
                (context.place(subgraph, field.node) for subgraph, field in having.items()),
            )


def _union(context: MergeContext, merged: MergedType, sources: Mapping[str, TypeDefinition]) -> None:
    for member in merged.members.values():
        lacking = [subgraph for subgraph in sources if subgraph not in member.graphs]
        if lacking:
            context.hint(
                "INCONSISTENT_UNION_MEMBER",
                HintLevel.DEBUG,
                f'"{member.name}" is a member of "{merged.name}" in {quoted(member.graphs)}, but not in {quoted(lacking)}.',
                (context.place(subgraph, sources[subgraph].members[member.name]) for subgraph in member.graphs),
            )
