"""Rules of arguments and input fields, applied before the resolver runs.

An argument states its rule in its annotation, `title: Annotated[str, TITLE]`, and so do an input field and the items of a
list, `list[Annotated[str, CODE]]`; see `kit.runtime.rules`. A resolver receives each value in its canonical form. A refusal has the
value's path; `kit.graph.result_unions` answers it.

Floats must be finite, and JSON and entity representations small, without a rule of their own.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, Union, get_args, get_origin, runtime_checkable

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from subgraphs.kit.graph.inputs import Input, inputs_of
from subgraphs.kit.runtime.json_values import check_json
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import IdRule, RangeRule, Stated, TextRule, TokenRule

Path = tuple[str, ...]
Reader = Callable[[Any, Path], Any]

_RULED_SCALARS = frozenset({"String", "ID", "Int"})


@runtime_checkable
class Rule(Protocol):
    """A rule of `kit.runtime.rules`."""

    @property
    def description(self) -> str:
        """Say what may be sent."""
        ...

    def read(self, written: Any, /) -> Any:
        """Return the canonical form of a value; raise InvalidInput when it has none."""
        ...


_RULES = (TextRule, TokenRule, IdRule, RangeRule, Stated)


def check_inputs(schema: GraphQLSchema) -> None:
    """Put the readers of their arguments before the resolvers of all fields."""
    readers: dict[str, Reader] = {}
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for field in type_.fields.values():
            of_arguments = {
                name: reader
                for name, argument in field.args.items()
                if (reader := _reader(argument.type, annotation_of(argument), readers)) is not None
            }
            if of_arguments:
                _put_before(field, of_arguments)


def rules_of(schema: GraphQLSchema) -> Iterator[tuple[str, str, Rule | None]]:
    """Return each argument and input field that holds a String, an ID or an Int, in a list or not: coordinate, type and rule."""
    for coordinate, given in inputs_of(schema):
        yield from _stated(coordinate, given.type, annotation_of(given))


def _stated(coordinate: str, type_: Any, annotation: Any) -> Iterator[tuple[str, str, Rule | None]]:
    bare, inner, rule = parts_of(type_, annotation)
    if isinstance(bare, GraphQLList):
        yield from _stated(coordinate, bare.of_type, inner)
    elif bare.name in _RULED_SCALARS:
        yield coordinate, bare.name, rule


def annotation_of(input_: Input) -> Any:
    """Return what the code says of an argument or input field."""
    definition = input_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return definition.type_annotation.raw_annotation if definition is not None else Any


def parts_of(type_: Any, annotation: Any) -> tuple[Any, Any, Rule | None]:
    """Return the type without non-null, the annotation of a list's items, and the rule stated at this level."""
    rule: Rule | None = None
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *metadata = get_args(annotation)
            rule = next((each for each in metadata if isinstance(each, _RULES)), rule)
        elif origin in {Union, UnionType}:
            annotation = next(each for each in get_args(annotation) if each is not NoneType)
        else:
            break
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    inner = (get_args(annotation) or (Any,))[0] if isinstance(bare, GraphQLList) else annotation
    return bare, inner, rule


def _reader(type_: Any, annotation: Any, readers: dict[str, Reader]) -> Reader | None:
    bare, inner, rule = parts_of(type_, annotation)
    if isinstance(bare, GraphQLList):
        return _list_reader(_reader(bare.of_type, inner, readers))
    if isinstance(bare, GraphQLInputObjectType):
        return _object_reader(bare, readers)
    if bare.name == "Float":
        return _finite
    if bare.name in {"JSON", "_Any"}:
        return _small_json
    return None if rule is None else lambda value, _path: rule.read(value)


def _list_reader(item: Reader | None) -> Reader | None:
    if item is None:
        return None
    return lambda value, path: [_at(item, each, (*path, str(place))) for place, each in enumerate(value)]


def _object_reader(type_: GraphQLInputObjectType, readers: dict[str, Reader]) -> Reader:
    known = readers.get(type_.name)
    if known is not None:
        return known
    fields: dict[str, Reader] = {}

    def read(value: Mapping[str, Any], path: Path) -> dict[str, Any]:
        return {
            name: _at(fields[name], each, (*path, name)) if name in fields else each for name, each in value.items()
        }

    readers[type_.name] = read  # before its fields, which may lead back to it
    for name, field in type_.fields.items():
        reader = _reader(field.type, annotation_of(field), readers)
        if reader is not None:
            fields[name] = reader
    return read


def _at(reader: Reader, value: Any, path: Path) -> Any:
    if value is None:
        return None
    try:
        return reader(value, path)
    except InvalidInput as refusal:
        if refusal.path:
            raise
        raise type(refusal)(str(refusal), *path) from refusal


def _finite(value: float, _path: Path) -> float:
    if not math.isfinite(value):
        raise InvalidInput("This number is finite")
    return value


def _small_json(value: Any, _path: Path) -> Any:
    check_json(value)
    return value


def _put_before(field: GraphQLField, readers: Mapping[str, Reader]) -> None:
    attribute = "subscribe" if field.subscribe is not None else "resolve"
    inner = getattr(field, attribute)

    def checked(source: Any, info: Any, **arguments: Any) -> Any:
        read = {
            name: _at(readers[name], value, (name,)) if name in readers else value for name, value in arguments.items()
        }
        return inner(source, info, **read)

    setattr(field, attribute, checked)
