"""Answers ``__schema`` and ``__type`` at the root from the API schema, with graphql-core; no subgraph is asked.

An answer takes processor time in proportion to the schema, up to a second for a large one. So it is made in a thread beside the event
loop, one at a time, and remembered by what was asked: the same selection under several names, or by several clients, is made once.
A request waits for its turn and its answer until its deadline, as for a fetch; an answer that no request waits for any more is not made
to its end, so that the thread is free for the next.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, cast

from graphql import (
    ArgumentNode,
    ConstValueNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    MiddlewareManager,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    execute_sync,
    parse_type,
    print_ast,
)

from gateway.errors import InternalError
from gateway.execution.interpreter.projection import collect_fields
from gateway.operation.cache import BoundedCache
from gateway.operation.model import Field, Operation, Selection, walk_fields

MAX_REMEMBERED = 8
"""Answers of one schema; each holds some megabytes where the schema is large."""


class Introspector:
    """Makes the introspection answers of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._thread = ThreadPoolExecutor(1, "introspection")
        self._remembered: BoundedCache[str, dict[str, Any]] = BoundedCache(max_entries=MAX_REMEMBERED)

    async def answer(
        self, document: DocumentNode, text: str, variables: Mapping[str, Any], *, deadline: float
    ) -> dict[str, Any] | None:
        """The data of an introspection query; None at the deadline.

        Args:
            text: of the document, which it is remembered by.
            variables: as the document names them; with any the answer is not remembered.
            deadline: a moment of the loop's clock, in seconds.

        Raises:
            InternalError: graphql-core refused what validation had let through.
        """
        remembered = self._remembered.get(text) if not variables else None
        if remembered is not None:
            return remembered
        abandoned = Event()
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._made, document, text, variables, abandoned
                )
        except TimeoutError:
            return None
        finally:
            abandoned.set()

    def _made(
        self, document: DocumentNode, text: str, variables: Mapping[str, Any], abandoned: Event
    ) -> dict[str, Any] | None:
        """The data of an introspection query; None once nothing waits for it."""
        # Looked up again: who asked the same a moment before may have been answered meanwhile.
        if not variables and (remembered := self._remembered.get(text)) is not None:
            return remembered

        # graphql-core looks at its own `abort_signal` only before the first field, unless a field is awaited.
        def resolve_if_awaited(resolve: Callable[..., Any], *asked: Any, **arguments: Any) -> Any:
            if abandoned.is_set():
                raise _AbandonedError
            return resolve(*asked, **arguments)

        watched = MiddlewareManager(resolve_if_awaited)
        result = execute_sync(self.schema, document, variable_values=dict(variables), middleware=watched)
        if abandoned.is_set():
            return None
        if result.errors or result.data is None:
            raise InternalError(f"introspection failed: {result.errors}")
        if not variables:
            self._remembered.put(text, result.data)
        return result.data


class _AbandonedError(Exception):
    """Raised instead of each further value of an answer that nothing waits for."""


@dataclass(frozen=True, slots=True)
class Introspection:
    """The introspection part of an operation.

    Attributes:
        document: a query that asks each selection once.
        text: of the document.
        names: the name in `document` of what is asked under each response name.
        variables: those that `document` names.
    """

    document: DocumentNode
    text: str
    names: Mapping[str, str]
    variables: frozenset[str]
    introspector: Introspector

    async def answer(self, variables: Mapping[str, Any], *, deadline: float) -> dict[str, Any] | None:
        """The values of the introspection fields, by response name; None if they are not there by the deadline.

        Raises:
            InternalError: graphql-core refused what validation had let through.
        """
        used = {name: value for name, value in variables.items() if name in self.variables}
        data = await self.introspector.answer(self.document, self.text, used, deadline=deadline)
        return {response_name: data[name] for response_name, name in self.names.items()} if data is not None else None


def compile_introspection(operation: Operation, introspector: Introspector) -> Introspection | None:
    """The introspection part of an operation; None if it has none."""
    schema = introspector.schema
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
    asked, names = _each_once(asked)
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
    document = DocumentNode(definitions=(definition,))
    return Introspection(document, print_ast(document), names, frozenset(used), introspector)


def _each_once(asked: Sequence[Field]) -> tuple[list[Field], dict[str, str]]:
    """The different ones of the fields, under names of their own, and the name of each response name's."""
    different: dict[str, Field] = {}
    names: dict[str, str] = {}
    for field_ in asked:
        text = print_ast(_selection(replace(field_, response_name=field_.name)))
        one = different.setdefault(text, replace(field_, response_name=f"asked{len(different)}"))
        names[field_.response_name] = one.response_name
    return list(different.values()), names


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
        alias=NameNode(value=selection.answer_name),
        arguments=tuple(ArgumentNode(name=NameNode(value=name), value=value) for name, value in selection.arguments),
        selection_set=_selection_set(selection.selections) if selection.selections else None,
    )
