"""The client's answer out of the tree: compiled from the operation and the API schema, never from the plan.

This is the only author of `data`, so nothing internal leaks: a field appears because the client asked for it, a type or an
enum value because the API schema shows it. The rules are those of the GraphQL specification:

- Fields appear in the client's order (CollectFields): fragments are merged where they stand, per concrete type.
- A value that does not fit its type becomes null, with an error at its path.
- A null where the type is non-null makes the next nullable value around it null. That null is an error of its own, unless
  an error is known already at it, below it, or above it: nothing is reported twice.

Example: with ``users: [User!]!`` and ``name: String!``, a user without a name makes the whole of `data` null, with one error
at ``users.3.name``.

Source: GraphQL, sections 6.3.2 (field collection), 6.4.3 (value completion), 6.4.4 (handling execution errors).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    is_abstract_type,
)

from gateway.errors import InternalError
from gateway.execution.interpreter.failures import MAX_SHOWN
from gateway.execution.interpreter.leaf_coercion import LeafReader, leaf_reader
from gateway.execution.interpreter.tree import Trail, Tree, trail_path
from gateway.operation.model import Field, Operation, Selection

PROPAGATES: Final = object()
"""Stands for a null that its type forbids: whoever holds it becomes null instead."""

FieldedType = GraphQLObjectType | GraphQLInterfaceType
Completer = Callable[[Any, Trail, "Completion"], Any]


@dataclass(slots=True)
class Completion:
    """One projection under way.

    Attributes:
        reported: paths at, or above, which an error is known already.
        above_reported: those paths and every prefix of them.
        introspection: values of the root's ``__schema`` and ``__type`` fields, by response name; None if they came too late.
        errors: found while projecting, in the order of the answer.
    """

    reported: frozenset[tuple[str | int, ...]]
    above_reported: frozenset[tuple[str | int, ...]]
    introspection: Tree | None
    errors: list[dict[str, Any]] = field(default_factory=list)

    def is_reported(self, path: Sequence[str | int]) -> bool:
        """Whether an error is known at `path`, below it, or above it."""
        whole = tuple(path)
        return whole in self.above_reported or any(whole[:end] in self.reported for end in range(1, len(whole)))

    def report(self, message: str, code: str, trail: Trail, field_: Field) -> None:
        """Adds an error at a field's value, unless there are more than anybody reads."""
        if len(self.errors) >= MAX_SHOWN:
            return
        error: dict[str, Any] = {"message": message}
        if field_.locations:
            error["locations"] = [{"line": line, "column": column} for line, column in field_.locations]
        error["path"] = trail_path(trail)
        error["extensions"] = {"code": code}
        self.errors.append(error)


@dataclass(frozen=True, slots=True)
class Projection:
    """A compiled projection; `complete_root` gives the data and what went wrong with it."""

    _root: Completer

    def complete_root(
        self, tree: Tree, reported: Sequence[Sequence[str | int]], introspection: Tree | None
    ) -> tuple[Tree | None, list[dict[str, Any]]]:
        """The client's data, and the errors that nobody has reported yet.

        Args:
            reported: paths of the errors that are known.
            introspection: what the client's introspection fields hold, by response name; None if that came too late.
        """
        paths = frozenset(map(tuple, reported))
        prefixes = frozenset(path[:end] for path in paths for end in range(1, len(path) + 1))
        completion = Completion(paths, prefixes, introspection)
        data = self._root(tree, None, completion)
        return data, completion.errors


def compile_projection(operation: Operation, schema: GraphQLSchema) -> Projection:
    """The projection of an operation that is valid on `schema`."""
    root_type = schema.get_type(operation.root_type)
    if not isinstance(root_type, GraphQLObjectType):
        raise InternalError(f"the API schema has no root type {operation.root_type}")
    return Projection(_object(schema, root_type, operation.selections, is_root=True))


def collect_fields(
    schema: GraphQLSchema, object_type: FieldedType, selections: Sequence[Selection]
) -> dict[str, tuple[Field, tuple[Selection, ...]]]:
    """The fields that objects of a type answer, in order: response name to the field and all its sub-selections."""
    collected: dict[str, tuple[Field, tuple[Selection, ...]]] = {}

    def collect(level: Sequence[Selection]) -> None:
        for selection in level:
            if isinstance(selection, Field):
                if (seen := collected.get(selection.response_name)) is None:
                    collected[selection.response_name] = (selection, selection.selections)
                elif selection.selections:
                    collected[selection.response_name] = (seen[0], (*seen[1], *selection.selections))
            elif _applies(schema, selection.type_condition, object_type):
                collect(selection.selections)

    collect(selections)
    return collected


def _applies(schema: GraphQLSchema, type_condition: str, object_type: FieldedType) -> bool:
    if type_condition == object_type.name:
        return True
    condition = schema.get_type(type_condition)
    return isinstance(condition, GraphQLInterfaceType | GraphQLUnionType) and schema.is_sub_type(condition, object_type)


def _object(
    schema: GraphQLSchema, object_type: FieldedType, selections: Sequence[Selection], *, is_root: bool = False
) -> Completer:
    """Completes an object whose type is known."""
    collected = collect_fields(schema, object_type, selections)
    fields = tuple(
        (field_.answer_name, _field(schema, object_type, field_, below, is_root=is_root))
        for field_, below in collected.values()
    )

    def complete_object(value: Any, trail: Trail, completion: Completion) -> Any:
        data: Tree = {}
        for answer_name, complete in fields:
            completed = complete(value, trail, completion)
            if completed is PROPAGATES:
                return None
            data[answer_name] = completed
        return data

    return complete_object


def _field(
    schema: GraphQLSchema,
    parent: FieldedType,
    field_: Field,
    selections: Sequence[Selection],
    *,
    is_root: bool,
) -> Completer:
    """Completes one field, given the object that holds it."""
    key = field_.response_name
    if field_.name == "__typename":
        if field_.refusal is not None:
            return _refused(field_, is_nullable=False)
        return lambda _value, _trail, _completion: parent.name
    if is_root and field_.name in ("__schema", "__type"):
        return _introspected(field_)
    definition: GraphQLField = parent.fields[field_.name]
    if field_.refusal is not None:
        return _refused(field_, is_nullable=not isinstance(definition.type, GraphQLNonNull))
    complete = _value(schema, definition.type, field_, f"{parent.name}.{field_.name}", selections)

    def complete_field(value: Any, trail: Trail, completion: Completion) -> Any:
        return complete(value.get(key), (trail, key), completion)

    return complete_field


def _introspected(field_: Field) -> Completer:
    key = field_.response_name
    nothing = None if field_.name == "__type" else PROPAGATES

    def take(_value: Any, trail: Trail, completion: Completion) -> Any:
        if completion.introspection is None:
            completion.report("The schema was not read in time.", "INTROSPECTION_TIMEOUT", (trail, key), field_)
            return nothing
        return completion.introspection[key]

    return take


def _refused(field_: Field, *, is_nullable: bool) -> Completer:
    refusal = field_.refusal
    assert refusal is not None
    nothing = None if is_nullable else PROPAGATES

    def refuse(_value: Any, trail: Trail, completion: Completion) -> Any:
        completion.report(refusal.message, refusal.code, (trail, field_.response_name), field_)
        return nothing

    return refuse


def _value(
    schema: GraphQLSchema, type_: GraphQLOutputType, field_: Field, coordinate: str, selections: Sequence[Selection]
) -> Completer:
    """Completes a value of a type; gives None for null, and PROPAGATES only if the type is non-null."""
    if isinstance(type_, GraphQLNonNull):
        return _non_null(_value(schema, type_.of_type, field_, coordinate, selections), field_, coordinate)
    if isinstance(type_, GraphQLList):
        return _list(_value(schema, type_.of_type, field_, coordinate, selections), field_, coordinate)
    if isinstance(type_, GraphQLObjectType):
        return _guarded(_object(schema, type_, selections), field_, coordinate)
    if is_abstract_type(type_):
        return _guarded(_abstract(schema, type_, field_, coordinate, selections), field_, coordinate)
    return _leaf(type_, field_, coordinate)  # type: ignore[arg-type]


def _non_null(complete: Completer, field_: Field, coordinate: str) -> Completer:
    message = f"Cannot return null for non-nullable field {coordinate}."

    def complete_non_null(value: Any, trail: Trail, completion: Completion) -> Any:
        if value is None:
            if not completion.is_reported(trail_path(trail)):
                completion.report(message, "NON_NULL_FIELD_IS_NULL", trail, field_)
            return PROPAGATES
        completed = complete(value, trail, completion)
        return PROPAGATES if completed is None else completed

    return complete_non_null


def _list(complete: Completer, field_: Field, coordinate: str) -> Completer:
    message = f"The subgraph's value of {coordinate} is no list."

    def complete_list(value: Any, trail: Trail, completion: Completion) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            completion.report(message, "INVALID_SUBGRAPH_VALUE", trail, field_)
            return None
        items = [complete(item, (trail, index), completion) for index, item in enumerate(value)]
        return None if any(item is PROPAGATES for item in items) else items

    return complete_list


def _guarded(complete: Completer, field_: Field, coordinate: str) -> Completer:
    message = f"The subgraph's value of {coordinate} is no object."

    def complete_composite(value: Any, trail: Trail, completion: Completion) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            completion.report(message, "INVALID_SUBGRAPH_VALUE", trail, field_)
            return None
        return complete(value, trail, completion)

    return complete_composite


def _abstract(
    schema: GraphQLSchema, type_: GraphQLAbstractType, field_: Field, coordinate: str, selections: Sequence[Selection]
) -> Completer:
    """Completes an object of an interface or a union by its ``__typename``.

    A type's part is compiled when the first object of that type comes: abstract types within abstract types would multiply.
    """
    possible = {object_type.name: object_type for object_type in schema.get_possible_types(type_)}
    by_name: dict[str, Completer] = {}
    unnamed = _unnamed(schema, type_, list(possible.values()), selections)
    message = f"The subgraph's value of {coordinate} is of no type that the schema shows."

    def complete_abstract(value: Any, trail: Trail, completion: Completion) -> Any:
        typename = value.get("__typename")
        if not isinstance(typename, str):
            complete = unnamed
        elif (complete := by_name.get(typename)) is None and typename in possible:
            complete = by_name[typename] = _object(schema, possible[typename], selections)
        if complete is None:
            if not completion.is_reported(trail_path(trail)):
                completion.report(message, "INVALID_SUBGRAPH_VALUE", trail, field_)
            return None
        return complete(value, trail, completion)

    return complete_abstract


def _unnamed(
    schema: GraphQLSchema,
    type_: GraphQLAbstractType,
    possible: Sequence[GraphQLObjectType],
    selections: Sequence[Selection],
) -> Completer | None:
    """Completes an object without a type name: where one type is possible, or only the interface's own fields are asked."""
    if len(possible) == 1:
        return _object(schema, possible[0], selections)
    if isinstance(type_, GraphQLUnionType):
        return None
    if any(not isinstance(selection, Field) or selection.name == "__typename" for selection in selections):
        return None
    return _object(schema, type_, selections)


def _leaf(type_: GraphQLLeafType, field_: Field, coordinate: str) -> Completer:
    read: LeafReader | None = leaf_reader(type_)
    if read is None:
        return lambda value, _trail, _completion: value
    kind = "enum" if isinstance(type_, GraphQLEnumType) else type_.name
    message = f"The subgraph's value of {coordinate} is no {kind} that the schema shows."

    def complete_leaf(value: Any, trail: Trail, completion: Completion) -> Any:
        if value is None:
            return None
        shown = read(value)
        if shown is None:
            completion.report(message, "INVALID_SUBGRAPH_VALUE", trail, field_)
        return shown

    return complete_leaf
