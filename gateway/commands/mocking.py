"""A subgraph that is not there, answered from its SDL: typed, deterministic values; lists of two; ids that stay the same.

What is asked twice is answered alike: a value depends only on the type, the key of the object it belongs to, and the field. An object
asked for by its key has that key, so that joins with other subgraphs hold.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_ast_schema,
    execute,
    extend_schema,
    is_abstract_type,
    parse,
    validate,
)

from gateway.composition.model import Subgraph
from gateway.composition.parse import read_document
from gateway.composition.plain import plain_document

LIST_LENGTH = 2
_BY_NAME = {
    "date": "2026-01-01",
    "datetime": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "url": "http://127.0.0.1/mock",
    "uri": "http://127.0.0.1/mock",
    "json": {},
}


@dataclass(frozen=True, slots=True)
class _Object:
    """A mocked object: what identifies it, and what was given of it."""

    type_name: str
    identity: str
    given: Mapping[str, Any] = field(default_factory=dict)


class MockedSubgraph:
    """Answers a subgraph's queries.

    Raises:
        CompositionFailed: if the SDL is not one.
    """

    def __init__(self, subgraph: Subgraph) -> None:
        self._schema = _with_entities(build_ast_schema(plain_document(read_document(subgraph)), assume_valid_sdl=True))

    def answer(self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None) -> dict[str, Any]:
        """The answer to a request, as GraphQL over HTTP has it."""
        try:
            document = parse(query)
            errors = validate(self._schema, document)
        except GraphQLError as error:
            errors = [error]
        if errors:
            return {"errors": [error.formatted for error in errors]}
        result = execute(
            self._schema,
            document,
            root_value=_Object("", "root"),
            variable_values=dict(variables or {}),
            operation_name=operation_name,
            field_resolver=_resolve,
            type_resolver=_type_of,
        )
        assert isinstance(result, ExecutionResult)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return answer


def _with_entities(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with ``_entities``, if it has any type with a key."""
    objects = [
        type_.name
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("_") and type_ is not schema.query_type
    ]
    query = schema.query_type.name if schema.query_type else "Query"
    if not objects:
        return schema
    return extend_schema(
        schema,
        parse(
            f"union _Entity = {' | '.join(objects)} extend type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
        ),
    )


def _resolve(source: Any, info: "GraphQLResolveInfo[Any]", **arguments: Any) -> Any:
    assert isinstance(source, _Object)
    if info.field_name == "_entities":
        return [_entity(info.schema, given) for given in arguments["representations"]]
    if info.field_name in source.given:
        return _given(info.schema, info.return_type, source.given[info.field_name], source.identity)
    shown = "" if not arguments else repr(sorted(arguments.items(), key=lambda item: item[0]))
    owner = source.identity if info.parent_type.name not in {"Query", "Mutation", "Subscription"} else "root"
    identity = f"{owner}.{info.field_name}{shown}"
    return _value(info.schema, info.return_type, identity, info.field_name, arguments)


def _entity(schema: GraphQLSchema, representation: Mapping[str, Any]) -> _Object:
    given = {name: value for name, value in representation.items() if name != "__typename"}
    type_name = representation["__typename"]
    type_ = schema.type_map.get(type_name)
    if isinstance(type_, GraphQLInterfaceType):
        type_name = schema.get_possible_types(type_)[0].name
    return _Object(type_name, f"{type_name}:{sorted(given.items(), key=lambda item: item[0])}", given)


def _given(schema: GraphQLSchema, type_: GraphQLOutputType, value: Any, identity: str) -> Any:
    """A value of a representation, its objects mocked where they have more fields than were given."""
    if isinstance(type_, GraphQLNonNull):
        return _given(schema, type_.of_type, value, identity)
    if isinstance(value, list) and isinstance(type_, GraphQLList):
        return [_given(schema, type_.of_type, item, f"{identity}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping) and not isinstance(type_, GraphQLScalarType):
        name = value.get("__typename") or getattr(type_, "name", "")
        return _Object(str(name), identity, value)
    return value


def _value(
    schema: GraphQLSchema, type_: GraphQLOutputType, identity: str, name: str, arguments: Mapping[str, Any]
) -> Any:
    match type_:
        case GraphQLNonNull():
            return _value(schema, type_.of_type, identity, name, arguments)
        case GraphQLList():
            return [_value(schema, type_.of_type, f"{identity}[{i}]", name, arguments) for i in range(LIST_LENGTH)]
        case GraphQLEnumType():
            values = list(type_.values.values())
            return values[_number(identity) % len(values)].value
        case GraphQLScalarType():
            return _scalar(type_.name, identity, name)
        case GraphQLInterfaceType() | GraphQLUnionType():
            possible = schema.get_possible_types(type_)
            chosen = possible[_number(identity) % len(possible)].name if possible else type_.name
            return _Object(chosen, identity, _echoed(arguments))
        case _:
            return _Object(type_.name, identity, _echoed(arguments))


def _echoed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What an object was asked for by is what it has: ``product(id: 3)`` has the id 3."""
    return {
        name: value for name, value in arguments.items() if isinstance(value, str | int) and not isinstance(value, bool)
    }


def _scalar(type_name: str, identity: str, name: str) -> Any:
    number = _number(identity)
    match type_name:
        case "Int":
            return number % 100
        case "Float":
            return number % 10_000 / 100
        case "Boolean":
            return number % 2 == 0
        case "ID":
            return f"{number:08x}"
        case "String":
            return f"{name} {number % 1000}"
        case _:
            return _BY_NAME.get(type_name.lower(), f"{name} {number % 1000}")


def _number(identity: str) -> int:
    return int.from_bytes(hashlib.blake2s(identity.encode(), digest_size=4).digest())


def _type_of(value: Any, info: "GraphQLResolveInfo[Any]", abstract: Any) -> str | None:
    if isinstance(value, _Object) and value.type_name:
        type_ = info.schema.type_map.get(value.type_name)
        if type_ is not None and not is_abstract_type(type_):
            return value.type_name
    possible = info.schema.get_possible_types(abstract)
    return possible[0].name if possible else None
