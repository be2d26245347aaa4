"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import DateTime, Dialect, TypeDecorator
from sqlalchemy.sql.operators import OperatorType


class UnstorableText(ValueError):
    """Raised when text is longer than its column, or has a NUL or a lone surrogate: PostgreSQL refuses it, SQLite would not."""


class String(TypeDecorator[str]):
    """Text of at most `length` characters; `varchar` in both databases, and enforced on both.

    SQLite ignores a column's length and stores NUL. This type refuses what PostgreSQL refuses, so a test on either proves both.
    """

    impl = sqlalchemy.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.most = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text; raise UnstorableText when the column cannot hold it."""
        return _storable(value, self.most)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> Any:
        """Return the type of what a column is compared with: it may be longer, such as the pattern of LIKE."""
        return _ComparedText()


class LongText(TypeDecorator[str]):
    """Text of at most `most` characters in a column of type `text`, which has no length of its own."""

    impl = sqlalchemy.Text
    cache_ok = True

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text; raise UnstorableText when the column cannot hold it."""
        return _storable(value, self.most)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> Any:
        """Return the type of what a column is compared with."""
        return _ComparedText()


class _ComparedText(TypeDecorator[str]):
    impl = sqlalchemy.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _storable(value, None)


def _storable(value: str | None, most: int | None) -> str | None:
    if value is None:
        return None
    if most is not None and len(value) > most:
        raise UnstorableText(f"a text of {len(value)} characters does not fit a column of {most}")
    if "\0" in value:
        raise UnstorableText("a text with NUL does not fit any column")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnstorableText("a text with a lone surrogate does not fit any column") from None
    return value


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Aware in Python and in UTC; `timestamptz` in PostgreSQL, sortable text of fixed width in SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        instant = value.astimezone(UTC)
        # Not strftime: its %Y writes the year 7 as "7", which sorts after 2026.
        return (
            f"{instant.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
            if dialect.name == "sqlite"
            else instant
        )

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return datetime.fromisoformat(value) if dialect.name == "sqlite" else value.astimezone(UTC)
