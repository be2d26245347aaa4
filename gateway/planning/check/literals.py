"""Whether a subgraph takes what a fetch gives to an argument, as far as it is written out."""

from collections.abc import Mapping

from graphql import ValueNode, parse_value

from gateway.operation.cache import remembered_if_short
from gateway.supergraph.literals import is_literal_of
from gateway.supergraph.model import InputType, InputValue

MAX_REMEMBERED_CHARACTERS = 100
"""A longer literal is a client's own more likely than another's too, and takes up to megabytes when it is parsed."""

_ANY = InputType()
"""A type of which the supergraph does not say what the subgraph has of it: it takes any literal, as a custom scalar does."""


def fits(types: Mapping[str, InputType], argument: InputValue, text: str) -> bool:
    """Return whether the value is one of the argument's type.

    Args:
        types: The subgraph's, by name.
        text: The value as GraphQL.
    """
    if text.startswith("$"):
        return True  # the gateway coerces its value to the client's type
    return is_literal_of(lambda name: types.get(name, _ANY), argument.type_name, argument.wrappers, _parsed(text))


@remembered_if_short(max_length=MAX_REMEMBERED_CHARACTERS, max_entries=4096)
def _parsed(text: str) -> ValueNode:
    return parse_value(text, no_location=True)
