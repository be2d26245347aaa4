"""The oldest Redis and Valkey servers that the market runs on, and the refusal of an older one.

Redis before 7.0 answers XAUTOCLAIM with two parts instead of three and has no EXPIRE NX: a worker would claim nothing, with an
error for each message, while everything else looks well. Valkey began at 7.2.
"""

import re
from collections.abc import Mapping
from typing import Any

from subgraphs.kit.runtime.readiness import NotReady

OLDEST = {"Redis": (7, 0), "Valkey": (7, 2)}
TIMEOUT_SECONDS = 2.0
_NUMBERS = re.compile(r"\d+")


class ServerTooOld(NotReady):
    """Raised when the server of the queue is older than the oldest that is supported; the message is one sentence for its operator."""


def require_supported(info: Mapping[str, Any]) -> None:
    """Return if a server with this answer to `INFO server` is supported.

    Raises:
        ServerTooOld: When it is older than `OLDEST`, or does not give its version.
    """
    # Valkey gives the version of Redis that it is compatible with as `redis_version`, and its own beside it.
    product = "Valkey" if "valkey_version" in info else "Redis"
    text = str(info.get("valkey_version") or info.get("redis_version") or "of an unknown version")
    if numbers(text) < OLDEST[product]:
        raise ServerTooOld(f"The queue's server is {product} {text}; the oldest that is supported is {oldest()}")


def numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version, such as (7, 0, 15); empty, which is before every version, if it has none."""
    return tuple(int(number) for number in _NUMBERS.findall(text))


def oldest() -> str:
    """The oldest supported servers, for a sentence."""
    return " or ".join(f"{product} {'.'.join(map(str, version))}" for product, version in OLDEST.items())


def refuse_unsupported(url: str) -> None:
    """Ask the server at the URL for its version, when a process starts. One that is away is asked later, by readiness checks.

    Raises:
        ServerTooOld: When it is too old.
    """
    import redis  # its 60 modules would cost `task up` half of its own start

    try:
        with redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        ) as client:
            info = client.info("server")
    except (redis.RedisError, OSError):
        return
    require_supported(info)
