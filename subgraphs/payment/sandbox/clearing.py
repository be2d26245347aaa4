"""The bank's one background task: settles slow payments and sends events, when something is due and not before."""

import asyncio
from contextlib import suppress

import structlog

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.payment.sandbox.bank import Bank
from subgraphs.payment.sandbox.store import Store
from subgraphs.payment.sandbox.webhooks import Webhooks

IDLE_SECONDS = 30.0
PAUSE_AFTER_ERROR_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Clearing:
    """Runs until it is cancelled; `wake` says that something new is due."""

    def __init__(self, store: Store, bank: Bank, webhooks: Webhooks, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._bank = bank
        self._webhooks = webhooks
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at once instead of at the next due time."""
        self._woken.set()

    async def run(self) -> None:
        """Settle and send for ever. An error is logged and pauses the work, it does not end it."""
        while True:
            self._woken.clear()
            try:
                await self._bank.settle_due()
                await self._webhooks.deliver_due()
                pause = await self._seconds_to_next()
            except Exception:  # noqa: BLE001 - logged; the bank must go on
                _log.exception("bank.clearing_failed")
                pause = PAUSE_AFTER_ERROR_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def _seconds_to_next(self) -> float:
        async with self._store.transaction() as tx:
            due = await tx.next_due(with_events=bool(self._webhooks.url))
        if due is None:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.0, (due - self._clock()).total_seconds()))
