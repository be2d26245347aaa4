"""INTERFACE_OBJECT_USAGE_ERROR, INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: interface objects, and entity interfaces, across subgraphs.

An interface object stands for an interface that some subgraph defines, in a subgraph that knows none of its implementations; and a
subgraph that can be asked for an interface's objects by a key must have all of its implementations, by name or behind an interface
object that implements the interface there.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#interfaceobject
"""

from gateway.composition.errors import quoted
from gateway.composition.merged_model import MergedType
from gateway.composition.model import Kind, first
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks every interface of the supergraph."""
    for merged in context.supergraph.types.values():
        if merged.kind is not Kind.INTERFACE:
            continue
        implementations = sorted(
            implementation.name for implementation in context.supergraph.implementations(merged.name)
        )
        _check_objects(context, merged, implementations)
        _check_keys(context, merged, implementations)


def _check_objects(context: MergeContext, merged: MergedType, implementations: list[str]) -> None:
    objects = list(dict.fromkeys(join.graph for join in merged.joins if join.is_interface_object))
    defining = [join.graph for join in merged.joins if not join.is_interface_object]
    _check_federation_1(context, merged, objects)
    for subgraph in objects:
        schema = context.schemas[subgraph]
        use = first(schema.types[merged.name].directives, "interfaceObject")
        assert use is not None
        if not defining:
            context.error(
                "INTERFACE_OBJECT_USAGE_ERROR",
                f'"{merged.name}" is an interface object in {quoted(objects)}, but no subgraph defines it as an interface.',
                [context.place(subgraph, use.node)],
                "Define the interface, with a @key, in the subgraph that knows its implementations.",
            )
        known = [name for name in implementations if subgraph in context.sources(name)]
        if known:
            context.error(
                "INTERFACE_OBJECT_USAGE_ERROR",
                f'"{merged.name}" is an interface object in "{subgraph}", which also has {quoted(known)} that implement it.',
                [
                    context.place(subgraph, use.node),
                    *(context.place(subgraph, schema.types[name].node) for name in known),
                ],
                f"Move their fields to another subgraph, or define the interface here without @{use.name}.",
            )


def _check_federation_1(context: MergeContext, merged: MergedType, objects: list[str]) -> None:
    """A key on an interface of federation 1 does not tell objects' types, which an interface object relies on."""
    for subgraph, schema in context.schemas.items():
        if not objects or merged.name not in schema.ignored_interface_keys:
            continue
        context.error(
            "INTERFACE_OBJECT_USAGE_ERROR",
            f'"{merged.name}" is an interface object in {quoted(objects)}, but "{subgraph}", which has a @key on the interface, is of '
            "federation 1, where that means nothing.",
            [
                context.place(subgraph, schema.types[merged.name].node),
                *(context.place(s, context.schemas[s].types[merged.name].node) for s in objects),
            ],
            f'Link federation 2 in "{subgraph}", or remove the key from its interface.',
        )


def _check_keys(context: MergeContext, merged: MergedType, implementations: list[str]) -> None:
    for join in {
        j.graph: j for j in merged.joins if j.key is not None and j.is_resolvable and not j.is_interface_object
    }.values():
        schema = context.schemas[join.graph]
        possible = context.runtime_types(join.graph, merged.name)
        missing = [name for name in implementations if name not in possible]
        if not missing:
            continue
        elsewhere = [
            context.place(local.subgraph, local.definition.node)
            for name in missing
            for local in context.local_types(name)
            if merged.name in local.definition.interfaces
        ]
        context.error(
            "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
            f'"{join.graph}" can be asked for "{merged.name}" by a key, but does not have {quoted(missing)}, which implement it '
            "elsewhere.",
            [context.place(join.graph, schema.types[merged.name].node), *elsewhere],
            f'Define {quoted(missing)} in "{join.graph}", at least with the key.',
        )
