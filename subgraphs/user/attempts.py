"""Limits on how often an account is tried: counted in Redis, so that replicas count together.

Two windows count each sign-in. One is per account and client address, so that a stranger locks out nobody but himself. The other is
per account, over all addresses, and stops guesses from many of them; it does not hold for addresses from which the account has
signed in before. An attempt that ends without a verdict (its time was over, the database was away) is given back: it told nothing, and
an overloaded minute must not lock out those who know their passwords.

A Redis that is away opens neither: the process counts in its own memory meanwhile. Any other failure refuses the attempt.
"""

import hashlib
import ipaddress
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import redis.exceptions
import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter
from prometheus_client import Counter

from subgraphs.user.errors import AttemptsNotCounted, TooManyAttempts

KNOWN_ADDRESS_SECONDS = 90 * 86_400
IPV6_PREFIX = 64

_TIMEOUT_SECONDS = 0.5

Counted = TypeVar("Counted")

_log = structlog.get_logger(__name__)
_uncounted = Counter(
    "user_attempts_not_in_redis_total", "Attempts that Redis did not count, by what happened instead.", ["instead"]
)


class AttemptCounter:
    """Fixed windows of attempts, in Redis, or in this process's memory while Redis is away.

    Args:
        url: of Redis.
    """

    def __init__(self, url: str) -> None:
        self._shared = RedisStorage(
            url,
            implementation="redispy",
            key_prefix="user",
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
        )
        self._own = MemoryStorage()

    async def hit(self, limit: RateLimitItem, *key: str) -> None:
        """Count one attempt.

        Raises:
            TooManyAttempts: when the window is full.
            AttemptsNotCounted: when Redis answers, but does not count.
        """

        async def counted(storage: Storage) -> float | None:
            limiter = FixedWindowRateLimiter(storage)
            if await limiter.hit(limit, *key):
                return None
            return (await limiter.get_window_stats(limit, *key)).reset_time

        reset_at = await self._count(counted)
        if reset_at is not None:
            raise TooManyAttempts(max(0, int((reset_at - time.time()) * 1000)))

    async def give_back(self, limit: RateLimitItem, *key: str) -> None:
        """Take one attempt out of a window again; nothing happens once the window is over."""
        counted = limit.key_for(*key)

        async def taken_out(storage: Storage) -> None:
            if await storage.get(counted) > 0:  # -1 in a window that is over would allow one attempt more in the next
                await storage.incr(counted, limit.get_expiry(), -1)

        await self._count(taken_out)

    async def forget(self, limit: RateLimitItem, *key: str) -> None:
        """Empty a window."""
        await self._count(lambda storage: storage.clear(limit.key_for(*key)))

    async def mark(self, key: str, *, seconds: int) -> None:
        """Remember a key for some time."""
        await self._count(lambda storage: storage.incr(key, seconds))

    async def is_marked(self, key: str) -> bool:
        """Return True when the key is remembered."""
        return await self._count(lambda storage: storage.get(key)) > 0

    async def close(self) -> None:
        """Close the connections to Redis."""
        bridge = self._shared.bridge
        assert isinstance(bridge, RedispyBridge), "the storage was opened with redis-py"
        await bridge.storage.aclose()

    async def _count(self, counting: Callable[[Storage], Awaitable[Counted]]) -> Counted:
        try:
            return await counting(self._shared)
        except (redis.exceptions.AuthenticationError, redis.exceptions.AuthorizationError) as error:
            raise self._refusal(error) from error
        except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError) as error:
            _uncounted.labels("memory").inc()
            _log.warning("user.attempts_counted_in_memory", error=type(error).__name__)
            return await counting(self._own)
        except Exception as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> AttemptsNotCounted:
        _uncounted.labels("refused").inc()
        _log.error("user.attempts_not_counted", error=type(error).__name__, exc_info=error)
        return AttemptsNotCounted()


class SignInAttempts:
    """The limits of signing in.

    Args:
        per_address: attempts at one account from one client address in a window.
        per_account: attempts at one account from all addresses that it has not signed in from before.
    """

    def __init__(self, counter: AttemptCounter, *, per_address: int, per_account: int, window_seconds: int) -> None:
        self._counter = counter
        self._per_address = RateLimitItemPerSecond(per_address, window_seconds, namespace="sign-in-from")
        self._per_account = RateLimitItemPerSecond(per_account, window_seconds, namespace="sign-in")

    async def count(self, email: str, address: str | None) -> None:
        """Count one attempt at the account of an e-mail address, from a client's address.

        Raises:
            TooManyAttempts: when one of the windows is full.
            AttemptsNotCounted: when Redis answers, but does not count.
        """
        account, source = _hashed(email), _hashed(network_of(address))
        await self._counter.hit(self._per_address, account, source)
        if not await self._counter.is_marked(_known(account, source)):
            await self._counter.hit(self._per_account, account)

    async def give_back(self, email: str, address: str | None) -> None:
        """Take back what `count` counted, of an attempt that ended without a verdict."""
        account, source = _hashed(email), _hashed(network_of(address))
        await self._counter.give_back(self._per_address, account, source)
        if not await self._counter.is_marked(_known(account, source)):
            await self._counter.give_back(self._per_account, account)

    async def succeeded(self, email: str, address: str | None) -> None:
        """Begin a new window after a success, and remember the address as one of the account's."""
        account, source = _hashed(email), _hashed(network_of(address))
        await self._counter.forget(self._per_address, account, source)
        await self._counter.mark(_known(account, source), seconds=KNOWN_ADDRESS_SECONDS)


def network_of(address: str | None) -> str:
    """The part of a client's address that one client holds: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)


def _hashed(text: str) -> str:
    # Neither e-mail addresses nor client addresses are readable in Redis.
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _known(account: str, source: str) -> str:
    return f"sign-in-known/{account}/{source}"
