"""Whether a literal is a value of an input type, as far as it is written out.

A variable is taken anywhere: its value is coerced to the type of the variable. A custom scalar takes any literal.

Source: https://spec.graphql.org/September2025/#sec-Values-of-Correct-Type
"""

from collections.abc import Callable, Mapping

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
)

from gateway.supergraph.model import InputType, InputValue

InputTypes = Callable[[str], InputType | None]
"""The enum, input type or custom scalar of a name; None if there is none."""

_SCALARS: dict[str, tuple[type[ValueNode], ...]] = {
    "Int": (IntValueNode,),
    "Float": (IntValueNode, FloatValueNode),
    "String": (StringValueNode,),
    "Boolean": (BooleanValueNode,),
    "ID": (StringValueNode, IntValueNode),
}


def is_literal_of(types: InputTypes, type_name: str, wrappers: str, value: ValueNode) -> bool:
    """Return whether the literal fits.

    Args:
        wrappers: Around the named type, from outside in: ``!`` for non-null and ``[`` for a list.
    """
    if isinstance(value, VariableNode):
        return True
    if isinstance(value, NullValueNode):
        return not wrappers.startswith("!")
    wrappers = wrappers.removeprefix("!")
    if wrappers:
        items = value.values if isinstance(value, ListValueNode) else (value,)
        return all(is_literal_of(types, type_name, wrappers[1:], item) for item in items)
    if type_name in _SCALARS:
        return isinstance(value, _SCALARS[type_name])
    known = types(type_name)
    if known is None:
        return False
    if known.values is not None:
        return isinstance(value, EnumValueNode) and value.value in known.values
    if known.fields is not None:
        return isinstance(value, ObjectValueNode) and _is_input(types, known, known.fields, value)
    return True


def _is_input(types: InputTypes, known: InputType, fields: Mapping[str, InputValue], value: ObjectValueNode) -> bool:
    given = {entry.name.value: entry.value for entry in value.fields}
    if known.is_one_of and (len(value.fields) != 1 or isinstance(value.fields[0].value, NullValueNode)):
        return False  # a value has one field, though the fields' types are nullable
    required = {name for name, each in fields.items() if each.is_required}
    return required <= given.keys() <= fields.keys() and all(
        is_literal_of(types, fields[name].type_name, fields[name].wrappers, item) for name, item in given.items()
    )
