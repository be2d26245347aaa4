"""A subgraph that is not there, answered from its SDL: typed, deterministic values; lists of two; ids that stay the same.

What is asked twice is answered alike. An object with a key is what its key says: whether it was found in a list, asked for by its id, or
handed over by another subgraph, its fields are the same, also in another subgraph's mock. Any other object is what its place says.

    products[0]               has the id daef33aa, because of where it is
    product(id: "daef33aa")   has that id, because it was asked for by it; so its name is that of products[0]
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_ast_schema,
    execute,
    extend_schema,
    get_nullable_type,
    is_leaf_type,
    parse,
    validate,
    value_from_ast_untyped,
)

from gateway.composition.fieldsets import SelectedField, parse_field_set
from gateway.composition.model import Subgraph, uses
from gateway.composition.read.graphql_validity import plain_document
from gateway.composition.read.parse import Document, build_schema, read_document
from gateway.dev.mock_scalars import leaf, number_of

LIST_LENGTH = 2

Keys = Mapping[str, tuple[tuple[str, ...], ...]]

Asked = Mapping[tuple[str, str], Any]
"""(name, type) of an argument -> its value."""


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
        document = read_document(subgraph)
        self._schema = _with_entities(build_ast_schema(plain_document(document), assume_valid_sdl=True))
        self._keys = _keys(document)

    def answer(self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None) -> dict[str, Any]:
        """The answer to a request, as GraphQL over HTTP has it; of a subscription, its first event."""
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
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        assert isinstance(result, ExecutionResult)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return answer

    def _resolve(self, source: Any, info: "GraphQLResolveInfo[Any]", **arguments: Any) -> Any:
        assert isinstance(source, _Object)
        if info.field_name == "_entities":
            return [self._entity(given) for given in arguments["representations"]]
        if info.field_name in source.given:
            return self._given(info.return_type, source.given[info.field_name], source.identity)
        shown = repr(sorted(arguments.items())) if arguments else ""
        asked = _asked_for(info.parent_type.fields[info.field_name].args, arguments)
        return self._value(info.return_type, f"{source.identity}.{info.field_name}{shown}", info.field_name, asked)

    def _entity(self, representation: Mapping[str, Any]) -> Any:
        given = {name: value for name, value in representation.items() if name != "__typename"}
        type_ = self._schema.type_map.get(representation.get("__typename", ""))
        if isinstance(type_, GraphQLInterfaceType):
            type_ = self._schema.get_possible_types(type_)[0]
        if not isinstance(type_, GraphQLObjectType):
            raise GraphQLError(f"There is no entity {representation.get('__typename')!r} here.")
        return self._object(type_, repr(sorted(given.items())), given)

    def _given(self, type_: GraphQLOutputType, value: Any, identity: str) -> Any:
        """A value of a representation, its objects mocked where they have more fields than were given."""
        expected = get_nullable_type(type_)
        if isinstance(value, list) and isinstance(expected, GraphQLList):
            return [self._given(expected.of_type, item, f"{identity}[{index}]") for index, item in enumerate(value)]
        if isinstance(value, Mapping) and not is_leaf_type(expected):
            name = value.get("__typename")
            named = self._schema.type_map.get(str(name)) if name else expected
            if isinstance(named, GraphQLObjectType):
                return self._object(named, identity, value)
        return value

    def _value(self, type_: GraphQLOutputType, identity: str, name: str, asked: Asked) -> Any:
        """The made-up value of a field.

        Args:
            asked: what the field was asked for by.
        """
        match get_nullable_type(type_):
            case GraphQLList(of_type=item):
                return [self._value(item, f"{identity}[{index}]", name, asked) for index in range(LIST_LENGTH)]
            case GraphQLEnumType() | GraphQLScalarType() as named:
                return leaf(named, identity, name)
            case GraphQLInterfaceType() | GraphQLUnionType() as abstract:
                possible = self._schema.get_possible_types(abstract)
                if not possible:
                    return None
                chosen = possible[number_of(identity) % len(possible)]
                return self._object(chosen, identity, _fitting(chosen, asked))
            case GraphQLObjectType() as named:
                return self._object(named, identity, _fitting(named, asked))
            case other:
                raise TypeError(f"{other} is no output type")

    def _object(self, type_: GraphQLObjectType, identity: str, given: Mapping[str, Any]) -> _Object:
        """An object, which is identified by its key where it has one.

        Args:
            identity: of its place, for one without a key.
            given: values of its fields that are known.
        """
        keys = self._keys.get(type_.name, ())
        key = next((key for key in keys if given.keys() >= set(key)), None)
        if key is None:
            key = next((key for key in keys if all(_is_leaf(type_.fields[name].type) for name in key)), None)
            if key is None:
                return _Object(type_.name, f"{type_.name} at {identity}", given)
            made = {name: self._value(type_.fields[name].type, f"{identity}.{name}", name, {}) for name in key}
            given = {**made, **given}
        return _Object(type_.name, f"{type_.name} {[(name, given[name]) for name in sorted(key)]}", given)


def _asked_for(declared: Mapping[str, GraphQLArgument], arguments: Mapping[str, Any]) -> Asked:
    """The leaves among the arguments, also those inside an input, as mutations have it."""
    found: dict[tuple[str, str], Any] = {}
    for name, value in arguments.items():
        type_ = get_nullable_type(declared[name].type)
        if isinstance(type_, GraphQLInputObjectType) and isinstance(value, Mapping):
            inside = [(n, get_nullable_type(type_.fields[n].type), v) for n, v in value.items()]
        else:
            inside = [(name, type_, value)]
        found.update({(n, str(t)): v for n, t, v in inside if is_leaf_type(t) and v is not None})
    return found


def _fitting(type_: GraphQLObjectType, asked: Asked) -> dict[str, Any]:
    """What an object was asked for by is what it has: ``product(id: 3)`` has the id 3, if both are of one type."""
    return {
        name: value
        for (name, type_name), value in asked.items()
        if name in type_.fields and str(get_nullable_type(type_.fields[name].type)) == type_name
    }


def _is_leaf(type_: GraphQLOutputType) -> bool:
    return is_leaf_type(get_nullable_type(type_))


def _keys(document: Document) -> Keys:
    """The names of the fields at the top of each key, by type."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for name, definition in build_schema(document).types.items():
        texts = (dict(use.arguments).get("fields") for use in uses(definition.directives, "key"))
        sets = (parse_field_set(str(value_from_ast_untyped(text))) for text in texts if text is not None)
        found[name] = tuple(tuple(s.name for s in chosen if isinstance(s, SelectedField)) for chosen in sets)
    return found


def _with_entities(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with ``_entities``, over every object type that is not a root."""
    roots = {type_.name for type_ in (schema.query_type, schema.mutation_type, schema.subscription_type) if type_}
    objects = [
        type_.name
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("_") and type_.name not in roots
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


def _type_of(value: Any, info: "GraphQLResolveInfo[Any]", abstract: Any) -> str | None:
    return value.type_name if isinstance(value, _Object) else None
