"""The services of orders and money, driven step by step: a test does what workers, loops and followers do, when it says so."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import redis
from sqlalchemy import Select, select

from subgraphs.catalog.tables import ProductRow
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.messaging.task_queue import QueueUnavailable
from subgraphs.kit.runtime.client import ServiceUnavailable
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.relay import relay_loop
from subgraphs.order.dependencies import OrderDependencies
from subgraphs.order.finishing import finish_pending
from subgraphs.order.tables import Order
from subgraphs.order.tables import Outbox as OrderOutbox
from subgraphs.payment.closing import settle_due
from subgraphs.payment.errors import ProviderUnavailable
from subgraphs.payment.reconciling import COMPARE_EVERY, Comparison, ask_undecided, compare, compare_when_due
from subgraphs.payment.tables import Outbox as PaymentOutbox
from subgraphs.payment.tables import Payment
from tests.laboratory.crashes import Crashed, CrashPoint
from tests.laboratory.money_faults import Outage
from tests.support.money import MoneyMarket
from tests.support.orders import PRODUCTS
from tests.support.subgraphs import SubgraphUnderTest
from workers.actors.following import keep_positions
from workers.actors.orders import deliver_event

LATER = timedelta(hours=2)
"""At which every pause between two attempts is over."""

ROUND = timedelta(minutes=3)
"""Between two rounds of a worker: longer than a lease and than every pause."""

PIECES = 6
MAX_ROUNDS = 40
PAUSE_SECONDS = 0.02
READ_AT_ONCE = 500
PEERS = ("catalog", "reservations", "payment", "order", "bank", "followers")


class Market:
    """The running services; one for all examples of a test.

    Attributes:
        crash: Where the next process ends.
        outages: What each of PEERS does not answer.
        read: Per follower of order's events, the ids that it has read.
        strangers: References of what the bank has for other tests.
    """

    def __init__(self, runner: asyncio.Runner, money: MoneyMarket, catalog: SubgraphUnderTest, redis_url: str) -> None:
        self.runner = runner
        self.money = money
        self.catalog = catalog
        self.redis_url = redis_url
        self.crash = CrashPoint()
        self.outages = {peer: Outage() for peer in PEERS}
        self.read: dict[str, set[str]] = {stream.name: set() for stream in money.orders.services.followers.streams}
        self.strangers: set[str] = set()
        self._worked = LATER
        self._compared = timedelta()
        services, catalog_service = money.orders.services, money.orders.catalog
        for peer, client in (
            ("catalog", services.catalog._client),
            ("payment", services.payments._client),
            ("order", money.to_order),
            ("order", money.payments.dependencies.orders._client),
            ("order", catalog_service.orders._client),
        ):
            self.outages[peer].put_into(client, "execute", lambda: ServiceUnavailable("a peer", "away"))
        self.outages["reservations"].put_into(services.catalog, "hold", lambda: ServiceUnavailable("catalog", "away"))
        bank: Any = money.payments.dependencies.provider
        self.outages["bank"].put_into(bank._http, "call", lambda: ProviderUnavailable(1_000))
        for stream in services.followers.streams:
            self.outages["followers"].put_into(stream, "append", lambda: QueueUnavailable("away"))

    def do(self, doing: Awaitable[Any]) -> Any:
        """Run one step to its end."""

        async def run() -> Any:
            return await doing

        return self.runner.run(run())

    async def begin(self) -> None:
        """Note what was there before."""
        self.strangers = await self.money.bank.references()
        await self.follow()

    def end_faults(self) -> None:
        """End what goes wrong, but for the bank's events."""
        self.crash.set(None)
        self.set_clock(0)
        for outage in self.outages.values():
            outage.set(calls=0)

    def set_clock(self, ahead_seconds: float) -> None:
        """Let the clocks of order and catalog be ahead by so much."""
        self.money.orders.clock.ahead = timedelta(seconds=ahead_seconds)

    async def new_product(self) -> str:
        """A product that nobody has bought yet."""
        like, product_id = PRODUCTS[0], uuid7()
        now = utc_now()
        row = ProductRow(
            id=product_id,
            slug=product_id,
            title="Cup",
            description="A cup.",
            status="PUBLISHED",
            category_id=like["category_id"],
            seller_id=like["seller_id"],
            price_amount=1000,
            currency="EUR",
            compare_at_amount=None,
            stock=PIECES,
            held=0,
            sold=0,
            popularity=1.0,
            picture=like["picture"],
            created_at=now,
            updated_at=now,
            version=1,
            edited_version=1,
        )
        async with self.money.orders.catalog.database.transaction() as session:
            session.add(row)
        return product_id

    async def product(self, product_id: str) -> ProductRow:
        """The product's row."""
        async with self.money.orders.catalog.database.reading() as session:
            return await session.get_one(ProductRow, product_id)

    async def work(self) -> int:
        """Deliver once what is due, as workers do; a delivery that fails is given back. How many were tried."""
        return await self.deliver_results() + await self.deliver_events()

    async def deliver_results(self) -> int:
        """Tell order what payment has for it."""
        money, clock = self.money, self._next_round()
        async with money.payments.database.reading() as session:
            results = list(await session.scalars(select(PaymentOutbox.id).where(is_due(PaymentOutbox, clock()))))
        for job_id in results:
            with suppress(Exception, Crashed):
                await money.deliver_result(job_id, clock)
        return len(results)

    async def deliver_events(self) -> int:
        """Deliver order's events, and let the followers read what they have of them."""
        money, clock = self.money, self._next_round()
        async with money.orders.database.reading() as session:
            events = list(await session.scalars(select(OrderOutbox.id).where(is_due(OrderOutbox, clock()))))
        for job_id in events:
            with suppress(Exception, Crashed):
                await deliver_event(money.orders.services, job_id, clock=clock)
        return len(events)

    async def follow(self) -> None:
        """Let the followers read what is in their streams, and order remember how far they are."""
        for stream in self.money.orders.services.followers.streams:
            await stream.ensure_group()
            while entries := await stream.claim("a follower", limit=READ_AT_ONCE):
                self.read[stream.name].update(_event_id(entry.payload) for entry in entries)
                await stream.acknowledge([entry.id for entry in entries])
        await self.keep_positions()

    async def keep_positions(self) -> None:
        """Do what a worker's sweep does for the followers of order's events."""
        with suppress(Crashed):
            await keep_positions(
                self.money.orders.database, self.money.orders.services.followers.streams, clock=self._next_round()
            )

    def empty_redis(self) -> None:
        """Lose all that Redis has."""
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    async def announced(self) -> int:
        """How many messages wait for order's workers after one round of the relay."""
        orders = self.money.orders
        clock = _ahead(self._worked)
        await relay_loop("a relay", orders.database, OrderOutbox, orders.resources.queue, clock=clock).round()
        return await orders.resources.queue.waiting("orders")

    async def pass_time(self, after: timedelta) -> None:
        """Do what the services' loops do so much later; what is away is met again."""
        for loops in (
            finish_pending(self._dependencies(after)),
            self.money.pass_time(after),
            self.reconcile(after),
        ):
            with suppress(Crashed):
                await loops

    def _dependencies(self, after: timedelta) -> OrderDependencies:
        """What order's loops work with, so much later."""
        return replace(self.money.orders.resources.dependencies, clock=_ahead(after))

    async def reconcile(self, after: timedelta) -> int:
        """Ask the bank for what is undecided, and settle closed orders; how many moved."""
        later = replace(self.money.payments.dependencies, clock=_ahead(after))
        return await ask_undecided(later) + await settle_due(later)

    async def compare(self, since: datetime) -> Comparison:
        """Compare the bank's list with our payments from then on."""
        comparison = await compare(self.money.payments.dependencies, since=since)
        ours = [each for each in comparison.differences if each.reference not in self.strangers]
        return replace(comparison, differences=ours)

    async def go_on(self, after: timedelta, since: datetime) -> None:
        """Do once what workers, followers and loops do so much later, each until it crashes.

        Args:
            since: When the first payment that may differ from the bank's was made.
        """
        await asyncio.sleep(PAUSE_SECONDS)  # the bank's events come between two steps
        for doing in (self.work(), self.reconcile(after), self.compare(since), self.work()):
            with suppress(Crashed):
                await doing
        await self.follow()

    async def compare_when_due(self) -> None:
        """Compare with the bank as payment's loop does, an hour after the last time."""
        self._compared += COMPARE_EVERY
        await compare_when_due(replace(self.money.payments.dependencies, clock=_ahead(self._compared)))

    async def come_to_rest(self, since: datetime) -> None:
        """End all faults, and let everything be done that is due; each round is some minutes later, so that leases end.

        Args:
            since: When the first payment that may differ from the bank's was made.
        """
        self.end_faults()
        await self.money.bank.set_faults()
        for number in range(1, MAX_ROUNDS):
            after = number * ROUND
            moved = await finish_pending(self._dependencies(after))
            moved += await self.reconcile(after) + await self.work()
            if not moved and not await self.is_unfinished():
                moved = (await self.compare(since)).mended
                if not moved and not await self.is_unfinished():
                    break
            await asyncio.sleep(PAUSE_SECONDS)
        await self.follow()
        await self.follow()  # what was lost is in the streams once more

    async def is_unfinished(self) -> bool:
        """Whether the bank still works on a payment, an order is being placed, or an event waits for its delivery."""
        undecided = (
            Payment.status.in_(("CREATED", "PROCESSING", "AUTHORIZED")) & Payment.provider_reference.is_not(None)
        ) | (Payment.refunding_amount > 0)
        async with self.money.payments.database.reading() as session:
            open_rows = (select(Payment.id).where(undecided), _unsettled(PaymentOutbox))
            found = [await session.scalar(each.limit(1)) for each in open_rows]
        async with self.money.orders.database.reading() as session:
            pending = select(Order.id).where(Order.status == "PENDING")
            found += [await session.scalar(each.limit(1)) for each in (pending, _unsettled(OrderOutbox))]
        return any(found)

    def _next_round(self) -> Clock:
        self._worked += ROUND
        return _ahead(self._worked)


def _event_id(payload: bytes) -> str:
    """The id of the event of a stream's entry."""
    return Envelope.model_validate_json(payload).id


def _unsettled(table: Any) -> Select[tuple[str]]:
    return select(table.id).where(table.settled_at.is_(None), table.dead_at.is_(None))


def _ahead(after: timedelta) -> Clock:
    return lambda: utc_now() + after
