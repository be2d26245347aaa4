"""The worker process on a real Redis: order's and payment's outboxes are worked off, once, and nothing is lost when something is away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import redis as redis_py
from sqlalchemy import func, select, update

from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.relay import announce, leftovers
from subgraphs.kit.storage.session import Database, Wake
from subgraphs.order.analytics.tables import LoggedEvent
from subgraphs.order.event_streams import FOLLOWERS
from subgraphs.order.tables import Order
from subgraphs.order.tables import Outbox as OrderOutbox
from subgraphs.payment import events
from subgraphs.payment.settings import MIGRATIONS as PAYMENT_MIGRATIONS
from subgraphs.payment.tables import Outbox as PaymentOutbox
from tests.support.bank import eventually, served
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from tests.support.orders import NOWHERE, OrderMarket, order_market
from tests.support.payments import publish_captured
from workers.actors import orders, payments
from workers.dead import redrive
from workers.run import create_worker_app
from workers.settings import RunSettings

OPENERS = (orders.opened, payments.opened)


@dataclass(frozen=True, slots=True)
class Place:
    """A market whose outboxes a worker may work off."""

    market: OrderMarket
    payment: Database
    settings: RunSettings
    redis: "redis_py.Redis"

    def waiting(self, queue: str) -> list[dict[str, Any]]:
        """The messages of a queue that nobody works on."""
        ids = self.redis.lrange(f"dramatiq:{queue}", 0, -1)
        raw = [self.redis.hget(f"dramatiq:{queue}.msgs", each) for each in ids]
        return [orjson.loads(each) for each in raw if each is not None]

    def told(self, stream: str) -> list[dict[str, Any]]:
        """The events in a stream that nobody reads."""
        entries: Any = self.redis.xrange(stream)
        return [orjson.loads(fields[b"event"]) for _, fields in entries]


@pytest.fixture
async def place(tmp_path: Path, redis_url: str) -> AsyncIterator[Place]:
    urls = {name: f"sqlite+aiosqlite:///{tmp_path / name}.db" for name in ("order", "order-analytics", "payment")}
    await upgrade(urls["payment"], PAYMENT_MIGRATIONS)
    queue = TaskQueue(redis_url)

    async def wake(wakes: list[Wake]) -> None:
        await announce(queue, wakes)

    payment = Database(urls["payment"], on_committed=wake)
    async with order_market(
        tmp_path, database_url=urls["order"], analytics_url=urls["order-analytics"], redis_url=redis_url
    ) as market:
        settings = RunSettings(
            data_dir=tmp_path,
            redis_url=redis_url,
            service_keys=SERVICE_KEYS,
            cursor_keys=CURSOR_KEYS,
            order_url=f"{market.url}/graphql",
            catalog_url=market.resources.settings.catalog_url,
            payment_url=market.resources.settings.payment_url,
            threads=2,
        )
        with redis_py.Redis.from_url(redis_url) as client:
            yield Place(market, payment, settings, client)
    await payment.close()
    await queue.close()


@asynccontextmanager
async def worker(settings: RunSettings) -> AsyncIterator[str]:
    async with served(create_worker_app(settings, OPENERS)) as url:
        yield url


async def unsettled(database: Database, table: type[Any]) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table).where(table.settled_at.is_(None))) or 0


async def status_of(market: OrderMarket, order_id: str) -> str:
    async with market.database.reading() as session:
        return str(await session.scalar(select(Order.status).where(Order.id == order_id)))


async def captured(place: Place, order_id: str) -> str:
    """Payment takes the money for an order of one cup; the id of its event."""
    return await publish_captured(place.payment, order_id=order_id, now=utc_now())


async def test_an_order_is_placed_paid_sold_logged_and_told_to_the_others(place: Place) -> None:
    async with worker(place.settings) as url:
        order = await place.market.placed()
        await captured(place, order["id"])

        async def is_done() -> bool:
            waiting = await unsettled(place.market.database, OrderOutbox) + await unsettled(
                place.payment, PaymentOutbox
            )
            return waiting == 0 and await status_of(place.market, order["id"]) == "PAID"

        await eventually(is_done)
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            assert (await http.get("/ready")).json()["status"] == "ready"
            assert 'worker_message_seconds_count{actor="order_event",outcome="ok"}' in (await http.get("/metrics")).text
    assert await place.market.pieces("product-1") == (9, 0, 1)
    async with place.market.services.analytics.reading() as session:
        logged = list(await session.scalars(select(LoggedEvent)))
    assert sorted(each.order_version for each in logged) == [1, 2, 3]
    for follower in FOLLOWERS:
        assert {message["actor_name"] for message in place.waiting(follower.queue)} == {follower.actor_name}
        assert {event["id"] for event in place.told(follower.stream)} == {each.event_id for each in logged}


async def test_a_result_waits_for_an_order_service_that_is_away_and_is_redriven(place: Place) -> None:
    order = await place.market.placed()
    away = place.settings.model_copy(update={"order_url": NOWHERE})
    async with worker(away):
        event_id = await captured(place, order["id"])
        await eventually(lambda: _is_unanswered(place.payment, event_id))
        async with place.payment.transaction() as session:  # a day of the same
            began = utc_now() - timedelta(hours=25)
            await session.execute(
                update(PaymentOutbox).values(unanswered_since=began, due_at=utc_now() - timedelta(minutes=1))
            )
        queue = TaskQueue(place.settings.redis_url)
        for queue_name, actor_name in await leftovers(place.payment, PaymentOutbox):
            await queue.wake(queue_name, actor_name)
        await eventually(lambda: _is_dead(place.payment, event_id))
        await queue.close()
    assert await status_of(place.market, order["id"]) == "AWAITING_PAYMENT"
    assert (await redrive(place.settings, OPENERS))["payment.outbox"] == 1
    async with worker(place.settings):
        queue = TaskQueue(place.settings.redis_url)
        await queue.enqueue(events.QUEUE, events.ACTOR_NAME, event_id)
        await queue.enqueue(events.QUEUE, events.ACTOR_NAME, event_id)

        async def is_paid() -> bool:
            return await status_of(place.market, order["id"]) == "PAID"

        await eventually(is_paid)
        await queue.close()


async def _is_unanswered(database: Database, job_id: str) -> bool:
    async with database.reading() as session:
        row = await session.get(PaymentOutbox, job_id)
    return row is not None and (row.attempts, row.lease_until) == (0, None) and row.unanswered_since is not None


async def _is_dead(database: Database, job_id: str) -> bool:
    async with database.reading() as session:
        row = await session.get(PaymentOutbox, job_id)
    return row is not None and row.dead_at is not None and row.settled_at is None
