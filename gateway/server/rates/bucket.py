"""Token buckets as the generic cell rate algorithm: one number a bucket, the time at which it is full again.

A bucket holds `burst` tokens and gains `limit` tokens in `per_seconds`. Instead of a count and its age, the store keeps `full_at`.
To take n tokens moves `full_at` n intervals into the future. The bucket is empty when `full_at` is `burst` intervals ahead.

    limit 2 a second, burst 3: interval 0.5 s, window 1.5 s
    t=0    take 1 -> full_at 0.5    take 1 -> 1.0    take 1 -> 1.5    take 1 -> 2.0 is past 0 + 1.5: wait 0.5 s
    t=0.5  take 1 -> full_at 2.0    which is 0.5 + 1.5: allowed

Source: ITU-T I.371, annex A (the continuous-state leaky bucket, in its virtual scheduling form).
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bucket:
    """The size of a bucket.

    Attributes:
        interval_seconds: The time in which one token is gained.
        burst: Tokens of a full bucket, n >= 1.
    """

    interval_seconds: float
    burst: int

    @property
    def window_seconds(self) -> float:
        """The time in which an empty bucket becomes full."""
        return self.interval_seconds * self.burst


class BucketStore(Protocol):
    """Buckets by key, in this process or shared by several."""

    async def take(self, key: str, bucket: Bucket, tokens: int) -> float:
        """Take tokens from a bucket, all or none.

        Args:
            key: Names the limit and the client.
            tokens: n >= 1.

        Returns:
            0.0 if they were taken; otherwise the seconds until they can be. A number of tokens above `burst` is never taken.
        """
        ...

    async def close(self) -> None:
        """Close the connections of the store."""
        ...
