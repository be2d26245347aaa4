"""Tells the merchant what happened: signed, sent again with a growing pause until it is taken with a 2xx.

The header is `Bank-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, made anew for each sending. The order of arrival is not promised.
"""

import asyncio
import hashlib
import hmac
import json
import random
from datetime import timedelta

import aiohttp
import structlog

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.payment.sandbox.store import Event, Store

SIGNATURE_HEADER = "Bank-Signature"
TIMEOUT_SECONDS = 5.0
FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 60.0
BATCH = 20

_log = structlog.get_logger(__name__)


def signature(secret: bytes, body: bytes, *, unix_seconds: int) -> str:
    """The header's value for a body sent at that time."""
    signed = hmac.new(secret, f"{unix_seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={unix_seconds},v1={signed}"


def backoff(attempts: int) -> timedelta:
    """The pause before the next sending, after `attempts` that were not taken, n >= 1; between half and all of a doubling step."""
    step = min(FIRST_BACKOFF_SECONDS * 2 ** min(attempts - 1, 10), MAX_BACKOFF_SECONDS)
    return timedelta(seconds=step * random.uniform(0.5, 1.0))  # noqa: S311 - jitter


class Webhooks:
    """Sends the store's undelivered events to one address; nothing while the address is empty."""

    def __init__(self, store: Store, *, url: str, secret: bytes, clock: Clock = utc_now) -> None:
        self._store = store
        self.url = url
        self._secret = secret
        self._clock = clock

    async def deliver_due(self) -> int:
        """Send what is due, a batch at a time and the batch at once; how many were taken."""
        if not self.url:
            return 0
        async with self._store.transaction() as tx:
            due = await tx.undelivered(now=self._clock(), limit=BATCH)
        if not due:
            return 0
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as session:
            taken = await asyncio.gather(*(self._send(session, event) for event in due))
        async with self._store.transaction() as tx:
            for event, is_taken in zip(due, taken, strict=True):
                now = self._clock()
                if is_taken:
                    await tx.mark_delivered(event, at=now)
                else:
                    await tx.mark_refused(event, due_at=now + backoff(event.attempts + 1))
        return sum(taken)

    async def _send(self, session: aiohttp.ClientSession, event: Event) -> bool:
        body = json.dumps(event.body).encode()
        headers = {
            "content-type": "application/json",
            SIGNATURE_HEADER: signature(self._secret, body, unix_seconds=int(self._clock().timestamp())),
        }
        try:
            async with session.post(
                self.url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            ) as answer:
                is_taken = 200 <= answer.status < 300
                outcome = str(answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            is_taken, outcome = False, type(error).__name__
        _log.info(
            "bank.webhook", event_id=event.id, type=event.body["type"], attempt=event.attempts + 1, outcome=outcome
        )
        return is_taken
