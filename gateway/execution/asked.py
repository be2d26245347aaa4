"""Whether the client asked for what an error is about.

A plan may ask a field of more objects than the client did: where only an interface is known, it is asked of every object. An error of
such a field at an object that has no such field for the client is nobody's.
"""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type

from gateway.execution.projection import collect_fields
from gateway.execution.tree import Tree
from gateway.operation.model import Operation


def is_asked_for(path: Sequence[str | int], tree: Tree, operation: Operation, schema: GraphQLSchema) -> bool:
    """Whether a path leads along fields that the client selected; true as well where that cannot be told, below a null.

    Args:
        path: in the client's names.
    """
    parent: Any = schema.get_type(operation.root_type)
    selections = operation.selections
    value: Any = tree
    for segment in path:
        if isinstance(segment, int):
            value = value[segment] if isinstance(value, list) and segment < len(value) else None
            continue
        if is_abstract_type(parent):
            parent = schema.get_type(value["__typename"]) if isinstance(value, dict) and "__typename" in value else None
        if not isinstance(parent, GraphQLObjectType):
            return True
        found = collect_fields(schema, parent, selections).get(segment)
        if found is None:
            return False
        definition = schema.get_field(parent, found[0].name)
        parent = get_named_type(definition.type) if definition is not None else None
        selections = found[1]
        value = value.get(segment) if isinstance(value, dict) else None
    return True
