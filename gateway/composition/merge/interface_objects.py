"""`@interfaceObject`: a subgraph adds fields to every implementation of an interface without knowing them.

In the supergraph the type is the interface. Its implementations get a copy of each field that only interface objects resolve; the
copy's join information names no subgraph, which says: look at the interface. What an interface object demands of callers for a field
holds for the implementations' own too.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/entities/interfaces
"""

from dataclasses import replace

from gateway.composition.merge.access import with_access
from gateway.composition.merge.context import MergeContext
from gateway.composition.merged import JoinField, MergedField, MergedType
from gateway.composition.model import Kind


def spread_fields(context: MergeContext) -> None:
    """Gives the implementations of every interface the fields that interface objects add to it."""
    supergraph = context.supergraph
    for interface in list(supergraph.types.values()):
        objects = {join.graph for join in interface.joins if join.is_interface_object}
        if interface.kind is not Kind.INTERFACE or not objects:
            continue
        for implementation in supergraph.implementations(interface.name):
            _spread(context, interface, implementation, objects)


def _spread(context: MergeContext, interface: MergedType, implementation: MergedType, objects: set[str]) -> None:
    for field in interface.fields.values():
        own = implementation.fields.get(field.name)
        if own is not None:
            own.directives = with_access(own.directives, [field.directives])
            continue
        if not any(field.name in context.schemas[graph].types[interface.name].fields for graph in objects):
            continue
        implementation.fields[field.name] = MergedField(
            name=field.name,
            type=field.type,
            arguments={name: replace(argument) for name, argument in field.arguments.items()},
            description=field.description,
            directives=list(field.directives),
            joins=[JoinField()],
            is_from_interface_object=True,
        )
