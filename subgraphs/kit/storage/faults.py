"""The faults of a database that pass by themselves, as two typed exceptions.

SQLAlchemy, asyncpg, and sqlite3 report a locked file, an exhausted pool, and a restarting server as some twenty classes.
`Database` turns each of them into `DatabaseUnavailable`, and a deadlock or a serialization failure into `TransactionConflict`.
Every other error of a database is a fault of our own, and passes unchanged.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

SQLITE_PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
)
"""Primary result codes: another process holds the file, the disk is full, the disk does not answer."""

SQLSTATE_CONFLICTS = frozenset({"40001", "40P01"})
"""serialization_failure and deadlock_detected: the server undid this transaction for the sake of another."""

SQLSTATE_PASSING = frozenset({"25P03", "55P03", "57014", "57P01", "57P02", "57P03", "57P05"})
"""A time-out of an idle transaction, a lock or a statement; a server that stops, crashed or starts; a time-out of an idle session."""

SQLSTATE_PASSING_CLASSES = frozenset({"08", "53"})
"""connection_exception and insufficient_resources (connections, memory, disk)."""

_PRIMARY_CODE = 0xFF


class DatabaseUnavailable(Exception):
    """Raised when the database cannot answer now: it is locked, full, restarting, or all connections are in use.

    A transaction that raises it was not committed, unless the connection broke during the commit itself: then nobody knows.
    """

    code = "SERVICE_UNAVAILABLE"


class TransactionConflict(DatabaseUnavailable):
    """Raised when the database undid a transaction for the sake of another one. Nothing was committed."""


def passing_fault(error: BaseException) -> DatabaseUnavailable | None:
    """Return the typed exception for a fault that passes by itself; None for every other error."""
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailable("all connections are in use")
    # A server that is stopped accepts a connection and is silent: the driver's own time-out. Subclasses belong to callers.
    if type(error) is TimeoutError:
        return DatabaseUnavailable("the database server is silent")
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)  # absent from errors that the sqlite3 module itself raises
        return DatabaseUnavailable(str(cause)) if code is not None and code & _PRIMARY_CODE in SQLITE_PASSING else None
    state = getattr(cause, "sqlstate", None)
    if state in SQLSTATE_CONFLICTS:
        return TransactionConflict(f"SQLSTATE {state}")
    if state is not None and (state in SQLSTATE_PASSING or state[:2] in SQLSTATE_PASSING_CLASSES):
        return DatabaseUnavailable(f"SQLSTATE {state}")
    is_broken = isinstance(error, DBAPIError) and error.connection_invalidated
    return DatabaseUnavailable("the connection broke") if is_broken else None


@contextmanager
def typed_faults() -> Iterator[None]:
    """Raise the typed exception for each passing fault of the block."""
    try:
        yield
    except (DBAPIError, PoolTimeout, asyncpg.PostgresError, TimeoutError) as error:
        fault = passing_fault(error)
        if fault is None:
            raise
        raise fault from error


@contextmanager
def typed_connect_faults() -> Iterator[None]:
    """Raise `DatabaseUnavailable` when no connection can be opened; nothing but connecting belongs in the block."""
    try:
        yield
    except OSError as error:
        raise DatabaseUnavailable(f"no connection: {type(error).__name__}") from error
