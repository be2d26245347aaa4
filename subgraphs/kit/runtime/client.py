"""Calls from one service to another: GraphQL over HTTP with the caller's deadline, trace and identity.

A call is tried again only when its caller says that it may be (`attempts`), only while there is time, and only after a
failure that says nothing was answered: no connection, a broken one, or a 502, 503 or 504.
"""

import asyncio
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from subgraphs.kit.runtime.deadline import DEADLINE_HEADER, DeadlineExceeded, bounded
from subgraphs.kit.runtime.identity import Identity, ServiceTokens
from subgraphs.kit.runtime.telemetry import trace_headers

if TYPE_CHECKING:
    import aiohttp

CONNECT_TIMEOUT_SECONDS = 1.0
FIRST_BACKOFF_SECONDS = 0.05
MAX_ANSWER_BYTES = 16_000_000
_RETRYABLE_STATUS = frozenset({502, 503, 504})


class ServiceError(Exception):
    """A call to another service that gave no data. The root of the two causes."""

    def __init__(self, service: str, message: str) -> None:
        super().__init__(f"{service}: {message}")
        self.service = service


class ServiceUnavailable(ServiceError):
    """Raised when the service could not be reached, answered no GraphQL, or had no time left to answer."""


class ServiceRefused(ServiceError):
    """Raised when the service answered with GraphQL errors; `codes` are their `extensions.code`, in order."""

    def __init__(self, service: str, errors: list[dict[str, Any]]) -> None:
        self.errors = errors
        self.codes = tuple(_code_of(error) for error in errors)
        super().__init__(service, f"refused: {', '.join(self.codes)}")


def _code_of(error: dict[str, Any]) -> str:
    extensions = error.get("extensions")
    return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""


class GraphQLClient:
    """A pooled client of one service.

    Args:
        service: the name of the service that is called, for errors.
        caller: the name of the service that calls, put into the token.
    """

    def __init__(
        self, url: str, *, service: str, caller: str, tokens: ServiceTokens, max_connections: int = 100
    ) -> None:
        self._url = url
        self._service = service
        self._caller = caller
        self._tokens = tokens
        self._max_connections = max_connections
        self._session: aiohttp.ClientSession | None = None

    async def execute(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        identity: Identity | None = None,
        attempts: int = 1,
        timeout_seconds: float = 3.0,
    ) -> dict[str, Any]:
        """The `data` of the answer.

        Args:
            identity: on whose behalf; its subject, roles and scopes go on under our own name. None calls for the service itself.
            attempts: how often the call may be made, n >= 1; above 1 only for what is idempotent.
            timeout_seconds: for all attempts together; the request's own deadline may make it shorter.

        Raises:
            ServiceUnavailable: when no answer came.
            ServiceRefused: when the answer has errors.
        """
        body = orjson.dumps({"query": query, "variables": dict(variables or {})})
        behalf = identity or Identity(caller=self._caller)
        token = self._tokens.mint(
            Identity(
                caller=self._caller,
                subject=behalf.subject,
                roles=behalf.roles,
                scopes=behalf.scopes,
                anonymous_id=behalf.anonymous_id,
            )
        )
        try:
            async with asyncio.timeout(bounded(timeout_seconds)) as scope:
                return await self._attempts(body, token, attempts=attempts, deadline=scope.when())
        except DeadlineExceeded as error:
            raise ServiceUnavailable(self._service, "no time left") from error
        except TimeoutError as error:
            raise ServiceUnavailable(self._service, "timed out") from error

    async def _attempts(self, body: bytes, token: str, *, attempts: int, deadline: float | None) -> dict[str, Any]:
        for attempt in range(1, attempts + 1):
            try:
                return await self._once(body, token, deadline=deadline)
            except ServiceUnavailable:
                if attempt == attempts:
                    raise
            await asyncio.sleep(random.uniform(0.5, 1.0) * FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1))  # noqa: S311 - jitter
        raise AssertionError("attempts is at least 1")

    async def _once(self, body: bytes, token: str, *, deadline: float | None) -> dict[str, Any]:
        import aiohttp

        headers = {"authorization": f"Bearer {token}", "content-type": "application/json", **trace_headers()}
        if deadline is not None:
            left = max(0.0, deadline - asyncio.get_running_loop().time())
            headers[DEADLINE_HEADER] = str(int(left * 1000))
        try:
            async with self._opened().post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
                raw = await answer.content.read(MAX_ANSWER_BYTES + 1)
                while len(raw) <= MAX_ANSWER_BYTES and (
                    chunk := await answer.content.read(MAX_ANSWER_BYTES + 1 - len(raw))
                ):
                    raw += chunk
        except (aiohttp.ClientError, OSError) as error:
            raise ServiceUnavailable(self._service, type(error).__name__) from error
        if status in _RETRYABLE_STATUS:
            raise ServiceUnavailable(self._service, f"HTTP {status}")
        return self._read(status, raw)

    def _read(self, status: int, raw: bytes) -> dict[str, Any]:
        try:
            answer = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ServiceUnavailable(self._service, f"HTTP {status} that is not JSON") from error
        if not isinstance(answer, dict):
            raise ServiceUnavailable(self._service, f"HTTP {status} that is not a GraphQL answer")
        errors = answer.get("errors")
        if errors:
            # Errors of another shape are no refusal that a caller may act upon: the peer is broken.
            if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
                raise ServiceUnavailable(self._service, f"HTTP {status} with errors that are not GraphQL's")
            raise ServiceRefused(self._service, errors)
        data = answer.get("data")
        if status != 200 or not isinstance(data, dict):
            raise ServiceUnavailable(self._service, f"HTTP {status} without data")
        return data

    def _opened(self) -> "aiohttp.ClientSession":
        # Made on first use: the session belongs to the loop that runs the requests.
        import aiohttp

        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._max_connections, ttl_dns_cache=30),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
