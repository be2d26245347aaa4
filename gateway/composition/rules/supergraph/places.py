"""Where a coordinate of the supergraph stands in the subgraphs, the fields of interface objects included."""

import re
from collections.abc import Iterator

from gateway.composition.errors import Place
from gateway.composition.state.merge_context import MergeContext

_COORDINATE = re.compile(r"^(\w+)(?:\.(\w+)(?:\((\w+):\))?)?$")


def places_of(context: MergeContext, coordinate: str) -> Iterator[Place]:
    """The places of ``Type``, ``Type.field``, ``Type.field(argument:)``, ``@directive(argument:)``, in order of subgraph."""
    if coordinate.startswith("@"):
        yield from _places_of_directive(context, coordinate)
        return
    matched = _COORDINATE.match(coordinate)
    assert matched is not None
    type_name, member, argument = matched.groups()
    for local in context.local_types(type_name):
        subgraph, definition = local.subgraph, local.definition
        if member is None and local.is_interface_object:
            continue
        if member is None:
            yield context.place(subgraph, definition.node)
            continue
        field = definition.fields.get(member)
        if field is not None and argument is not None:
            found = field.arguments.get(argument)
            if found is not None:
                yield context.place(subgraph, found.node)
            continue
        element = field or definition.inputs.get(member) or definition.values.get(member)
        if element is not None:
            yield context.place(subgraph, element.node)


def _places_of_directive(context: MergeContext, coordinate: str) -> Iterator[Place]:
    name, _, argument = coordinate[1:].removesuffix(":)").partition("(")
    for subgraph, schema in context.schemas.items():
        definition = schema.directives.get(name)
        for node in definition.arguments or () if definition is not None else ():
            if node.name.value == argument:
                yield context.place(subgraph, node)
