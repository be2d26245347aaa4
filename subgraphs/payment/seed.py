"""Fills the payment database from orders.jsonl: a captured payment for every order that was paid, refunded where the order was undone.

The bank of the sandbox is told the same, so that a seeded payment can be refunded like any other. A second time changes nothing: the ids
are made of the orders'.
"""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.seed import chunks, read_lines
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.payment.model import PaymentStatus
from subgraphs.payment.sandbox.seed import SeededIntent, remember
from subgraphs.payment.sandbox.settings import BankSettings
from subgraphs.payment.settings import PaymentSettings
from subgraphs.payment.tables import Payment, PaymentEvent, Refund

METHOD = "card_ok"
_UNDONE = frozenset({"REFUNDED", "CANCELLED"})

Order = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order that was paid, and when the money went back, if it did."""

    order: Order
    paid_at: datetime
    refunded_at: datetime | None

    @property
    def amount(self) -> int:
        """Minor units."""
        items = sum(item["unit_price"]["amount"] * item["quantity"] for item in self.order["items"])
        return int(items + self.order["shipping"]["amount"])

    def id_of(self, what: str, at: datetime) -> str:
        """The id of something that comes with this order: the same each time."""
        return uuid7_of(f"{self.order['id']}:{what}", at)


async def seed(settings: PaymentSettings, folder: Path, *, bank: BankSettings | None) -> int:
    """Write what is missing; how many rows were written.

    Args:
        bank: whose memory gets the same payments; None with another provider.
    """
    database = Database(settings.database, synchronous="FULL")
    written = 0
    try:
        for orders in chunks(read_lines(folder / "orders.jsonl")):
            paid = list(paid_orders(orders))
            async with database.transaction() as session:
                written += await _write(session, paid, provider=settings.provider)
            if bank is not None:
                await remember(bank, [_intent(each) for each in paid])
    finally:
        await database.close()
    return written


def paid_orders(orders: list[Order]) -> Iterator[PaidOrder]:
    """Those of the orders that were paid at some time."""
    for order in orders:
        paid_at = next((_instant(step["at"]) for step in order["history"] if step["to"] == "PAID"), None)
        if paid_at is None:
            continue
        is_undone = order["status"] in _UNDONE
        yield PaidOrder(order, paid_at, _instant(order["history"][-1]["at"]) if is_undone else None)


def uuid7_of(text: str, at: datetime) -> str:
    """The UUIDv7 of an instant whose random part is a digest of the text."""
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10])
    value = int(at.timestamp() * 1000) << 80 | digest
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


async def _write(session: AsyncSession, paid: list[PaidOrder], *, provider: str) -> int:
    written = await insert_missing(session, Payment, [_payment(each, provider) for each in paid])
    written += await insert_missing(session, PaymentEvent, [step for each in paid for step in _history(each)])
    return written + await insert_missing(session, Refund, [_refund(each) for each in paid if each.refunded_at])


def _payment(paid: PaidOrder, provider: str) -> dict[str, Any]:
    status = PaymentStatus.REFUNDED if paid.refunded_at else PaymentStatus.CAPTURED
    return {
        "id": paid.id_of("payment", paid.paid_at),
        "order_id": paid.order["id"],
        "order_number": paid.order["number"],
        "buyer_id": paid.order["buyer_id"],
        "amount": paid.amount,
        "currency": paid.order["shipping"]["currency"],
        "method": METHOD,
        "return_url": None,
        "status": status.value,
        "provider": provider,
        "provider_reference": _reference(paid),
        "action_type": None,
        "action_redirect_url": None,
        "action_client_secret": None,
        "failure_code": None,
        "failure_message": None,
        "failure_is_retryable": None,
        "captured_amount": paid.amount,
        "refunded_amount": paid.amount if paid.refunded_at else 0,
        "refunding_amount": 0,
        "created_at": paid.paid_at,
        "updated_at": paid.refunded_at or paid.paid_at,
        "version": 3 if paid.refunded_at else 2,
    }


def _history(paid: PaidOrder) -> Iterator[dict[str, Any]]:
    steps = [(PaymentStatus.CREATED, paid.paid_at), (PaymentStatus.CAPTURED, paid.paid_at)]
    if paid.refunded_at:
        steps.append((PaymentStatus.REFUNDED, paid.refunded_at))
    for version, (status, at) in enumerate(steps, start=1):
        yield {
            "id": paid.id_of(f"step {version}", at),
            "payment_id": paid.id_of("payment", paid.paid_at),
            "payment_version": version,
            "at": at,
            "status": status.value,
            "provider_event_id": None,
        }


def _refund(paid: PaidOrder) -> dict[str, Any]:
    return {
        "id": paid.id_of("refund", paid.refunded_at or paid.paid_at),
        "payment_id": paid.id_of("payment", paid.paid_at),
        "amount": paid.amount,
        "status": PaymentStatus.REFUNDED.value,
        "provider_reference": f"ref_{paid.id_of('bank refund', paid.refunded_at or paid.paid_at)}",
        "requested_by": "seed",
        "created_at": paid.refunded_at,
        "updated_at": paid.refunded_at,
    }


def _intent(paid: PaidOrder) -> SeededIntent:
    refund = _refund(paid) if paid.refunded_at else None
    return SeededIntent(
        id=_reference(paid),
        reference=paid.id_of("payment", paid.paid_at),
        amount=paid.amount,
        currency=paid.order["shipping"]["currency"],
        method=METHOD,
        at=paid.paid_at,
        refund_id=refund["provider_reference"] if refund else None,
        refund_reference=refund["id"] if refund else None,
        refunded_at=paid.refunded_at,
    )


def _reference(paid: PaidOrder) -> str:
    return f"int_{paid.id_of('intent', paid.paid_at)}"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
