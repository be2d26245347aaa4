"""A transport that closes so that the client can read the last answer.

A socket that is closed while bytes of the client are unread resets the connection, and the reset discards the answer that is on its way:
the client of a body that is too large saw a broken pipe in place of the 413. So the sending side is closed first, and what still
arrives is read and discarded for a while.

Source: RFC 9112, section 9.6 (Tear-down).
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

LINGER_SECONDS: Final = 5.0
LINGER_BYTES: Final = 64 * 1024 * 1024


class LingeringTransport:
    """The transport of one connection, as far as HTTP needs it.

    Args:
        transport: The event loop's own.
        is_unread: Returns whether the client is sending, or may be sending, what will not be read.

    Attributes:
        lingers_since: By the loop's clock; None before that.
        write: Sends bytes, or buffers them; between `hold` and `release`, keeps them.
        is_closing: Returns whether nothing more can be sent.
        get_extra_info: Returns what is known of the connection.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, is_unread: Callable[[], bool]
    ) -> None:
        self._transport = transport
        # The event loop's own, since each answer calls them several times.
        self.write: Callable[[bytes], None] = transport.write
        self.is_closing: Callable[[], bool] = transport.is_closing
        self.get_extra_info: Callable[..., Any] = transport.get_extra_info
        self._loop = loop
        self._is_unread = is_unread
        self._held: list[bytes] = []
        self._discarded = 0
        self.lingers_since: float | None = None

    def hold(self) -> None:
        """Keep what is written from now on, so that `release` sends it in one system call."""
        self.write = self._held.append

    def release(self) -> None:
        """Send what was kept, and from now on what is written."""
        self.write = self._transport.write
        if self._held:
            held, self._held = self._held, []
            self._transport.writelines(held)

    def close(self) -> None:
        """Send what is buffered and close: at once, or, if the client may still be sending, once it has closed its side."""
        self.release()
        if self.is_closing():
            return
        if self._is_unread():
            self.linger()
        else:
            self._transport.close()

    def linger(self) -> None:
        """Send what is buffered, close the sending side, and discard what arrives."""
        self.lingers_since = self._loop.time()
        self.is_closing = lambda: True
        self._transport.write_eof()
        self._transport.resume_reading()

    def discard(self, data: bytes) -> None:
        """Take what arrived after the last answer."""
        self._discarded += len(data)
        if self._discarded > LINGER_BYTES:
            self._transport.abort()

    def abort_if_late(self) -> None:
        """Abort the connection if it lingers for too long."""
        if self.lingers_since is not None and self._loop.time() > self.lingers_since + LINGER_SECONDS:
            self._transport.abort()

    def close_now(self) -> None:
        """Send what is buffered and close."""
        self.release()
        self._transport.close()

    def abort(self) -> None:
        """Close without sending what is buffered."""
        self._transport.abort()
