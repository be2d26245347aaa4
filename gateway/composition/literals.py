"""Literals: whether one is a value of a type, by the rules of input coercion, and whether two are the same value.

Source: https://spec.graphql.org/September2025/#sec-Values-of-Correct-Type
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    print_ast,
)

from gateway.composition.model import Kind
from gateway.composition.types import TypeRef


class _Input(Protocol):
    @property
    def name(self) -> str: ...
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


_SCALARS: dict[str, tuple[type[ValueNode], ...]] = {
    "Int": (IntValueNode,),
    "Float": (IntValueNode, FloatValueNode),
    "String": (StringValueNode,),
    "Boolean": (BooleanValueNode,),
    "ID": (StringValueNode, IntValueNode),
}


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
    if isinstance(value, NullValueNode):
        return not type_.is_non_null
    if type_.is_list:
        items = value.values if isinstance(value, ListValueNode) else (value,)
        return all(is_value_of(schema, type_.item(), item) for item in items)
    if type_.name in _SCALARS:
        return isinstance(value, _SCALARS[type_.name])
    definition = schema.types.get(type_.name)
    match definition.kind if definition else None:
        case Kind.ENUM:
            assert definition is not None
            return isinstance(value, EnumValueNode) and value.value in definition.values
        case Kind.INPUT:
            assert definition is not None
            if not isinstance(value, ObjectValueNode):
                return False
            given = {entry.name.value: entry.value for entry in value.fields}
            is_one_of = any(use.name == "oneOf" for use in definition.directives)
            if is_one_of and (len(value.fields) != 1 or isinstance(value.fields[0].value, NullValueNode)):
                return False  # a value has one field, though the fields' types are nullable
            required = {i.name for i in definition.inputs.values() if i.type.is_non_null and i.default is None}
            return required <= given.keys() <= definition.inputs.keys() and all(
                is_value_of(schema, definition.inputs[name].type, item) for name, item in given.items()
            )
        case Kind.SCALAR:
            return not _has_variable(value)
        case _:
            return False


def _has_variable(value: ValueNode) -> bool:
    match value:
        case ListValueNode():
            return any(_has_variable(item) for item in value.values)
        case ObjectValueNode():
            return any(_has_variable(entry.value) for entry in value.fields)
        case _:
            return isinstance(value, VariableNode)
