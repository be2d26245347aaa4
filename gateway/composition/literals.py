"""Literals: whether one is a value of a type, by the rules of input coercion, and whether two are the same value.

Source: https://spec.graphql.org/September2025/#sec-Values-of-Correct-Type
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

from graphql import (
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    print_ast,
)

from gateway.composition.model import Kind
from gateway.composition.type_ref import TypeRef
from gateway.supergraph.literals import is_literal_of
from gateway.supergraph.model import InputType, InputValue


class _Input(Protocol):
    @property
    def type(self) -> TypeRef: ...
    @property
    def default(self) -> object: ...


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Type(Protocol):
    @property
    def kind(self) -> Kind: ...
    @property
    def values(self) -> Mapping[str, object]: ...
    @property
    def inputs(self) -> Mapping[str, _Input]: ...
    @property
    def directives(self) -> Sequence[_Named]: ...


class Types(Protocol):
    """A schema as far as literals need it: a subgraph's, or the supergraph."""

    @property
    def types(self) -> Mapping[str, _Type]: ...


def canonical(value: ValueNode) -> Hashable:
    """Something that is equal for literals of the same value: the order of an object's fields does not matter, nor 1 or 1.0."""
    match value:
        case ListValueNode():
            return ("list", *(canonical(item) for item in value.values))
        case ObjectValueNode():
            return ("object", frozenset((entry.name.value, canonical(entry.value)) for entry in value.fields))
        case IntValueNode() | FloatValueNode():
            return ("number", float(value.value))
        case StringValueNode():
            return ("string", value.value)
        case _:
            return print_ast(value)


def strings_of(value: ValueNode | None) -> tuple[str, ...]:
    """Return the strings of a list of strings, () without one; a string alone is a list of one, as GraphQL coerces lists."""
    items = value.values if isinstance(value, ListValueNode) else (value,)
    return tuple(item.value for item in items if isinstance(item, StringValueNode))


def is_value_of(schema: Types, type_: TypeRef, value: ValueNode) -> bool:
    """Whether the literal fits; a custom scalar takes any, and a variable never fits, since nothing gives it a value here."""

    def find(name: str) -> InputType | None:
        definition = schema.types.get(name)
        return _input_type(definition) if definition is not None else None

    return not _has_variable(value) and is_literal_of(find, type_.name, type_.wrappers, value)


def _input_type(definition: _Type) -> InputType | None:
    match definition.kind:
        case Kind.ENUM:
            return InputType(values=frozenset(definition.values))
        case Kind.INPUT:
            fields = {
                name: InputValue(given.type.name, given.type.wrappers, given.type.is_non_null and given.default is None)
                for name, given in definition.inputs.items()
            }
            return InputType(fields=fields, is_one_of=any(use.name == "oneOf" for use in definition.directives))
        case Kind.SCALAR:
            return InputType()
        case _:
            return None


def _has_variable(value: ValueNode) -> bool:
    match value:
        case ListValueNode():
            return any(_has_variable(item) for item in value.values)
        case ObjectValueNode():
            return any(_has_variable(entry.value) for entry in value.fields)
        case _:
            return isinstance(value, VariableNode)
