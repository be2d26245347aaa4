"""The services of orders and money, driven step by step as the rules of `money_machine` need them.

A crash is an exception before or after one of the next commits, whichever service makes it: what was committed stays, what was to
follow does not. It is put into `Database.transaction` from here; no service knows of it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.catalog.tables import ProductRow
from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.outbox_work import work_off
from subgraphs.kit.storage.session import Database
from subgraphs.order.delivery import deliver
from subgraphs.order.desk import Desk
from subgraphs.order.finishing import finish_pending
from subgraphs.order.tables import Outbox as OrderOutbox
from subgraphs.payment.closing import settle_due
from subgraphs.payment.reconciling import ask_undecided
from subgraphs.payment.tables import Outbox as PaymentOutbox
from subgraphs.payment.tables import Payment
from tests.support.money import MoneyMarket
from tests.support.orders import PRODUCTS
from tests.support.subgraphs import SubgraphUnderTest

LATER = timedelta(hours=2)
"""At which every pause between two attempts is over."""

PIECES = 6
MAX_ROUNDS = 40


class Crashed(Exception):
    """Raised in place of a process's end."""


@dataclass(slots=True)
class CrashPoint:
    """One commit to come, at which the process ends.

    Attributes:
        countdown: Commits until then; 0: none is planned.
        is_after: The commit takes place, and nothing after it.
    """

    countdown: int = 0
    is_after: bool = False

    def is_reached(self) -> bool:
        """Count one commit; True at the one."""
        if not self.countdown:
            return False
        self.countdown -= 1
        return not self.countdown

    def put_into(self, database: Database) -> None:
        """Let the database's transactions pass here."""
        begin = database.transaction

        @asynccontextmanager
        async def transaction() -> AsyncIterator[AsyncSession]:
            ends_here = False
            async with begin() as session:
                yield session
                ends_here = self.is_reached()
                if ends_here and not self.is_after:
                    raise Crashed("before a commit")
            if ends_here:
                raise Crashed("after a commit")

        object.__setattr__(database, "transaction", transaction)


class Market:
    """The running services, as the machine's rules use them; one for all examples."""

    def __init__(self, runner: asyncio.Runner, money: MoneyMarket, catalog: SubgraphUnderTest, redis_url: str) -> None:
        self.runner = runner
        self.money = money
        self.catalog = catalog
        self.redis_url = redis_url
        self.crash = CrashPoint()
        for database in (money.orders.database, money.payments.database, money.orders.catalog.database):
            self.crash.put_into(database)

    def do(self, doing: Awaitable[Any]) -> Any:
        """Run one step to its end."""

        async def run() -> Any:
            return await doing

        return self.runner.run(run())

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

    async def work(self, after: timedelta = LATER) -> int:
        """Deliver once what is due so much later, as workers do; a delivery that fails is given back. How many were tried."""
        money, clock = self.money, _ahead(after)
        tried = 0
        async with money.payments.database.reading() as session:
            results = list(await session.scalars(select(PaymentOutbox.id).where(is_due(PaymentOutbox, clock()))))
        for job_id in results:
            with suppress(Exception):
                await money.deliver_result(job_id, clock)
            tried += 1
        async with money.orders.database.reading() as session:
            events = list(await session.scalars(select(OrderOutbox.id).where(is_due(OrderOutbox, clock()))))
        for job_id in events:
            with suppress(Exception):
                await work_off(
                    money.orders.database,
                    OrderOutbox,
                    job_id,
                    lambda envelope: deliver(money.orders.courier, envelope),
                    clock=clock,
                )
            tried += 1
        return tried

    async def pass_time(self, after: timedelta) -> None:
        """Do what the services' loops do so much later; what is away is met again."""
        money = self.money
        with suppress(Crashed):
            await finish_pending(self._desk(after))
        with suppress(Crashed):
            await money.pass_time(after)
        with suppress(Crashed):
            await self.reconcile(after)

    def _desk(self, after: timedelta) -> Desk:
        """What order's loops work with, so much later."""
        return replace(self.money.orders.resources.desk, clock=_ahead(after))

    async def reconcile(self, after: timedelta) -> int:
        """Ask the bank for what is undecided, and settle closed orders; how many moved."""
        later = replace(self.money.payments.desk, clock=_ahead(after))
        return await ask_undecided(later) + await settle_due(later)

    async def come_to_rest(self) -> None:
        """End all faults, and let everything be done that is due; each round is some minutes later, so that leases end."""
        self.crash.countdown = 0
        await self.money.bank.set_faults()
        for number in range(MAX_ROUNDS):
            after = timedelta(minutes=3 * (number + 1))
            moved = await finish_pending(self._desk(after))
            moved += await self.reconcile(after) + await self.work(LATER + after)
            if not moved and not await self.is_unfinished():
                return
            await asyncio.sleep(0.02)

    async def is_unfinished(self) -> bool:
        """Whether the bank still works on a payment, or an event waits for its delivery."""
        undecided = Payment.status.in_(("CREATED", "PROCESSING", "AUTHORIZED")) | (Payment.refunding_amount > 0)
        async with self.money.payments.database.reading() as session:
            open_rows = (select(Payment.id).where(undecided), _unsettled(PaymentOutbox))
            found = [await session.scalar(each.limit(1)) for each in open_rows]
        async with self.money.orders.database.reading() as session:
            found.append(await session.scalar(_unsettled(OrderOutbox).limit(1)))
        return any(found)


def _unsettled(table: Any) -> Select[tuple[str]]:
    return select(table.id).where(table.settled_at.is_(None), table.dead_at.is_(None))


def _ahead(after: timedelta) -> Clock:
    return lambda: utc_now() + after
