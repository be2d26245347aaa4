"""An order that expires or is called off: its payment is withdrawn at the bank, waited for, or given back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.payment.closing import close_order, settle_due, settle_order
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.errors import ProviderUnavailable
from subgraphs.payment.model import ACTION_GRACE, ClosingOutcome, ClosingTerms
from subgraphs.payment.providers.bank import BankProvider
from subgraphs.payment.reconciling import ask_undecided
from subgraphs.payment.refunds import refund_rest
from tests.support.bank import RunningBank, eventually
from tests.support.identity import service
from tests.support.payments import NOWHERE, Shop, together

CLOSE = """mutation ($id: ID!, $terms: ClosingTerms!) { closeOrderPayments(orderId: $id, terms: $terms) {
  outcome paymentId capturedAmount refundedAmount currency } }"""
REST = "mutation ($id: ID!) { refundRest(paymentId: $id) }"
LATER = timedelta(minutes=2)


@asynccontextmanager
async def without_provider(shop: Shop) -> AsyncIterator[PaymentDependencies]:
    """What the commands work with while the bank is away."""
    provider = BankProvider(NOWHERE, api_key="none-at-all", webhook_secret="none-at-all", timeout_seconds=1.0)
    yield replace(shop.dependencies(), provider=provider)
    await provider.close()


async def close(shop: Shop, order_id: str, terms: str = "ALWAYS") -> dict[str, Any]:
    data = await shop.payment.data(CLOSE, {"id": order_id, "terms": terms}, by=service("order"))
    return dict(data["closeOrderPayments"])


@pytest.mark.parametrize("terms", ["IF_IDLE", "IF_UNCONFIRMED", "ALWAYS"])
async def test_an_order_without_a_payment_is_closed_and_takes_none_any_more(shop: Shop, terms: str) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    assert await close(shop, order_id, terms) == {
        "outcome": "CLOSED", "paymentId": None, "capturedAmount": 0, "refundedAmount": 0, "currency": None,
    }  # fmt: skip
    assert (await close(shop, order_id, terms))["outcome"] == "CLOSED"
    late = await shop.start(order_id)
    assert (late["__typename"], late["path"]) == ("ValidationError", ["input", "orderId"])
    assert await shop.rows(order_id) == []


async def test_a_payment_that_waits_for_the_buyer_holds_the_order_for_a_while_and_is_then_withdrawn_at_the_bank(
    shop: Shop, shops_bank: RunningBank
) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    payment_id = (await shop.start(order_id, "card_3ds"))["payment"]["id"]
    assert (await close(shop, order_id, "IF_IDLE"))["outcome"] == "UNDER_WAY"
    assert (await shops_bank.intent(payment_id))["status"] == "requires_action"
    assert (await close(shop, order_id, "IF_UNCONFIRMED"))["outcome"] == "CLOSED"
    assert (await shops_bank.intent(payment_id))["status"] == "cancelled"
    assert (await shop.shown(payment_id))["status"] == "CANCELLED"


async def test_a_buyer_who_left_the_banks_page_holds_nothing(shop: Shop, shops_bank: RunningBank) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    payment_id = (await shop.start(order_id, "card_3ds"))["payment"]["id"]
    closing = await close_order(shop.dependencies(later=ACTION_GRACE), order_id, ClosingTerms.IF_IDLE)
    assert closing.outcome is ClosingOutcome.CLOSED
    assert (await shops_bank.intent(payment_id))["status"] == "cancelled"


@pytest.mark.parametrize("terms", ["IF_IDLE", "IF_UNCONFIRMED"])
async def test_what_the_bank_took_without_a_word_is_found_before_the_order_expires(
    shop: Shop, silent_bank: RunningBank, terms: str
) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=700)
    payment_id = (await shop.start(order_id, "card_slow"))["payment"]["id"]
    assert (await close(shop, order_id, terms))["outcome"] in {"UNDER_WAY", "PAID"}
    await eventually(lambda: _is_captured(silent_bank, payment_id))
    assert await close(shop, order_id, terms) == {
        "outcome": "PAID", "paymentId": payment_id, "capturedAmount": 700, "refundedAmount": 0, "currency": "EUR",
    }  # fmt: skip
    assert (await silent_bank.intent(payment_id))["refunded"] == 0


async def _is_captured(bank: RunningBank, payment_id: str) -> bool:
    return bool((await bank.intent(payment_id))["status"] == "captured")


async def test_a_bank_that_does_not_answer_keeps_the_order_open(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    assert (await shop.start(order_id, "card_outage"))["__typename"] == "ProviderUnavailableError"
    assert (await close(shop, order_id, "IF_IDLE"))["outcome"] == "CLOSED"  # it was never confirmed: withdrawn


@pytest.mark.parametrize("refunded", [0, 400, 1_000])
async def test_an_order_that_is_called_off_gets_back_all_that_is_left(
    shop: Shop, shops_bank: RunningBank, refunded: int
) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=1_000)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    if refunded:
        await shop.refund(payment_id, refunded)
    answers = await together(*(close(shop, order_id) for _ in range(5)))
    assert "CLOSED" in {answer["outcome"] for answer in answers}
    assert (await close(shop, order_id))["outcome"] == "CLOSED"
    (row,) = await shop.rows(order_id)
    assert (row.captured_amount, row.refunded_amount, row.refunding_amount, row.status) == (1_000, 1_000, 0, "REFUNDED")
    assert (await shops_bank.intent(payment_id))["refunded"] == 1_000


async def test_money_that_comes_after_the_order_was_called_off_goes_back(shop: Shop, silent_bank: RunningBank) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=900)
    payment_id = (await shop.start(order_id, "card_slow"))["payment"]["id"]
    await eventually(lambda: _is_captured(silent_bank, payment_id))
    assert (await shop.shown(payment_id))["status"] == "PROCESSING"
    assert (await close(shop, order_id))["outcome"] == "CLOSED"
    assert (await silent_bank.intent(payment_id))["refunded"] == 900
    assert (await shop.shown(payment_id))["status"] == "REFUNDED"


async def test_what_could_not_be_settled_is_settled_by_the_service_itself(shop: Shop, silent_bank: RunningBank) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=900)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    async with without_provider(shop) as dependencies:
        closing = await close_order(dependencies, order_id, ClosingTerms.ALWAYS)
    assert closing.outcome is ClosingOutcome.UNDER_WAY
    assert (await silent_bank.intent(payment_id))["refunded"] == 0
    assert await settle_due(shop.dependencies(later=LATER)) == 1
    assert (await silent_bank.intent(payment_id))["refunded"] == 900
    assert await settle_due(shop.dependencies(later=2 * LATER)) == 0


async def test_a_refund_that_was_not_answered_is_finished_by_asking(shop: Shop, shops_bank: RunningBank) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=900)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    async with without_provider(shop) as dependencies:
        with pytest.raises(ProviderUnavailable):
            await refund_rest(dependencies, payment_id, requested_by="test")
    (row,) = await shop.rows(order_id)
    assert (row.refunded_amount, row.refunding_amount) == (0, 900)
    assert await ask_undecided(shop.dependencies(later=LATER)) >= 1
    (row,) = await shop.rows(order_id)
    assert (row.refunded_amount, row.refunding_amount, row.status) == (900, 0, "REFUNDED")
    assert len((await shops_bank.intent(payment_id))["refunds"]) == 1


async def test_a_payment_and_the_closing_at_once_leave_no_money_with_a_closed_order(
    shop: Shop, shops_bank: RunningBank
) -> None:
    for terms in ("ALWAYS", "IF_IDLE") * 3:
        order_id = shop.orders.add(shop.buyer_id, amount=500)
        _, closing = await together(shop.start(order_id), close(shop, order_id, terms))
        if terms == "ALWAYS":
            await settle_order(shop.dependencies(), order_id)
        rows = await shop.rows(order_id)
        held = sum(row.captured_amount - row.refunded_amount for row in rows)
        assert held == 0 or (terms == "IF_IDLE" and closing["outcome"] != "CLOSED")
        assert not [row for row in rows if row.status in {"CREATED", "PROCESSING"}]


async def test_the_rest_of_a_payment_goes_back_once_however_often_it_is_asked_for(
    shop: Shop, shops_bank: RunningBank
) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=1_000)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    await shop.refund(payment_id, 300)
    asked = [shop.payment.data(REST, {"id": payment_id}, by=service("order")) for _ in range(4)]
    await asyncio.gather(*asked)
    again = await shop.payment.data(REST, {"id": payment_id}, by=service("order"))
    assert again == {"refundRest": True}
    assert [each["amount"] for each in (await shops_bank.intent(payment_id))["refunds"]] == [300, 700]


async def test_only_services_close_orders_and_ask_for_the_rest(shop: Shop) -> None:
    for by in (shop.buyer, shop.support):
        assert await shop.payment.codes(CLOSE, {"id": uuid7(), "terms": "ALWAYS"}, by=by) == ["FORBIDDEN"]
        assert await shop.payment.codes(REST, {"id": uuid7()}, by=by) == ["FORBIDDEN"]
