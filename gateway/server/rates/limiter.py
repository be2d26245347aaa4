"""The rate limits of the settings, held against requests.

A client is the account of its access token, or else its address: an IPv6 client by its /64, since one subscriber owns all of it.
A token that was not verified before is charged to the address, so that guessing tokens is bounded as well.
"""

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.errors import ClientError
from gateway.operation.access import Caller
from gateway.server.metrics import RATE_LIMITED
from gateway.server.rates.bucket import Bucket, BucketStore
from gateway.settings import BucketSettings, RateLimitSettings

CLIENT_LIMIT = "client"


@dataclass(frozen=True, slots=True)
class RequestSource:
    """Where a request comes from.

    Attributes:
        address: The client's address, IPv6 shortened to its /64.
        account: The subject of the access token; None for an anonymous caller.
    """

    address: str
    account: str | None = None

    @staticmethod
    def of(address: str, caller: Caller) -> "RequestSource":
        """Return the source for an address as the connection or the proxy states it, and a verified caller."""
        return RequestSource(network_of(address), caller.subject)

    @property
    def client(self) -> str:
        """The key of the client: the account, or else the address."""
        return f"address:{self.address}" if self.account is None else f"account:{self.account}"


class RateLimiter:
    """Holds the limits of the settings.

    Args:
        settings: The limits, and whether they are enforced.
        store: The buckets; closed by its owner.
    """

    def __init__(self, settings: RateLimitSettings, store: BucketStore) -> None:
        self._store = store
        self._is_enforced = settings.mode == "enforce"
        self._client = _bucket(settings.client) if settings.client is not None else None
        self._fields: dict[str, tuple[Bucket, Literal["client", "address"]]] = {
            coordinate: (_bucket(field), field.by) for coordinate, field in settings.fields.items()
        }

    async def admit_request(self, source: RequestSource) -> None:
        """Count one request of a client.

        Raises:
            ClientError: RATE_LIMITED (429).
        """
        if self._client is not None:
            await self._take(CLIENT_LIMIT, source.client, self._client, 1)

    async def admit_unverified(self, source: RequestSource) -> None:
        """Count one token that has to be verified against the address that sent it.

        Raises:
            ClientError: RATE_LIMITED (429).
        """
        if self._client is not None:
            await self._take(CLIENT_LIMIT, f"address:{source.address}", self._client, 1)

    async def admit_fields(self, source: RequestSource, root_fields: Mapping[str, int]) -> None:
        """Count the root fields that an operation is about to execute.

        Args:
            root_fields: Coordinates such as ``Mutation.signIn`` with the number of times that each is executed.

        Raises:
            ClientError: RATE_LIMITED (429).
        """
        for coordinate in self._fields.keys() & root_fields.keys():
            bucket, by = self._fields[coordinate]
            key = source.client if by == "client" else f"address:{source.address}"
            await self._take(coordinate, key, bucket, root_fields[coordinate])

    async def _take(self, limit: str, key: str, bucket: Bucket, tokens: int) -> None:
        wait_seconds = await self._store.take(f"{limit}:{key}", bucket, tokens)
        if wait_seconds == 0.0:
            return
        RATE_LIMITED.labels(limit, "refused" if self._is_enforced else "measured").inc()
        if self._is_enforced:
            raise _refusal(limit, bucket, tokens, wait_seconds)


def network_of(address: str) -> str:
    """Return the part of an address that one subscriber owns: IPv4 whole, IPv6 its /64; what is no address, as it is."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped is not None else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _bucket(settings: BucketSettings) -> Bucket:
    return Bucket(settings.per_seconds / settings.limit, settings.burst or settings.limit)


def _refusal(limit: str, bucket: Bucket, tokens: int, wait_seconds: float) -> ClientError:
    subject = "Requests" if limit == CLIENT_LIMIT else f"Executions of {limit}"
    if tokens > bucket.burst:
        message = f"{subject} are limited to {bucket.burst} at once; this operation has {tokens}."
    else:
        message = f"{subject} of this client come too fast; try again in {math.ceil(wait_seconds)} s."
    extensions = {"limit": limit, "retryAfterSeconds": math.ceil(wait_seconds)}
    return ClientError(message, code="RATE_LIMITED", status=429, extensions=extensions)
