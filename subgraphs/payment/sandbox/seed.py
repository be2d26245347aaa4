"""Puts captured intents into the bank's memory, as if they had gone through it; a second time changes nothing. No events are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from subgraphs.payment.sandbox.rules import CaptureMode, Intent, IntentStatus, Refund
from subgraphs.payment.sandbox.settings import BankSettings
from subgraphs.payment.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class SeededIntent:
    """A capture of long ago, refunded whole when it has a refund."""

    id: str
    reference: str
    amount: int
    currency: str
    method: str
    at: datetime
    refund_id: str | None = None
    refund_reference: str | None = None
    refunded_at: datetime | None = None


async def remember(settings: BankSettings, seeded: Sequence[SeededIntent]) -> int:
    """Write those that the bank does not know; how many."""
    store = Store(settings.file)
    await store.open()
    written = 0
    try:
        async with store.transaction() as tx:
            for each in seeded:
                if await tx.intent(each.id) is not None:
                    continue
                await tx.save(_intent(each))
                if each.refund_id and each.refund_reference and each.refunded_at:
                    await tx.add_refund(
                        Refund(each.refund_id, each.id, each.refund_reference, each.amount, each.refunded_at)
                    )
                written += 1
    finally:
        await store.close()
    return written


def _intent(each: SeededIntent) -> Intent:
    return Intent(
        id=each.id,
        reference=each.reference,
        amount=each.amount,
        currency=each.currency,
        capture_mode=CaptureMode.AUTOMATIC,
        created_at=each.at,
        status=IntentStatus.CAPTURED,
        method=each.method,
        captured=each.amount,
        refunded=each.amount if each.refunded_at else 0,
    )
