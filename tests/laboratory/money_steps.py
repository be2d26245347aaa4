"""The steps of the machine of money: what buyers, sellers, support, workers, time and faults do with the orders of one product.

No step waits for its turn: one that needs a paid order makes one where there is none, so that every step matters. Steps draw plain numbers
and words, never what the services answered, so that the same draws lead to the same steps in every run.
"""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.laboratory.crashes import commits_of
from tests.laboratory.money_driver import PIECES, Market
from tests.laboratory.money_trade import HOLD, NoOrder, Trade, at_once

METHODS = ("card_ok", "card_slow", "card_3ds", "card_declined", "card_answer_lost", "card_outage")
LOST, LATE = {"is_lost": True}, {"delay_seconds": 0.2}
WEBHOOKS: tuple[dict[str, Any], ...] = ({}, LOST, {"copies": 3}, {"is_reversed": True, "copies": 2}, LATE)
PAIRS = (
    ("pay", "pay"),
    ("pay", "cancel"),
    ("pay", "time"),
    ("cancel", "time"),
    ("place", "place"),
    ("place", "stock"),
    ("refund", "refund"),
    ("refund", "cancel"),
    ("cancel", "ship"),
    ("cancel", "work"),
    ("work", "work"),
    ("work", "time"),
)
PATIENCE_HOLDS = 2
"""How long an order waits for a payment that its buyer has begun."""

OUTAGE_ROUNDS = 9
"""More than a job has tries."""

CRASH_AT = os.environ.get("CRASH_AT", "")
"""The name of a commit, such as "payment.commands._finish": all crashes are at this one."""

picks = st.integers(0, 1)
"""Which of the orders there are, the newest first; past the last one a new order is made."""

Act = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of step.

    Attributes:
        weight: How often it is drawn, as a part of the sum of all.
        drawn: What its arguments are drawn from.
    """

    act: Act
    weight: int
    drawn: dict[str, st.SearchStrategy[Any]]


KINDS: list[Kind] = []


@dataclass(frozen=True, slots=True)
class Step:
    """One step with its arguments; printed as the call that it is."""

    act: Act
    arguments: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.act.__name__}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


def kind(weight: int = 2, **drawn: st.SearchStrategy[Any]) -> Callable[[Act], Act]:
    """Make a method a kind of step."""

    def listed(act: Act) -> Act:
        KINDS.append(Kind(act, weight, drawn))
        return act

    return listed


def steps() -> st.SearchStrategy[Step]:
    """Steps of all kinds by their weights."""
    of_kind = {
        each.act.__name__: st.builds(Step, st.just(each.act), st.fixed_dictionaries(each.drawn)) for each in KINDS
    }
    names = [each.act.__name__ for each in KINDS for _ in range(each.weight)]
    return st.sampled_from(names).flatmap(of_kind.__getitem__)


class Steps:
    """The steps of one example, with a product of its own."""

    def __init__(self, market: Market, product_id: str) -> None:
        self.market = market
        self.trade = Trade(market, product_id, PIECES)

    # The simplest step first: Hypothesis takes nothing else in its first example.

    @kind(1)
    async def follow(self) -> None:
        """Let the followers of order's events read what they have of them."""
        await self.market.follow()

    # Buyers.

    @kind(quantity=st.integers(1, 3))
    async def place(self, quantity: int) -> None:
        """Place an order for the price that is shown."""
        await self.trade.place(quantity)

    @kind(1, price=st.sampled_from((500, 2500)))
    async def place_while_the_price_changes(self, price: int) -> None:
        """Place an order for a price that is shown and is changed then."""
        await self.trade.place(price_after=price)

    @kind(1, pick=picks)
    async def place_again(self, pick: int) -> None:
        """Send an order again with its key: the same answer."""
        for wanted in self.trade.asked[::-1][pick : pick + 1]:
            await self.trade.send_order(wanted)

    @kind(3, is_held=st.booleans(), is_late=st.booleans())
    async def place_without_an_answer(self, is_held: bool, is_late: bool) -> None:
        """Place an order of which the catalog does not answer, and come back for it never."""
        self.market.outages["reservations"].set(calls=1, is_done=is_held)
        with suppress(NoOrder):
            await self.trade.place()
        await self.market.pass_time(HOLD if is_late else HOLD / 20)

    @kind(5, pick=picks, method=st.sampled_from(METHODS), faults=st.sampled_from(WEBHOOKS))
    async def pay(self, pick: int, method: str, faults: dict[str, Any]) -> None:
        """Pay an order, with the bank's events lost, tripled, reversed or late from now on."""
        order_id = await self.trade.awaiting(pick)
        await self.market.money.bank.set_faults(**faults)
        await self.trade.pay(order_id, method)

    @kind(pick=picks)
    async def pay_again(self, pick: int) -> None:
        """Send a payment again with its key, as after an unknown result."""
        for wanted in self.trade.payments[::-1][pick : pick + 1]:
            await self.trade.send_payment(wanted)

    @kind(pick=picks)
    async def pay_without_a_webhook(self, pick: int) -> None:
        """Pay an order by a slow payment; its webhooks are lost, as all are from now on."""
        order_id = await self.trade.awaiting(pick)
        await self.market.money.bank.set_faults(**LOST)
        await self.trade.pay(order_id, "card_slow")
        await self.trade.wait_for_capture(order_id)

    @kind(5, pick=picks, decision=st.sampled_from(("approve", "decline")), holds=st.sampled_from((1.1, 0.0, 2.1)))
    async def pay_at_the_bank(self, pick: int, decision: str, holds: float) -> None:
        """Pay an order at the bank's page, where the payer takes so many holds to decide."""
        order_id = await self.trade.awaiting(pick)
        await self.trade.pay(order_id, "card_3ds")
        is_under_way = await self.trade.is_under_way(order_id)
        if holds:
            await self.market.pass_time(holds * HOLD)
        if is_under_way and holds < PATIENCE_HOLDS:
            status = (await self.market.money.order(order_id)).status
            assert status == "AWAITING_PAYMENT", f"an order is {status} while its buyer is at the bank's page"
        await self.trade.decide_at_the_bank(order_id, decision)

    @kind(3, pick=picks, method=st.sampled_from(("", *METHODS)))
    async def cancel_unpaid(self, pick: int, method: str) -> None:
        """Cancel an order that waits for its payment, perhaps with one under way."""
        order_id = await self.trade.awaiting(pick)
        if method:
            await self.trade.pay(order_id, method)
        await self.trade.cancel(order_id)

    @kind(3, pick=picks)
    async def cancel_paid(self, pick: int) -> None:
        """Cancel an order that is paid."""
        await self.trade.cancel(await self.trade.paid(pick, "PAID"))

    @kind(1, pick=picks)
    async def cancel_any(self, pick: int) -> None:
        """Cancel an order, whatever has become of it."""
        await self.trade.cancel(await self.trade.any(pick))

    @kind(1, pick=picks)
    async def confirm(self, pick: int) -> None:
        """Confirm the delivery of an order."""
        order_id = await self.trade.paid(pick, "PAID", "SHIPPED")
        await self.trade.ship(order_id)
        await self.trade.confirm(order_id)

    @kind(6, pair=st.sampled_from(PAIRS))
    async def two_at_once(self, pair: tuple[str, str]) -> None:
        """Do two things with one order, or with the last pieces, at the same time."""
        trade, market = self.trade, self.market
        is_paid = "refund" in pair or "ship" in pair
        order_id = await (trade.paid(0, "PAID") if is_paid else trade.awaiting(0))
        orders = [await trade.shown_for_all() for each in pair if each == "place"]
        done: dict[str, Callable[[], Awaitable[Any]]] = {
            "pay": lambda: trade.pay(order_id),
            "cancel": lambda: trade.cancel(order_id),
            "ship": lambda: trade.ship(order_id),
            "refund": lambda: trade.refund(order_id, 0.6),
            "place": lambda: trade.send_order(orders.pop()),
            "stock": lambda: trade.edit({"stockDelta": -1}),
            "work": market.work,
            "time": lambda: market.pass_time(2.1 * HOLD),
        }
        await trade.note_captured()
        await at_once(*(done[each] for each in pair))

    # Sellers and support.

    @kind(1, pick=picks)
    async def ship(self, pick: int) -> None:
        """Ship an order."""
        await self.trade.ship(await self.trade.paid(pick, "PAID"))

    @kind(3, pick=picks, parts=st.sampled_from((0.01, 0.4, 1.0, 1.2)))
    async def refund(self, pick: int, parts: float) -> None:
        """Give back parts of what was paid for an order."""
        await self.trade.refund(await self.trade.paid(pick), parts)

    @kind(3, pick=picks, parts=st.sampled_from((0.01, 0.4)))
    async def refund_then_cancel(self, pick: int, parts: float) -> None:
        """Give back a part and then cancel the order."""
        order_id = await self.trade.paid(pick, "PAID")
        await self.trade.refund(order_id, parts)
        await self.trade.cancel(order_id)

    @kind(3, pick=picks, amount=st.sampled_from((1, 300)))
    async def refund_at_the_bank(self, pick: int, amount: int) -> None:
        """Give back an amount by the bank's own means; its webhook is lost, as all are from now on."""
        order_id = await self.trade.paid(pick)
        await self.market.money.bank.set_faults(**LOST)
        await self.trade.refund_at_the_bank(order_id, amount)

    @kind(1, delta=st.integers(-2, 3).filter(bool))
    async def bring_in(self, delta: int) -> None:
        """Change the pieces on hand by some."""
        await self.trade.edit({"stockDelta": delta})

    @kind(3, count=st.integers(1, 8), is_held=st.booleans())
    async def count_again(self, count: int, is_held: bool) -> None:
        """Set the pieces on hand to what was counted, perhaps while an order holds some."""
        if is_held:
            await self.trade.awaiting(0)
        await self.trade.edit({"stock": count})

    @kind(3, count=st.integers(1, 8))
    async def count_during_a_sale(self, count: int) -> None:
        """Set the pieces on hand to what was counted before some were sold."""
        seen = (await self.market.product(self.trade.product_id)).version
        await self.trade.bought()
        await self.trade.edit({"stock": count}, seen=seen)

    @kind(1, to=st.sampled_from(("DRAFT", "PUBLISHED")))
    async def publish(self, to: str) -> None:
        """Withdraw the product or put it on sale."""
        await self.trade.publish(to)

    # Workers, time and faults.

    @kind(4)
    async def work(self) -> None:
        """Let a worker do what is due."""
        await self.market.work()

    @kind(5, holds=st.sampled_from((0.2, 1.0, 2.1, 3.0)), is_paid=st.booleans())
    async def time_passes(self, holds: float, is_paid: bool) -> None:
        """Let so many holds pass, with no worker at work, perhaps just after an order was paid."""
        if is_paid:
            await self.trade.pay(await self.trade.awaiting(0))
        await self.trade.note_captured()
        await self.market.pass_time(holds * HOLD)

    @kind(1, seconds=st.sampled_from((-40, 0, 40)))
    async def clock_jumps(self, seconds: int) -> None:
        """Let the clocks of order and catalog be wrong by so many seconds from now on."""
        self.market.set_clock(seconds)

    @kind(is_signed=st.booleans(), event=st.sampled_from(("intent.captured", "intent.failed", "refund.succeeded")))
    async def forge_webhook(self, is_signed: bool, event: str) -> None:
        """Send events of payments as the bank would, forged or signed: neither is believed."""
        await self.trade.pay(await self.trade.awaiting(0), "card_3ds")
        await self.trade.forge(event, None if is_signed else b"another secret")

    @kind(3)
    async def redis_is_emptied(self) -> None:
        """Empty Redis with events in it that no follower has read."""
        await self.market.follow()
        await self.trade.bought()
        await self.market.work()
        self.market.empty_redis()

    @kind(3, peer=st.sampled_from(("catalog", "payment", "order", "bank", "followers")), is_done=st.booleans())
    async def answers_are_lost(self, peer: str, is_done: bool) -> None:
        """Let the next calls to a peer have no answer, and be done or not."""
        order_id = await self.trade.awaiting(0)
        self.market.outages[peer].set(calls=2, is_done=is_done)
        await self.trade.pay(order_id)

    @kind(3, peer=st.sampled_from(("catalog", "order", "followers")))
    async def outage(self, peer: str) -> None:
        """Let a peer be away for longer than a job has tries, with workers at work."""
        await self.market.work()
        await self.trade.pay(await self.trade.awaiting(0))
        if peer != "order":
            await self.market.deliver_results()
        self.market.outages[peer].set(calls=1_000)
        for _ in range(OUTAGE_ROUNDS):
            await self.market.work()
        self.market.outages[peer].set(calls=0)

    @kind(3)
    async def worker_is_away(self) -> None:
        """Let orders be placed while no worker is there: one wake-up waits for it, however long."""
        await self.trade.place()
        announced = [await self.market.announced() for _ in range(3)]
        assert announced[2] <= announced[0], f"every round of the relay announces the same rows: {announced}"

    @kind(5, at=st.sampled_from(commits_of("money")), is_after=st.booleans())
    async def crash(self, at: str, is_after: bool) -> None:
        """End a process at the next commit of that name."""
        self.market.crash.set(CRASH_AT or at, is_after=is_after)


STEPS = steps()
