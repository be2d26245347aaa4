"""What order does in several steps, against its own twin, and with every transaction undone once, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.refusals import Refusal
from subgraphs.order import expiring, finishing, payment_results, placing
from subgraphs.order.dependencies import OrderDependencies
from subgraphs.order.payment_results import PaymentResult
from subgraphs.order.placing import PlaceOrder
from subgraphs.order.quote import Line
from subgraphs.order.tables import Order, OrderChange
from tests.support.orders import BUYER, PLACE, MuteCatalog, OrderMarket, asking
from tests.support.undone import UndoneOnce

TWINS = 6
LINES = (Line("product-1", 1),)


@dataclass(frozen=True, slots=True)
class Twin:
    """A step of an order, and what the order is afterwards.

    Attributes:
        before: brings an order to where the step begins; its id.
        send: sends the step, given the order's id.
        history: the statuses that the order went through afterwards.
    """

    name: str
    before: Callable[[OrderMarket], Awaitable[str]]
    send: Callable[[OrderDependencies, str], Awaitable[Any]]
    history: tuple[str, ...]


class HoldingCatalog(MuteCatalog):
    """A catalog that shows its products and holds whatever it is asked to."""

    async def hold(self, order_id: str, lines: Sequence[Line], *, seconds: int) -> datetime:
        return utc_now() + timedelta(seconds=seconds)


async def nothing(market: OrderMarket) -> str:
    """Place no order."""
    return ""


async def placed(market: OrderMarket) -> str:
    """An order that waits for its payment."""
    return str((await market.placed())["id"])


async def cut_off(market: OrderMarket) -> str:
    """An order that was written, and whose stock nobody answered for."""
    with asking(market, MuteCatalog(market.resources.dependencies.catalog)):
        wanted = {"lines": [{"productId": "product-1", "quantity": 1}], "addressId": "address-1"}
        asked = {**wanted, "idempotencyKey": "cut", "expectedTotal": 1490, "currency": "EUR"}
        await market.order.answer(PLACE, {"input": asked}, by=BUYER)
    async with market.database.reading() as session:
        (order_id,) = await session.scalars(select(Order.id))
    return order_id


async def overdue(market: OrderMarket) -> str:
    """An order whose time to pay is over."""
    order_id = await placed(market)
    market.clock.advance(timedelta(seconds=901))
    return order_id


def place(dependencies: OrderDependencies, order_id: str) -> Awaitable[Order]:
    wanted = PlaceOrder("key-twin", LINES, "address-1", 1490, "EUR")
    assert BUYER.subject is not None
    return placing.place_order(dependencies, wanted, buyer_id=BUYER.subject, identity=BUYER)


async def finish(dependencies: OrderDependencies, order_id: str) -> Order:
    async with dependencies.database.reading() as session:
        return await placing.finish(dependencies, await session.get_one(Order, order_id), LINES)


def record(dependencies: OrderDependencies, order_id: str) -> Awaitable[bool]:
    captured = PaymentResult("event", "payment.captured", order_id, "payment-1", 1490, 1490, "EUR")
    return payment_results.record(dependencies.database, captured, now=dependencies.clock())


COMMANDS = [
    Twin("place_order", nothing, place, ("PENDING", "AWAITING_PAYMENT")),
    Twin("finish", cut_off, finish, ("PENDING", "AWAITING_PAYMENT")),
    Twin(
        "finish_pending",
        cut_off,
        lambda dependencies, _: finishing.finish_pending(dependencies),
        ("PENDING", "AWAITING_PAYMENT"),
    ),
    Twin(
        "expire_overdue",
        overdue,
        lambda dependencies, _: expiring.expire_overdue(dependencies),
        ("PENDING", "AWAITING_PAYMENT", "EXPIRED"),
    ),
    Twin("record", placed, record, ("PENDING", "AWAITING_PAYMENT", "PAID")),
]

each_step = pytest.mark.parametrize("twin", COMMANDS, ids=lambda twin: twin.name)


def dependencies_of(market: OrderMarket) -> OrderDependencies:
    """What the steps work with; the catalog's own twins are in `test_twins` beside this folder."""
    dependencies = market.resources.dependencies
    return replace(dependencies, catalog=HoldingCatalog(dependencies.catalog))


async def check(market: OrderMarket, twin: Twin) -> None:
    async with market.database.reading() as session:
        (order,) = await session.scalars(select(Order))
        steps = select(OrderChange.after).where(OrderChange.order_id == order.id).order_by(OrderChange.version)
        assert tuple(await session.scalars(steps)) == twin.history
    assert order.status == twin.history[-1]


@each_step
async def test_twins_move_an_order_once(market: OrderMarket, twin: Twin) -> None:
    order_id, dependencies = await twin.before(market), dependencies_of(market)

    async def outcome() -> Any:
        try:
            return await twin.send(dependencies, order_id)
        except Refusal as refusal:
            return refusal

    with capture_logs() as logs:
        outcomes = await asyncio.gather(*(outcome() for _ in range(TWINS)))
    assert any(not isinstance(each, Refusal) for each in outcomes)
    assert [each for each in logs if each["event"] == "database.conflict"] == [], "twins lock in one order"
    await check(market, twin)


@each_step
async def test_a_step_whose_transactions_are_undone_once_has_its_effect(market: OrderMarket, twin: Twin) -> None:
    order_id = await twin.before(market)
    database = UndoneOnce(market.database)
    await twin.send(replace(dependencies_of(market), database=database), order_id)
    assert database.undone > 0
    await check(market, twin)
