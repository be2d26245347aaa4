"""A count of SQL statements, so that a test can say that a longer list costs no more of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from subgraphs.kit.runtime.background import TASK_PREFIX
from subgraphs.kit.storage.session import Database

_NOT_COUNTED = ("BEGIN", "PRAGMA")


@contextmanager
def counted_statements(database: Database) -> Iterator[list[str]]:
    """The statements that the database runs inside the block, in order.

    Those that begin transactions are left out, and those of background loops, which run whenever their time has come.
    """
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith(_NOT_COUNTED) and not _is_in_loop():
            seen.append(statement)

    engines = (database.engines.writer, database.engines.reader)
    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine.sync_engine, "before_cursor_execute", note)


def _is_in_loop() -> bool:
    task = asyncio.current_task()
    return task is not None and task.get_name().startswith(TASK_PREFIX)
