"""Whether a literal is a value of a type, by the rules of input coercion.

Source: https://spec.graphql.org/September2025/#sec-Values-of-Correct-Type
"""

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
)

from gateway.composition.model import Kind, SubgraphSchema
from gateway.composition.types import TypeRef

_SCALARS: dict[str, tuple[type[ValueNode], ...]] = {
    "Int": (IntValueNode,),
    "Float": (IntValueNode, FloatValueNode),
    "String": (StringValueNode,),
    "Boolean": (BooleanValueNode,),
    "ID": (StringValueNode, IntValueNode),
}


def is_value_of(schema: SubgraphSchema, type_: TypeRef, value: ValueNode) -> bool:
    """Whether the literal fits; a custom scalar takes any, and a variable never fits, since there are none here."""
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
            required = {i.name for i in definition.inputs.values() if i.type.is_non_null and i.default is None}
            return required <= given.keys() <= definition.inputs.keys() and all(
                is_value_of(schema, definition.inputs[name].type, item) for name, item in given.items()
            )
        case Kind.SCALAR:
            return True
        case _:
            return False
