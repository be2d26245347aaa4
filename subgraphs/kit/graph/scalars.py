"""The scalars and value types that all subgraphs write alike: time, money, and the pieces of Relay."""

import re
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, NewType

import strawberry
from strawberry import federation
from strawberry.types.scalar import ScalarDefinition

from subgraphs.kit.runtime.idempotency import MAX_KEY_CHARACTERS
from subgraphs.kit.runtime.rules import ID, TextRule, TokenRule

MAX_MINOR_UNITS = 2**53 - 1

MinorUnits = NewType("MinorUnits", int)

MAX_CURSOR_CHARACTERS = 1_000

Id = Annotated[strawberry.ID, ID]
"""The id of a thing of the market, as an argument, read in its canonical form."""

Cursor = Annotated[str, TokenRule(MAX_CURSOR_CHARACTERS)]
"""A signed cursor of a connection, as an argument."""

IdempotencyKey = Annotated[strawberry.ID, TextRule(MAX_KEY_CHARACTERS, least=1, is_trimmed=False)]
"""The key that a client makes up for one write."""

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _parse_minor_units(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_MINOR_UNITS:
        raise ValueError("MinorUnits is a whole number of at most 2^53-1")
    return value


def _parse_datetime(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("DateTime is text by RFC 3339")  # noqa: TRY004 - a scalar refuses by ValueError
    # fromisoformat alone takes more than RFC 3339 does: weeks, dates without a time, offsets with seconds.
    if not _RFC3339.fullmatch(value):
        raise ValueError("DateTime is text by RFC 3339 with an offset, such as 2026-01-31T12:00:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or its UTC value lies before year 1 or after year 9999
        raise ValueError("DateTime is an instant of the years 1 to 9999 in UTC") from None


def rfc3339(instant: datetime) -> str:
    """The instant in UTC, such as 2026-01-31T12:00:00.123456Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=rfc3339,
        parse_value=_parse_datetime,
    ),
    MinorUnits: strawberry.scalar(
        name="MinorUnits",
        description="int64 count of minor units, JSON number <= 2^53-1 (never Float; Int is 32-bit and overflows)",
        serialize=_parse_minor_units,
        parse_value=_parse_minor_units,
    ),
}


@strawberry.enum
class Currency(Enum):
    EUR = "EUR"
    GBP = "GBP"
    RUB = "RUB"
    USD = "USD"


@federation.type(shareable=True)
class Money:
    amount: MinorUnits
    currency: Currency


@strawberry.input
class MoneyInput:
    amount: MinorUnits
    currency: Currency


@strawberry.interface
class Node:
    id: strawberry.ID


@federation.type(shareable=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def money(amount: int, currency: str) -> Money:
    """Money from its two columns."""
    return Money(amount=MinorUnits(amount), currency=Currency(currency))
