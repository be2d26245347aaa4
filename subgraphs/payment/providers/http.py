"""HTTP to a provider: pooled, bounded in time and size, and with only two kinds of failure left at its edge."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from subgraphs.kit.runtime.deadline import DeadlineExceeded, bounded
from subgraphs.payment.errors import ProviderUnavailable

CONNECT_TIMEOUT_SECONDS = 2.0
MAX_ANSWER_BYTES = 2_000_000
DEFAULT_RETRY_AFTER_MS = 2_000
MAX_RETRY_AFTER_MS = 60_000
_TRY_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer: a status below 500 and a JSON object."""

    status: int
    body: dict[str, Any]

    @property
    def is_good(self) -> bool:
        """True for a 2xx."""
        return 200 <= self.status < 300


class ProviderHttp:
    """A pooled client of one provider.

    Args:
        timeout_seconds: for each call; the request's own deadline may make it shorter.
    """

    def __init__(self, url: str, *, headers: Mapping[str, str], timeout_seconds: float) -> None:
        self._url = url
        self._headers = dict(headers)
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one call.

        Raises:
            ProviderUnavailable: when none came, or one that says to come back later, or one that makes no sense.
        """
        try:
            async with asyncio.timeout(bounded(self._timeout_seconds)):
                async with self._opened().request(
                    method, f"{self._url}{path}", data=body, headers=headers, allow_redirects=False
                ) as answer:
                    raw = await _bounded_body(answer)
        except (aiohttp.ClientError, TimeoutError, DeadlineExceeded, OSError) as error:
            raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS) from error
        if answer.status >= 500 or answer.status in _TRY_LATER:
            raise ProviderUnavailable(_retry_after_ms(answer.headers.get("retry-after")))
        try:
            decoded = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS) from error
        if not isinstance(decoded, dict):
            raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS)
        return Answer(answer.status, decoded)

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        # Made on first use: the session belongs to the loop that runs the requests.
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


async def _bounded_body(answer: aiohttp.ClientResponse) -> bytes:
    raw = b""
    async for chunk in answer.content.iter_chunked(65_536):
        raw += chunk
        if len(raw) > MAX_ANSWER_BYTES:
            raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS)
    return raw


def _retry_after_ms(seconds: str | None) -> int:
    if seconds is None or not (seconds.isascii() and seconds.isdigit() and len(seconds) < 6):
        return DEFAULT_RETRY_AFTER_MS
    return min(int(seconds) * 1000, MAX_RETRY_AFTER_MS)
