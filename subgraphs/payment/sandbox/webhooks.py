"""Tells the merchant what happened: signed, sent again with a growing pause until it is taken with a 2xx.

The header is `Bank-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, made anew for each sending. The order of arrival is not promised.
"""

import asyncio
import hashlib
import hmac
import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
import structlog

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.payment.sandbox.store import Event, Store, Transaction

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


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong with the events on their way, for tests; nothing by default.

    Attributes:
        is_lost: events count as delivered, and are never sent.
        is_reversed: of the events that are due at once the newest is sent first, one after the other.
        copies: how often each event is sent, n >= 1.
        delay_seconds: how long after it happened an event is sent.
    """

    is_lost: bool = False
    is_reversed: bool = False
    copies: int = 1
    delay_seconds: float = 0.0


class Webhooks:
    """Sends the store's undelivered events to one address; nothing while the address is empty.

    Attributes:
        faults: What goes wrong on the way; set by the control endpoint of tests.
    """

    def __init__(self, store: Store, *, url: str, secret: bytes, clock: Clock = utc_now) -> None:
        self._store = store
        self.url = url
        self._secret = secret
        self._clock = clock
        self.faults = Faults()

    async def deliver_due(self) -> int:
        """Send what is due, a batch at a time and the batch at once; how many were taken."""
        if not self.url:
            return 0
        async with self._store.transaction() as tx:
            due = await self._not_delayed(tx, await tx.undelivered(now=self._clock(), limit=BATCH))
        if not due:
            return 0
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as session:
            taken = await self._send_all(session, due)
        async with self._store.transaction() as tx:
            for event, is_taken in zip(due, taken, strict=True):
                now = self._clock()
                if is_taken:
                    await tx.mark_delivered(event, at=now)
                else:
                    await tx.mark_refused(event, due_at=now + backoff(event.attempts + 1))
        return sum(taken)

    async def _not_delayed(self, tx: Transaction, due: list[Event]) -> list[Event]:
        """Return the events that may go now; those that the faults delay are put off."""
        delay = timedelta(seconds=self.faults.delay_seconds)
        if not delay:
            return due
        now, ready = self._clock(), []
        for event in due:
            due_at = datetime.fromisoformat(event.body["created_at"]) + delay
            if due_at <= now:
                ready.append(event)
            else:
                await tx.put_off(event, due_at=due_at)
        return ready

    async def _send_all(self, session: aiohttp.ClientSession, due: list[Event]) -> list[bool]:
        """Send the events; for each, in their order, whether it was taken."""
        faults = self.faults
        if faults.is_lost:
            return [True] * len(due)
        if not faults.is_reversed:
            copies = [asyncio.gather(*(self._send(session, event) for _ in range(faults.copies))) for event in due]
            return [all(taken) for taken in await asyncio.gather(*copies)]
        taken = {event.id: [await self._send(session, event) for _ in range(faults.copies)] for event in reversed(due)}
        return [all(taken[event.id]) for event in due]

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
