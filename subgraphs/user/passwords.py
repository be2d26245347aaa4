"""Passwords by argon2id, hashed in two threads off a short queue.

A hash takes 64 MiB and tens of milliseconds of processor time. A caller that would wait longer than about a second is refused at
once: it could only time out, and would hold the others back until then.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from subgraphs.user.errors import PasswordsBusy

AT_ONCE = 2
MAX_WAITING = 20

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")


class Passwords:
    """Hashes and verifies.

    Args:
        max_waiting: how many callers may wait for a thread.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, max_waiting: int = MAX_WAITING) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._limit = AT_ONCE + max_waiting
        self._under_way = 0
        self._lock = threading.Lock()
        self._unknown: str | None = None

    def check_room(self) -> None:
        """Return if a caller would be served now.

        Raises:
            PasswordsBusy: when too many wait already.
        """
        if self._under_way >= self._limit:
            raise PasswordsBusy

    async def hash(self, password: str) -> str:
        """The hash to keep.

        Raises:
            PasswordsBusy: when too many wait already.
        """
        return await self._run(self._hasher.hash, password)

    async def is_correct(self, password: str, kept: str | None) -> bool:
        """True when the password made the hash. Without a hash the same time passes, so that the time does not show which accounts exist.

        Raises:
            PasswordsBusy: when too many wait already.
        """
        if kept is not None:
            return await self._run(self._verify, kept, password)
        if self._unknown is None:
            self._unknown = await self.hash("the password of an unknown account")
        await self._run(self._verify, self._unknown, password)
        return False

    def close(self) -> None:
        """Give up what waits, and let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(
        self, work: Callable[Arguments, Made], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Made:
        with self._lock:
            self.check_room()
            self._under_way += 1
        future = self._threads.submit(work, *arguments, **named)
        # Counted until the thread is done: a caller that gives up frees its place in the queue, and a running hash keeps its own.
        future.add_done_callback(lambda _: self._done())
        return await asyncio.wrap_future(future)

    def _done(self) -> None:
        with self._lock:
            self._under_way -= 1

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
