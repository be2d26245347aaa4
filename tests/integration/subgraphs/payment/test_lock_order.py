"""A request that is taken up again while the first one writes its result: both lock the payment first, and then its key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.idempotency import fingerprint
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.session import Database
from subgraphs.payment import refunds, repository
from subgraphs.payment.tables import IdempotencyKey, Payment, Refund
from subgraphs.payment.withdrawing import required
from tests.support.bank import RunningBank, eventually
from tests.support.payments import Place, Shop, running_shop

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.fixture
async def shop(
    postgres_url: str, redis_url: str, tmp_path: Path, shops_bank: RunningBank, webhook_port: int
) -> AsyncIterator[Shop]:
    """On PostgreSQL alone: SQLite has one writer at a time."""
    async with running_shop(Place(postgres_url, redis_url, tmp_path, shops_bank.url, webhook_port)) as running:
        await is_waiting(running.resources.database)  # the reader's first connection, before there are two at once
        yield running


@asynccontextmanager
async def writing_its_result(database: Database, payment_id: str, subject_id: str) -> AsyncIterator[None]:
    """The first request's last transaction: it has the payment; in the end it writes the outcome of the key."""
    async with database.transaction() as session:
        await required(session, payment_id)
        yield
        await repository.set_outcome(session, subject_id, "DONE")


async def test_starting_a_payment_again(shop: Shop) -> None:
    database, order_id, key = shop.resources.database, shop.orders.add(shop.buyer_id), uuid7()
    payment_id = uuid7()
    async with database.transaction() as session:
        await add_payment(session, shop, payment_id, order_id)
        session.add(a_key("startPayment", shop.buyer_id, key, fingerprint(order_id, "card_ok", None), payment_id))
    async with writing_its_result(database, payment_id, payment_id):
        again = asyncio.create_task(shop.start(order_id, key=key))
        await eventually(lambda: is_waiting(database))
    assert (await again)["__typename"] == "ProviderUnavailableError"


async def test_refunding_again(shop: Shop) -> None:
    database, order_id, key = shop.resources.database, shop.orders.add(shop.buyer_id), uuid7()
    payment_id, refund_id, now, support = uuid7(), uuid7(), utc_now(), shop.support
    assert support.subject is not None
    async with database.transaction() as session:
        await add_payment(session, shop, payment_id, order_id)
        await session.flush()
        session.add(
            Refund(
                id=refund_id,
                payment_id=payment_id,
                amount=1,
                status="PROCESSING",
                requested_by=support.subject,
                created_at=now,
                updated_at=now,
            )
        )
        session.add(a_key(refunds.OPERATION, support.subject, key, fingerprint(payment_id, 1), refund_id))
    async with writing_its_result(database, payment_id, refund_id):
        again = asyncio.create_task(shop.refund(payment_id, 1, key=key, by=support))
        await eventually(lambda: is_waiting(database))
    assert (await again)["__typename"] == "ProviderUnavailableError"


async def add_payment(session: AsyncSession, shop: Shop, payment_id: str, order_id: str) -> None:
    columns: dict[str, Any] = {
        "id": payment_id,
        "order_id": order_id,
        "order_number": "Y-1",
        "buyer_id": shop.buyer_id,
        "amount": 5_000,
        "currency": "EUR",
        "method": "card_ok",
        "return_url": None,
        "provider": "bank",
        "created_at": utc_now(),
    }
    assert await repository.add_payment(session, **columns)
    assert await session.get(Payment, payment_id) is not None


def a_key(operation: str, actor: str, key: str, fingerprint: str, subject_id: str) -> IdempotencyKey:
    """A key whose request was cut off: its lease is over."""
    return IdempotencyKey(
        operation=operation,
        actor=actor,
        key=key,
        fingerprint=fingerprint,
        subject_id=subject_id,
        lease_until=utc_now() - timedelta(seconds=1),
        outcome=None,
        created_at=utc_now(),
    )


async def is_waiting(database: Database) -> bool:
    async with database.reading() as session:
        return bool(await session.scalar(WAITING))
