"""Counts SQL statements, so that a test can say that a longer list costs no more of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from subgraphs.kit.storage.session import Database

_NOT_COUNTED = ("BEGIN", "PRAGMA")


@contextmanager
def counted_statements(database: Database) -> Iterator[list[str]]:
    """The statements that the database runs inside the block, in order, without those that begin transactions."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith(_NOT_COUNTED):
            seen.append(statement)

    engines = (database.engines.writer, database.engines.reader)
    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine.sync_engine, "before_cursor_execute", note)
