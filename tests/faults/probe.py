"""When does the market work again? When every read is whole, and a purchase goes through to PAID, which takes all processes but mail."""

import asyncio
import time

from tests.faults.clients import Clients
from tests.faults.journal import Outcome
from tests.faults.traffic import KnownOrder, Traffic

PAUSE_SECONDS = 0.25


async def seconds_to_recover(clients: Clients, traffic: Traffic, *, within: float) -> float | None:
    """Seconds until the reads are whole again and an order was placed and paid; None when they are not in time."""
    began = time.monotonic()
    for probe in (_reads_are_whole, _purchase_goes_through):
        while not await probe(clients, traffic):
            if time.monotonic() - began > within:
                return None
            await asyncio.sleep(PAUSE_SECONDS)
    return time.monotonic() - began


async def _reads_are_whole(clients: Clients, traffic: Traffic) -> bool:
    buyer, shelf = traffic.buyers[0], traffic.shelf
    asked = (
        clients.ask(buyer, "AppBoot", ctx={"platform": "web", "appVersion": "1.0.0"}),
        clients.ask(buyer, "HomeFeed", first=12),
        clients.ask(buyer, "ProductPage", slug=shelf.slug),
        clients.ask(buyer, "MyOrders", first=5),
        clients.ask(buyer, "Inbox", first=5),
        clients.ask(traffic.seller, "SellerDesk"),
    )
    return all(answer.is_whole for answer, _ in await asyncio.gather(*asked))


async def _purchase_goes_through(clients: Clients, traffic: Traffic) -> bool:
    buyer = traffic.buyers[0]
    order = await traffic.placed_by(buyer)
    if order is None:
        return False
    paid = await traffic.paid_with(order, "card_ok")
    return paid.outcome is Outcome.ACKNOWLEDGED and await _is_paid(clients, order)


async def _is_paid(clients: Clients, order: KnownOrder) -> bool:
    """Wait for the worker to tell order of the payment."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        answer, _ = await clients.ask(order.buyer, "OrderVersion", id=order.id)
        if (answer.data.get("order") or {}).get("status") == "PAID":
            return True
        await asyncio.sleep(PAUSE_SECONDS)
    return False
