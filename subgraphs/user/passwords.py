"""Passwords by argon2id, hashed in threads, two at once: a hash takes 64 MiB and tens of milliseconds of processor time."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2


class Passwords:
    """Hashes and verifies."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_correct(self, password: str, kept: str | None) -> bool:
        """True when the password made the hash. Without a hash the same time passes, so that nobody learns which accounts exist."""
        if self._nobody is None:
            self._nobody = await self.hash("nobody's password")
        async with self._turn:
            matches = await asyncio.to_thread(self._verify, kept or self._nobody, password)
        return matches and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
