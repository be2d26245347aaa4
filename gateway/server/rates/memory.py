"""Buckets in the memory of this process."""

import time
from collections import OrderedDict
from collections.abc import Callable

from gateway.server.rates.bucket import Bucket

MAX_KEYS = 100_000
"""Bounds the memory (about 20 MB). Beyond it the bucket that was used least recently is forgotten, and so is full again."""


class MemoryBuckets:
    """A store for one process.

    Args:
        clock: Gives seconds that never go back.
        max_keys: The number of buckets that are kept.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, max_keys: int = MAX_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._full_at: OrderedDict[str, float] = OrderedDict()

    async def take(self, key: str, bucket: Bucket, tokens: int) -> float:
        """Take tokens from a bucket, all or none; see `BucketStore.take`."""
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now) + tokens * bucket.interval_seconds
        wait_seconds = full_at - now - bucket.window_seconds
        # The sum of many intervals is off by a rounding error, which must not refuse the last token of a burst.
        if wait_seconds > bucket.interval_seconds * 1e-6:
            return wait_seconds
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._max_keys:
            self._full_at.popitem(last=False)
        return 0.0

    async def close(self) -> None:
        """Do nothing: there is no connection."""
