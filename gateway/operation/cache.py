"""Bounded memories: a mapping in which what was used since the last round stays, and functions that remember short texts."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T", str, bytes)


class _Entry(Generic[V]):
    __slots__ = ("size", "used", "value")

    def __init__(self, value: V, size: int) -> None:
        self.value = value
        self.size = size
        self.used = 0


class BoundedCache(Generic[K, V]):
    """A mapping that never holds more than so many entries, nor more than so many bytes.

    A hit costs one look-up and one addition: entries are not moved. To make room, entries are taken oldest first; one that was
    used since it was last looked at goes to the end instead, its uses halved (the second-chance algorithm).

    Args:
        max_entries: n >= 1.
        max_bytes: of the sizes that `put` is told.
    """

    def __init__(self, *, max_entries: int, max_bytes: int | None = None) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: dict[K, _Entry[V]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The value, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        entry.used += 1
        return entry.value

    def put(self, key: K, value: V, *, size: int = 0) -> None:
        """Keep the value, unless it alone is larger than all that may be kept.

        Args:
            size: in bytes, for `max_bytes`.
        """
        if self._max_bytes is not None and size > self._max_bytes:
            return
        old = self._entries.pop(key, None)
        if old is not None:
            self._bytes -= old.size
        self._entries[key] = _Entry(value, size)
        self._bytes += size
        while len(self._entries) > self._max_entries or (self._max_bytes is not None and self._bytes > self._max_bytes):
            self._make_room()

    def hottest(self, count: int) -> list[K]:
        """The keys that were used most, most used first."""
        # A copy: another thread may be putting entries in.
        ranked = sorted(self._entries.copy().items(), key=lambda item: -item[1].used)
        return [key for key, _ in ranked[:count]]

    def _make_room(self) -> None:
        key = next(iter(self._entries))
        entry = self._entries.pop(key)
        if entry.used:
            entry.used >>= 1
            self._entries[key] = entry
        else:
            self._bytes -= entry.size


def remembered_if_short(*, max_length: int, max_entries: int) -> Callable[[Callable[[T], V]], Callable[[T], V]]:
    """Return a decorator that remembers what a function returns for short texts.

    A longer text is read anew each time: clients write it, and a thousand of 60 kB would stay in memory for good.

    Args:
        max_length: of a text that is remembered, in characters or bytes.
    """

    def decorate(read: Callable[[T], V]) -> Callable[[T], V]:
        remembered = lru_cache(maxsize=max_entries)(read)

        @wraps(read)
        def read_or_remember(text: T) -> V:
            return remembered(text) if len(text) <= max_length else read(text)

        return read_or_remember

    return decorate
