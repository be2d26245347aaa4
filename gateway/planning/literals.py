"""Whether a subgraph takes what a fetch gives to an argument, as far as it is written out.

A variable is taken anywhere: the gateway coerces its value to the client's type. A custom scalar takes any literal.

Source: https://spec.graphql.org/September2025/#sec-Values-of-Correct-Type
"""

from collections.abc import Mapping
from functools import lru_cache

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
    parse_value,
)

from gateway.supergraph.model import InputType, InputValue

_SCALARS: dict[str, tuple[type[ValueNode], ...]] = {
    "Int": (IntValueNode,),
    "Float": (IntValueNode, FloatValueNode),
    "String": (StringValueNode,),
    "Boolean": (BooleanValueNode,),
    "ID": (StringValueNode, IntValueNode),
}


def fits(types: Mapping[str, InputType], argument: InputValue, text: str) -> bool:
    """Return whether the value is one of the argument's type.

    Args:
        types: The subgraph's, by name.
        text: The value as GraphQL.
    """
    if text.startswith("$"):
        return True
    return _fits(types, argument.type_name, argument.wrappers, _parsed(text))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ValueNode:
    return parse_value(text, no_location=True)


def _fits(types: Mapping[str, InputType], type_name: str, wrappers: str, value: ValueNode) -> bool:
    if isinstance(value, VariableNode):
        return True
    if isinstance(value, NullValueNode):
        return not wrappers.startswith("!")
    wrappers = wrappers.removeprefix("!")
    if wrappers:
        items = value.values if isinstance(value, ListValueNode) else (value,)
        return all(_fits(types, type_name, wrappers[1:], item) for item in items)
    if type_name in _SCALARS:
        return isinstance(value, _SCALARS[type_name])
    known = types.get(type_name)
    if known is None:
        return True  # the supergraph does not say what the subgraph has of it
    if known.values is not None:
        return isinstance(value, EnumValueNode) and value.value in known.values
    if known.fields is not None:
        return isinstance(value, ObjectValueNode) and _fits_input(types, known, known.fields, value)
    return True


def _fits_input(
    types: Mapping[str, InputType], known: InputType, fields: Mapping[str, InputValue], value: ObjectValueNode
) -> bool:
    given = {entry.name.value: entry.value for entry in value.fields}
    if known.is_one_of and (len(given) != 1 or any(isinstance(item, NullValueNode) for item in given.values())):
        return False
    required = {name for name, each in fields.items() if each.is_required}
    return required <= given.keys() <= fields.keys() and all(
        _fits(types, fields[name].type_name, fields[name].wrappers, item) for name, item in given.items()
    )
