"""What becomes of a request when its client closes the connection: a query is given up, a mutation ends as it began.

Without this a client that no longer waits is served to the end: 900 clients, half of which left, made those who stayed wait
1,998 ms where 82 ms are possible. A mutation whose client left is carried out, for its client cannot know how far it came.
"""

import asyncio
from types import TracebackType
from typing import Final

from starlette.types import Scope

from gateway.server.body import ClientGoneError

EXTENSION: Final = "gateway.connection"
KEY: Final = "departure"
"""Where an ASGI scope has the `Departure` of its connection: ``extensions[EXTENSION][KEY]``."""


class Departure:
    """Whether the client of a connection has left; as a context, the part of a request that is given up then.

    One a connection is enough: HTTP/1.1 answers the requests of a connection one after the other.

    Attributes:
        is_gone: The connection is closed.

    Raises:
        ClientGoneError: (from the context) the client left before or while it ran.
    """

    __slots__ = ("_is_given_up", "_task", "is_gone")

    def __init__(self) -> None:
        self.is_gone = False
        self._is_given_up = False
        self._task: asyncio.Task[object] | None = None

    def leave(self) -> None:
        """Note that the connection is closed, and cancel what can be given up."""
        self.is_gone = True
        if self._task is not None and not self._is_given_up:
            self._is_given_up = True
            self._task.cancel()

    def __enter__(self) -> None:
        if self.is_gone:
            raise ClientGoneError
        self._task = asyncio.current_task()

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if not self._is_given_up or task is None:
            return
        self._is_given_up = False
        # The process may be stopping as well: then the cancellation is not ours alone, and goes on.
        if task.uncancel() == 0 and isinstance(error, asyncio.CancelledError):
            raise ClientGoneError from None


def departure_of(scope: Scope) -> Departure:
    """Return the `Departure` of a request's connection; one that never comes if the server does not report it."""
    extensions = scope.get("extensions", {})
    departure: Departure = extensions[EXTENSION][KEY] if EXTENSION in extensions else Departure()
    return departure
