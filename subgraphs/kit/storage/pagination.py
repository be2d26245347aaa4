"""Relay pages by keyset: a cursor holds the sort values of its row, signed, so that it can be neither made up nor used on another list.

Rows are in the order of the keys (k1, k2, .., kn), the last of them unique. The rows after a cursor (c1, .., cn) are those with

    k1 > c1  or  k1 = c1 and k2 > c2  or  ..            (with < where a key is descending)

so a page costs the same wherever it is, and rows that come or go meanwhile make no page repeat or skip. For pages of many owners at once
(the orders of each of 20 buyers) the rows are numbered per owner by a window function: one statement, whatever the number of owners.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from subgraphs.kit.runtime.keys import KeyRing

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_SIGNATURE_BYTES = 16

Row = TypeVar("Row")
Owner = TypeVar("Owner")
Mapped_ = TypeVar("Mapped_")


class InvalidCursor(ValueError):
    """Raised when a cursor was not made by us, was changed, or belongs to another list."""

    code = "INVALID_CURSOR"


class InvalidPage(ValueError):
    """Raised when `first` or `last` is out of 0..100, or both directions are asked for at once."""

    code = "INVALID_PAGE"


class Cursors:
    """Makes and reads signed cursors."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def encode(self, scope: str, values: Sequence[object]) -> str:
        """The cursor of a row in the list named by `scope`, such as "products:NEWEST"; values are JSON scalars or datetimes."""
        payload = orjson.dumps([_plain(value) for value in values])
        signature = self._keys.sign(scope.encode() + b"\0" + payload)[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(signature + payload).rstrip(b"=").decode()

    def decode(self, scope: str, cursor: str) -> list[Any]:
        """The values that the cursor was made of.

        Raises:
            InvalidCursor: when it is not a cursor of this list, unchanged.
        """
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise InvalidCursor("the cursor is not valid") from None
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        # Base64 has spare bits at the end: only the one spelling that we write is ours.
        is_canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == cursor
        if not is_canonical or not self._keys.verifies(scope.encode() + b"\0" + payload, signature):
            raise InvalidCursor("the cursor is not valid")
        return [_rich(value) for value in orjson.loads(payload)]


def _plain(value: object) -> object:
    return {"t": value.isoformat()} if isinstance(value, datetime) else value


def _rich(value: Any) -> Any:
    return datetime.fromisoformat(value["t"]) if isinstance(value, dict) else value


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column of the order; it is never NULL. The last key of an order is unique."""

    column: InstrumentedAttribute[Any]
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The four Relay arguments as they came; hashable, so that it can be part of a loader's key."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def is_backward(self) -> bool:
        """True when the page is counted from the end. `first` has a default in the schema, so `last` wins."""
        return self.last is not None

    @property
    def size(self) -> int:
        """The rows wanted.

        Raises:
            InvalidPage: when it is out of 0..100.
        """
        wanted = self.last if self.last is not None else self.first if self.first is not None else DEFAULT_PAGE_SIZE
        if not 0 <= wanted <= MAX_PAGE_SIZE:
            raise InvalidPage(f"a page has 0 to {MAX_PAGE_SIZE} rows")
        return wanted


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page: rows in list order, each with its cursor."""

    rows: list[Row]
    cursors: list[str]
    has_next: bool
    has_previous: bool

    def mapped(self, transform: Callable[[Row], Mapped_]) -> "Page[Mapped_]":
        """The same page of other things."""
        return Page([transform(row) for row in self.rows], self.cursors, self.has_next, self.has_previous)


def empty_page() -> Page[Any]:
    """The page of a list without rows."""
    return Page([], [], has_next=False, has_previous=False)


async def fetch_page(
    session: AsyncSession,
    entity: type[Row],
    *,
    where: Sequence[ColumnElement[bool]] = (),
    keys: Sequence[SortKey],
    page: PageRequest,
    cursors: Cursors,
    scope: str,
) -> Page[Row]:
    """One page of the rows of a mapped class that meet all conditions. One SQL statement.

    Raises:
        InvalidCursor: see `Cursors.decode`.
        InvalidPage: see `PageRequest.size`.
    """
    size = page.size
    statement = _between_cursors(select(entity).where(*where), keys, page, cursors, scope)
    statement = statement.order_by(*_order(keys, page)).limit(size + 1)
    fetched: list[Row] = list((await session.scalars(statement)).all())
    return _page(fetched, keys, page, cursors, scope)


async def fetch_pages(
    session: AsyncSession,
    entity: type[Row],
    *,
    owner: InstrumentedAttribute[Owner],
    owners: Sequence[Owner],
    where: Sequence[ColumnElement[bool]] = (),
    keys: Sequence[SortKey],
    page: PageRequest,
    cursors: Cursors,
    scope: str,
) -> dict[Owner, Page[Row]]:
    """One page for each owner, every owner present. One SQL statement for all of them.

    Args:
        owner: the column of `entity` that says whose row it is.

    Raises:
        InvalidCursor: see `Cursors.decode`.
        InvalidPage: see `PageRequest.size`.
    """
    size = page.size
    ranked = _between_cursors(select(entity).where(owner.in_(owners), *where), keys, page, cursors, scope)
    number = func.row_number().over(partition_by=owner, order_by=_order(keys, page)).label("page_row")
    numbered = ranked.add_columns(number).subquery()
    row_of = aliased(entity, numbered)
    fetched = await session.scalars(select(row_of).where(numbered.c.page_row <= size + 1).order_by(numbered.c.page_row))
    by_owner: dict[Owner, list[Any]] = {each: [] for each in owners}
    for row in fetched:
        by_owner[getattr(row, owner.key)].append(row)
    return {each: _page(rows, keys, page, cursors, scope) for each, rows in by_owner.items()}


def _order(keys: Sequence[SortKey], page: PageRequest) -> list[ColumnElement[Any]]:
    return [key.column.desc() if key.is_descending != page.is_backward else key.column.asc() for key in keys]


def _between_cursors(
    statement: Select[Any], keys: Sequence[SortKey], page: PageRequest, cursors: Cursors, scope: str
) -> Select[Any]:
    if page.after is not None:
        statement = statement.where(_beyond(keys, cursors.decode(scope, page.after), forward=True))
    if page.before is not None:
        statement = statement.where(_beyond(keys, cursors.decode(scope, page.before), forward=False))
    return statement


def _beyond(keys: Sequence[SortKey], values: Sequence[Any], *, forward: bool) -> ColumnElement[bool]:
    if len(values) != len(keys):
        raise InvalidCursor("the cursor is not valid")
    alternatives: list[ColumnElement[bool]] = []
    for position, (key, value) in enumerate(zip(keys, values, strict=True)):
        same = [earlier.column == values[index] for index, earlier in enumerate(keys[:position])]
        past = key.column > value if key.is_descending != forward else key.column < value
        alternatives.append(and_(*same, past))
    return or_(*alternatives)


def _page(fetched: list[Row], keys: Sequence[SortKey], page: PageRequest, cursors: Cursors, scope: str) -> Page[Row]:
    has_more = len(fetched) > page.size
    rows = fetched[: page.size]
    if page.is_backward:
        rows.reverse()
    made = [cursors.encode(scope, [getattr(row, key.column.key) for key in keys]) for row in rows]
    if page.is_backward:
        return Page(rows, made, has_next=page.before is not None, has_previous=has_more)
    return Page(rows, made, has_next=has_more, has_previous=page.after is not None)
