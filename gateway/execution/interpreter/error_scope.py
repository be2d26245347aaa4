"""Whether the client asked for what an error is about.

A plan may ask a field of more objects than the client did: where only an interface is known, it is asked of every object. An error of
such a field at an object that has no such field for the client is nobody's.
"""

from collections.abc import Sequence
from typing import Any

from graphql import (
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from gateway.execution.interpreter.projection import collect_fields
from gateway.execution.interpreter.tree import Tree
from gateway.operation.model import Operation, Selection


def is_asked_for(path: Sequence[str | int], tree: Tree, operation: Operation, schema: GraphQLSchema) -> bool:
    """Whether a path leads along fields that the client selected of an object there, as far as the objects' types are known.

    Args:
        path: in the client's names.
    """
    asked: list[tuple[GraphQLNamedType | None, tuple[Selection, ...]]] = [
        (schema.get_type(operation.root_type), operation.selections)
    ]
    value: Any = tree
    for segment in path:
        if isinstance(segment, int):
            value = value[segment] if isinstance(value, list) and segment < len(value) else None
            continue
        told = value.get("__typename") if isinstance(value, dict) else None
        below: dict[tuple[str, tuple[int, ...]], tuple[GraphQLNamedType | None, tuple[Selection, ...]]] = {}
        for parent, selections in asked:
            if not is_composite_type(parent):
                return True
            for possible in _possible(parent, told, schema):
                found = collect_fields(schema, possible, selections).get(segment)
                if found is not None:
                    definition = schema.get_field(possible, found[0].name)
                    returned = get_named_type(definition.type) if definition is not None else None
                    below[str(returned), tuple(map(id, found[1]))] = (returned, found[1])
        if not below:
            return False
        asked = list(below.values())
        value = value.get(segment) if isinstance(value, dict) else None
    return True


def _possible(parent: GraphQLNamedType | None, told: Any, schema: GraphQLSchema) -> Sequence[GraphQLObjectType]:
    """The types that an object may have: the one that the tree tells, or all of an abstract type."""
    if isinstance(parent, GraphQLObjectType):
        return [parent]
    if not is_abstract_type(parent):
        return []
    possible = schema.get_possible_types(parent)
    return [each for each in possible if each.name == told] or possible
