"""Each commit of order, payment and catalog, and of the workers that serve them, with the steps of a trade that come to it.

`play` ends a process before or after one commit, lets the clients send again what had no answer and the workers go on, and checks the
books. The process that ended is any of the services or a worker: the crash is raised where the commit is.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.payment.errors import ProviderUnavailable
from tests.laboratory.crashes import Crashed
from tests.laboratory.money_books import check_at_rest, check_now
from tests.laboratory.money_driver import ROUND, Market
from tests.laboratory.money_steps import LOST, Steps
from tests.laboratory.money_trade import HOLD, NoOrder, ask
from tests.support.orders import SELLER

Story = Callable[[Steps], Awaitable[None]]

MOMENT = HOLD / 20
"""Longer than the lease of a request, and too short for an order to be called off."""

MAX_ROUNDS = 8

CREATE = (
    """mutation ($input: ProductInput!) { createProduct(input: $input) { __typename ... on UserError { code } } }"""
)


async def play(market: Market, at: str, *, is_after: bool) -> None:
    """End a process at the commit, let everything go on, and check the books.

    Raises:
        AssertionError: when the steps do not come to the commit, or the books are wrong afterwards.
    """
    market.end_faults()
    steps = Steps(market, await market.new_product())
    market.crash.set(at, is_after=is_after)
    with suppress(NoOrder, Crashed):
        await STORIES[at](steps)
    for number in range(1, MAX_ROUNDS + 1):
        if not market.crash.crashed:
            await market.go_on(number * ROUND, steps.trade.began)
    assert market.crash.crashed == [at], f"the story does not come to it, but to {sorted(set(market.crash.passed))}"
    market.end_faults()
    await steps.trade.send_all_again()
    await check_now(steps.trade)
    await check_at_rest(steps.trade)
    # What nobody paid expires, so that the next play has the market to itself.
    await market.pass_time(3 * HOLD)
    await check_at_rest(steps.trade)


async def _place(steps: Steps) -> None:
    await steps.place(1)


async def _place_and_ask_again(steps: Steps) -> None:
    steps.market.outages["reservations"].set(calls=1, is_done=True)
    with suppress(NoOrder):
        await steps.trade.place()
    await steps.place_again(0)


async def _place_without_an_answer(steps: Steps) -> None:
    await steps.place_without_an_answer(is_held=True, is_late=False)


async def _place_and_never_come_back(steps: Steps) -> None:
    await steps.place_without_an_answer(is_held=True, is_late=True)


async def _sell_out_before_the_hold(steps: Steps) -> None:
    """The pieces go while an order is being placed, and the service finds that when it finishes the order."""
    steps.market.outages["reservations"].set(calls=1)
    with suppress(NoOrder):
        await steps.trade.place()
    await steps.trade.edit({"stock": 0})
    await steps.market.pass_time(MOMENT)


async def _let_it_expire(steps: Steps) -> None:
    await steps.place(1)
    await steps.market.pass_time(1.1 * HOLD)


async def _pay(steps: Steps) -> None:
    await steps.pay(0, "card_ok", {})


async def _pay_while_the_bank_is_away(steps: Steps) -> None:
    await steps.pay(0, "card_outage", {})


async def _pay_and_hear_by_webhook(steps: Steps) -> None:
    order_id = await steps.trade.awaiting(0)
    await steps.market.money.bank.set_faults()
    await steps.trade.pay(order_id, "card_slow")
    await steps.trade.wait_for_capture(order_id)


async def _pay_without_a_webhook(steps: Steps) -> None:
    await steps.pay_without_a_webhook(0)


async def _pay_past_the_hold(steps: Steps) -> None:
    await steps.pay_at_the_bank(0, "approve", 1.1)


async def _pay_too_late(steps: Steps) -> None:
    await steps.pay_at_the_bank(0, "approve", 2.1)


async def _pay_what_was_freed(steps: Steps) -> None:
    """The catalog frees the pieces of an order whose payment is under way, which it does not by itself."""
    order_id = await steps.trade.awaiting(0)
    await steps.market.money.bank.set_faults(**LOST)
    await steps.trade.pay(order_id, "card_slow")
    await steps.market.money.orders.services.catalog.free(order_id)
    await steps.trade.wait_for_capture(order_id)
    steps.trade.payments.clear()  # an answer that says so would be a promise that the order is sold


async def _pay_and_tell_nobody(steps: Steps) -> None:
    await steps.trade.pay(await steps.trade.awaiting(0))
    steps.market.outages["order"].set(calls=1)
    await steps.market.deliver_results()


async def _deliver_to_nobody(steps: Steps) -> None:
    await steps.trade.bought()
    steps.market.outages["catalog"].set(calls=1)
    await steps.market.deliver_events()


async def _sell(steps: Steps) -> None:
    await steps.trade.bought()
    await steps.market.work()


async def _cancel_unpaid(steps: Steps) -> None:
    await steps.cancel_unpaid(0, "card_3ds")


async def _cancel_paid(steps: Steps) -> None:
    await steps.cancel_paid(0)


async def _refund(steps: Steps) -> None:
    await steps.refund(0, 0.4)


async def _deliver_the_parcel(steps: Steps) -> None:
    await steps.confirm(0)


async def _change_the_stock(steps: Steps) -> None:
    await steps.bring_in(1)


async def _withdraw_the_product(steps: Steps) -> None:
    await steps.publish("DRAFT")


async def _offer_another_product(steps: Steps) -> None:
    new = {"title": f"Cup {uuid7()}", "description": "A cup.", "categoryId": "cups", "stock": 3, "attributes": []}
    await ask(steps.market.catalog, CREATE, {"input": {**new, "price": {"amount": 1000, "currency": "EUR"}}}, SELLER)


async def _compare_with_the_bank(steps: Steps) -> None:
    await steps.pay_without_a_webhook(0)
    with suppress(ProviderUnavailable):
        await steps.market.compare_when_due()


async def _follow(steps: Steps) -> None:
    await _sell(steps)
    await steps.follow()


_DELIVER_EVENT = "workers.actors.orders.deliver_event > work_off"
_DELIVER_RESULT = "workers.actors.payments.deliver_result > work_off"

STORIES: dict[str, Story] = {
    "catalog.commands._release_held": _let_it_expire,
    "catalog.commands.commit_reservation": _sell,
    "catalog.commands.create_product": _offer_another_product,
    "catalog.commands.release_reservation": _cancel_unpaid,
    "catalog.commands.reserve_stock": _place,
    "catalog.commands.set_status": _withdraw_the_product,
    "catalog.commands.update_product": _change_the_stock,
    "catalog.holds._extend_wanted": _pay_past_the_hold,
    "order.analytics.log.append": _sell,
    "order.commands.cancel_order": _cancel_paid,
    "order.commands.confirm_delivery": _deliver_the_parcel,
    "order.commands.give_up_unsold": _pay_what_was_freed,
    "order.commands.mark_shipped": _deliver_the_parcel,
    "order.expiring._follow": _let_it_expire,
    "order.finishing._call_off": _place_and_never_come_back,
    "order.finishing._take_up": _place_without_an_answer,
    "order.payment_results.record": _pay,
    "order.placing._begin": _place,
    "order.placing._call_off": _sell_out_before_the_hold,
    "order.placing._record_held": _place,
    "order.placing._release_lease": _place_without_an_answer,
    "order.placing._renewed": _place_and_ask_again,
    "payment.closing._claim_due": _cancel_paid,
    "payment.closing._close": _cancel_paid,
    "payment.closing._close_if_idle": _let_it_expire,
    "payment.closing._settle_if_done": _cancel_paid,
    "payment.commands._begin": _pay,
    "payment.commands._finish": _pay,
    "payment.commands._note_reference": _pay,
    "payment.commands.release_lease": _pay_while_the_bank_is_away,
    "payment.inquiries._record": _pay_without_a_webhook,
    "payment.reconciling._claim_comparison": _compare_with_the_bank,
    "payment.reconciling._claim_unasked": _pay_without_a_webhook,
    "payment.reconciling._move_watermark": _pay_without_a_webhook,
    "payment.refunds._begin": _refund,
    "payment.refunds._promise_rest": _cancel_paid,
    "payment.refunds._record": _refund,
    "payment.webhooks._record": _pay_and_hear_by_webhook,
    "payment.withdrawing._record": _pay_too_late,
    "workers.actors.following._write": _follow,
    _DELIVER_EVENT: _sell,
    f"{_DELIVER_EVENT} > give_back > write_outcome": _deliver_to_nobody,
    f"{_DELIVER_EVENT} > write_outcome": _sell,
    _DELIVER_RESULT: _pay,
    f"{_DELIVER_RESULT} > give_back > write_outcome": _pay_and_tell_nobody,
    f"{_DELIVER_RESULT} > write_outcome": _pay,
}
"""The steps that come to each commit."""
