"""Whether a subgraph takes what a fetch gives to an argument, as far as it is written out."""

from collections.abc import Mapping
from functools import lru_cache

from graphql import ValueNode, parse_value

from gateway.supergraph.literals import is_literal_of
from gateway.supergraph.model import InputType, InputValue

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


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ValueNode:
    return parse_value(text, no_location=True)
