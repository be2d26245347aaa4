"""Answers ``__schema`` and ``__type`` at the root from the API schema, with graphql-core; no subgraph is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    ArgumentNode,
    ConstValueNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    execute_sync,
    parse_type,
)

from gateway.errors import InternalError
from gateway.execution.projection import collect_fields
from gateway.operation.model import Field, Operation, Selection, walk_fields


@dataclass(frozen=True, slots=True)
class Introspection:
    """The introspection part of an operation, as a document of its own."""

    _schema: GraphQLSchema
    _document: DocumentNode

    def answer(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the introspection fields, by response name.

        Raises:
            InternalError: graphql-core refused what validation had let through.
        """
        result = execute_sync(self._schema, self._document, variable_values=dict(variables))
        if result.errors or result.data is None:
            raise InternalError(f"introspection failed: {result.errors}")
        return result.data


def compile_introspection(operation: Operation, schema: GraphQLSchema) -> Introspection | None:
    """The introspection part of an operation; None if it has none."""
    root_type = schema.query_type
    if root_type is None or root_type.name != operation.root_type:
        return None
    asked = [
        Field(field_.response_name, field_.name, field_.arguments, below)
        for field_, below in collect_fields(schema, root_type, operation.selections).values()
        if field_.name in ("__schema", "__type")
    ]
    if not asked:
        return None
    used = {
        value.name.value
        for field_ in walk_fields(tuple(asked))
        for _, value in field_.arguments
        if isinstance(value, VariableNode)
    }
    definition = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=tuple(
            VariableDefinitionNode(
                variable=VariableNode(name=NameNode(value=variable.name)),
                type=parse_type(variable.type),
                default_value=cast(ConstValueNode | None, variable.default),
            )
            for variable in operation.variables
            if variable.name in used
        ),
        selection_set=_selection_set(asked),
    )
    return Introspection(schema, DocumentNode(definitions=(definition,)))


def _selection_set(selections: Sequence[Selection]) -> SelectionSetNode:
    return SelectionSetNode(selections=tuple(_selection(selection) for selection in selections))


def _selection(selection: Selection) -> FieldNode | InlineFragmentNode:
    if not isinstance(selection, Field):
        return InlineFragmentNode(
            type_condition=NamedTypeNode(name=NameNode(value=selection.type_condition)),
            selection_set=_selection_set(selection.selections),
        )
    return FieldNode(
        name=NameNode(value=selection.name),
        alias=NameNode(value=selection.response_name),
        arguments=tuple(ArgumentNode(name=NameNode(value=name), value=value) for name, value in selection.arguments),
        selection_set=_selection_set(selection.selections) if selection.selections else None,
    )
