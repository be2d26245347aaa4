"""What a leaf's value must be to be shown: result coercion of the built-in scalars and enums.

Source: GraphQL, sections 3.5 (scalars) and 3.9 (enums). Where the specification lets a server coerce without loss, we do:
an ID that is an integer becomes a string, an integral number is an Int. Custom scalars are never looked at.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType

LeafReader = Callable[[Any], Any]
"""Gives what is shown for a value that is not null; None if it does not fit."""

MAX_INT = 2**31 - 1
MIN_INT = -(2**31)


def leaf_reader(type_: GraphQLLeafType) -> LeafReader | None:
    """How values of a leaf type are read; None for custom scalars, whose values pass untouched."""
    if isinstance(type_, GraphQLEnumType):
        visible = frozenset(type_.values)
        return lambda value: value if isinstance(value, str) and value in visible else None
    return _READERS.get(type_.name)


def _int(value: Any) -> int | None:
    # The range comes first: to compare is cheap at any exponent, `abs` overflows and `int` would write a billion digits.
    if isinstance(value, Decimal) and MIN_INT <= value <= MAX_INT and value == value.to_integral_value():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and MIN_INT <= value <= MAX_INT else None


def _float(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        value = float(value)
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else None


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _id(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


_READERS: dict[str, LeafReader] = {"Int": _int, "Float": _float, "String": _string, "Boolean": _boolean, "ID": _id}
