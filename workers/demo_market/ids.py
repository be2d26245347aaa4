"""Ids that a seed decides: UUIDv7 with the row's own time in front and the generator's numbers behind.

Source: RFC 9562, section 5.7.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def uuid7s(instants: Sequence[float] | NDArray[np.float64], rng: np.random.Generator) -> list[str]:
    """An id for each instant (Unix seconds), in the order given."""
    milliseconds = (np.asarray(instants, dtype=np.float64) * 1000.0).astype(np.uint64)
    count = len(milliseconds)
    octets = np.empty((count, 16), dtype=np.uint8)
    for place in range(6):
        octets[:, place] = (milliseconds >> np.uint64(8 * (5 - place))) & np.uint64(0xFF)
    octets[:, 6:] = rng.integers(0, 256, size=(count, 10), dtype=np.uint8)
    octets[:, 6] = (octets[:, 6] & 0x0F) | 0x70
    octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
    digits = octets.tobytes().hex()
    lines = (digits[start : start + 32] for start in range(0, 32 * count, 32))
    return [f"{x[:8]}-{x[8:12]}-{x[12:16]}-{x[16:20]}-{x[20:]}" for x in lines]


def rfc3339(instants: Sequence[float] | NDArray[np.float64]) -> list[str]:
    """Unix seconds as RFC 3339 in UTC, to the millisecond."""
    milliseconds = (np.asarray(instants, dtype=np.float64) * 1000.0).astype("datetime64[ms]")
    return [f"{text}Z" for text in np.datetime_as_string(milliseconds, unit="ms").tolist()]
