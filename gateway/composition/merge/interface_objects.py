"""`@interfaceObject`: a subgraph adds fields to every implementation of an interface without knowing them.

In the supergraph the type is the interface. Its implementations get a copy of each field that only interface objects resolve. The
copy's join information names the subgraphs that mention the field as `@external`, or none: in both cases a reader looks at the
interface. What an interface object demands of callers for a field holds for the implementations' own too.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/entities/interfaces
"""

from dataclasses import replace

from gateway.composition.merge.access import with_access
from gateway.composition.merge.join_directives import merge_join_directives
from gateway.composition.merged_model import JoinField, MergedField, MergedType
from gateway.composition.model import Kind
from gateway.composition.rules.merging import external_mismatch
from gateway.composition.state.merge_context import MergeContext


def spread_fields(context: MergeContext) -> None:
    """Give the implementations of every interface the fields that interface objects add to it."""
    supergraph = context.supergraph
    for interface in list(supergraph.types.values()):
        if interface.kind is not Kind.INTERFACE or not any(join.is_interface_object for join in interface.joins):
            continue
        for implementation in supergraph.implementations(interface.name):
            _spread(context, interface, implementation)


def _spread(context: MergeContext, interface: MergedType, implementation: MergedType) -> None:
    for field in interface.fields.values():
        own = implementation.fields.get(field.name)
        if own is not None:
            own.directives = with_access(own.directives, [field.directives])
            continue
        resolving = {
            subgraph: source
            for (subgraph, owner), source in context.through_interface_objects(implementation.name, field.name).items()
            if owner == interface.name
        }
        if not resolving:
            continue
        externals = {
            subgraph: source.fields[field.name]
            for subgraph, source in context.sources(implementation.name).items()
            if field.name in source.fields
        }
        copy = implementation.fields[field.name] = MergedField(
            name=field.name,
            type=field.type,
            arguments={name: replace(argument) for name, argument in field.arguments.items()},
            description=field.description,
            directives=list(field.directives),
            joins=[JoinField(graph=subgraph, is_external=True) for subgraph in externals] or [JoinField()],
            join_directives=merge_join_directives({s: source.directives for s, source in externals.items()}),
            is_from_interface_object=True,
        )
        external_mismatch.check(context, copy, resolving, externals)
