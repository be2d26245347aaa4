"""The bank's one background task: settles slow payments and sends events, when something is due and not before."""

import asyncio
from contextlib import suppress

from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.payment.sandbox.bank import Bank
from subgraphs.payment.sandbox.store import Store
from subgraphs.payment.sandbox.webhooks import Webhooks

IDLE_SECONDS = 30.0


class Clearing:
    """The work of the loop `loop`; `wake` says that something new is due."""

    def __init__(self, store: Store, bank: Bank, webhooks: Webhooks, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._bank = bank
        self._webhooks = webhooks
        self._clock = clock
        self._woken = asyncio.Event()
        self.loop = Loop("bank.clearing", self.settle_and_send, pause_seconds=0.0)

    def wake(self) -> None:
        """Look at once instead of at the next due time."""
        self._woken.set()

    async def settle_and_send(self) -> None:
        """Settle and send what is due, and wait until something is due again."""
        self._woken.clear()
        await self._bank.settle_due()
        await self._webhooks.deliver_due()
        with suppress(TimeoutError):
            async with asyncio.timeout(await self._seconds_to_next()):
                await self._woken.wait()

    async def _seconds_to_next(self) -> float:
        async with self._store.transaction() as tx:
            due = await tx.next_due(with_events=bool(self._webhooks.url))
        if due is None:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.0, (due - self._clock()).total_seconds()))
