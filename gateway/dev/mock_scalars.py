"""Made-up values of scalars and enums: right for their type, and the same for the same place."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType, GraphQLScalarType

Make = Callable[[int, str], Any]

_MADE: dict[str, Make] = {
    "Int": lambda number, name: number % 100,
    "Float": lambda number, name: number % 10_000 / 100,
    "Boolean": lambda number, name: number % 2 == 0,
    "ID": lambda number, name: f"{number:08x}",
    "date": lambda number, name: f"2026-01-{number % 28 + 1:02}",
    "localdate": lambda number, name: f"2026-01-{number % 28 + 1:02}",
    "datetime": lambda number, name: f"2026-01-{number % 28 + 1:02}T00:00:00Z",
    "timestamp": lambda number, name: f"2026-01-{number % 28 + 1:02}T00:00:00Z",
    "time": lambda number, name: f"{number % 24:02}:00:00",
    "duration": lambda number, name: f"PT{number % 24}H",
    "uuid": lambda number, name: str(uuid.UUID(int=number << 96 | 4 << 76 | 8 << 60)),
    "url": lambda number, name: f"http://127.0.0.1/{name}/{number % 1000}",
    "uri": lambda number, name: f"http://127.0.0.1/{name}/{number % 1000}",
    "emailaddress": lambda number, name: f"{name}{number % 1000}@example.test",
    "email": lambda number, name: f"{name}{number % 1000}@example.test",
    "decimal": lambda number, name: f"{number % 10_000 / 100:.2f}",
    "bigint": lambda number, name: number % 1_000_000,
    "long": lambda number, name: number % 1_000_000,
    "json": lambda number, name: {},
    "jsonobject": lambda number, name: {},
}
"""The scalars of GraphQL by name, and custom ones by their names in small letters; whatever else there is gets text."""


def leaf(type_: GraphQLScalarType | GraphQLEnumType, identity: str, name: str) -> Any:
    """The value of a field.

    Args:
        identity: of the place that the value belongs to.
        name: of the field; text is made of it, so that a reader sees what it stands for.
    """
    number = number_of(identity)
    if isinstance(type_, GraphQLEnumType):
        values = list(type_.values.values())
        return values[number % len(values)].value
    make = _MADE.get(type_.name) or _MADE.get(type_.name.lower())
    return make(number, name) if make is not None else f"{name} {number % 1000}"


def number_of(identity: str) -> int:
    """A number of 32 bits that stands for a place."""
    return int.from_bytes(hashlib.blake2s(identity.encode(), digest_size=4).digest())
