"""The faults of money that were seen in use, over the real services and the real bank."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.payment.reconciling import ask_undecided
from tests.support.bank import eventually
from tests.support.money import MoneyMarket

HOLD = timedelta(seconds=901)


async def is_captured_at_the_bank(money: MoneyMarket, payment_id: str) -> bool:
    return bool((await money.bank.intent(payment_id))["status"] == "captured")


async def test_an_order_whose_webhook_was_lost_is_paid_by_asking(money: MoneyMarket) -> None:
    await money.bank.set_faults(is_lost=True)
    order_id, payment_id = await money.paid("lost", "card_slow")
    await eventually(lambda: is_captured_at_the_bank(money, payment_id))
    later = replace(money.payments.dependencies, clock=lambda: utc_now() + timedelta(minutes=2))
    assert await ask_undecided(later) == 1
    await money.work()
    assert (await money.order(order_id)).status == "PAID"
    assert await money.orders.pieces("product-1") == (9, 0, 1)
    await money.assert_money_is_right()


async def test_an_order_whose_webhook_was_lost_does_not_expire_while_the_bank_keeps_the_money(
    money: MoneyMarket,
) -> None:
    await money.bank.set_faults(is_lost=True)
    order_id, payment_id = await money.paid("lost", "card_slow")
    await eventually(lambda: is_captured_at_the_bank(money, payment_id))
    await money.pass_time(HOLD)
    assert (await money.order(order_id)).status == "PAID"
    await money.work()
    await money.assert_money_is_right()


async def test_orders_that_are_paid_while_the_worker_is_away_beyond_the_hold_stay_paid(money: MoneyMarket) -> None:
    orders = [await money.paid(f"order-{number}") for number in range(4)]
    await money.pass_time(3 * HOLD)
    await money.work()
    assert [(await money.order(order_id)).status for order_id, _ in orders] == ["PAID"] * 4
    assert await money.orders.pieces("product-1") == (6, 0, 4)
    await money.assert_money_is_right()


@pytest.mark.parametrize("refunded", [0, 512])
async def test_a_paid_order_that_is_cancelled_gives_back_all_that_is_left(money: MoneyMarket, refunded: int) -> None:
    order_id, payment_id = await money.paid("cancelled")
    await money.work()
    if refunded:
        await money.refund(payment_id, refunded)
    answer = await money.cancel(order_id)
    assert answer["order"] == {"status": "CANCELLED", "refundPending": True}
    await money.work()
    assert (await money.order(order_id)).status == "REFUNDED"
    intent = await money.bank.intent(payment_id)
    assert (intent["captured"], intent["refunded"]) == (1490, 1490)
    assert await money.orders.pieces("product-1") == (10, 0, 0)
    await money.assert_money_is_right()


@pytest.mark.parametrize("method", ["card_3ds", "card_slow"])
async def test_an_order_that_is_cancelled_withdraws_its_intent_at_the_bank(money: MoneyMarket, method: str) -> None:
    await money.bank.set_faults(is_lost=True)
    order_id, payment_id = await money.paid("cancelled", method)
    answer = await money.cancel(order_id)
    assert answer["order"] == {"status": "CANCELLED", "refundPending": False}
    await money.work()
    intent = await money.bank.intent(payment_id)
    # A slow payment may have gone through a moment before; then it went back.
    assert intent["status"] == "cancelled" or intent["refunded"] == intent["captured"] == 1490
    assert (await money.order(order_id)).status in {"CANCELLED", "REFUNDED"}
    await money.assert_money_is_right()


async def test_an_order_that_expires_withdraws_its_intent_at_the_bank(money: MoneyMarket) -> None:
    order_id, payment_id = await money.paid("expired", "card_3ds")
    await money.pass_time(HOLD)
    assert (await money.order(order_id)).status == "AWAITING_PAYMENT"  # the buyer is at the bank's page
    await money.pass_time(2 * HOLD)
    assert (await money.order(order_id)).status == "EXPIRED"
    assert (await money.bank.intent(payment_id))["status"] == "cancelled"
    await money.work()
    assert await money.orders.pieces("product-1") == (10, 0, 0)
    assert (await money.start(order_id))["__typename"] == "ValidationError"
    await money.assert_money_is_right()


@pytest.mark.parametrize(
    "faults",
    [{"copies": 3}, {"is_reversed": True, "delay_seconds": 0.3}, {"delay_seconds": 0.5, "copies": 2}],
    ids=["doubled", "reversed", "late"],
)
async def test_money_is_right_whatever_happens_to_the_webhooks(money: MoneyMarket, faults: dict[str, object]) -> None:
    await money.bank.set_faults(**faults)
    kept, kept_payment = await money.paid("kept", "card_slow")
    undone, _ = await money.paid("undone", "card_slow")
    refunded, refunded_payment = await money.paid("refunded")
    await money.refund(refunded_payment, 1490)
    await money.cancel(undone)

    async def is_captured() -> bool:
        (payment,) = await money.payments_of(kept)
        return payment.status == "CAPTURED"

    await eventually(is_captured)
    await money.work()
    assert (await money.order(kept)).status == "PAID"
    assert (await money.order(refunded)).status == "REFUNDED"
    assert (await money.order(undone)).status in {"CANCELLED", "REFUNDED"}
    assert (await money.bank.intent(kept_payment))["refunded"] == 0
    await money.assert_money_is_right()


async def test_a_payment_and_a_cancellation_at_once_leave_no_money_with_a_cancelled_order(money: MoneyMarket) -> None:
    for number in range(4):
        order = await money.orders.placed(f"order-{number}")
        await asyncio.gather(money.start(order["id"]), money.cancel(order["id"]))
    await money.work()
    await money.assert_money_is_right()
