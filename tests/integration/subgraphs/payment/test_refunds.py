"""Giving money back: never more than was taken, once for each key, and told to the others."""

from typing import Any

from sqlalchemy import select

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.payment.tables import IdempotencyKey, Outbox, Payment, Refund
from tests.support.bank import RunningBank
from tests.support.identity import service
from tests.support.payments import REFUND, Shop, together


async def paid(shop: Shop, *, amount: int = 1_000) -> tuple[str, str]:
    """The ids of a paid order and its payment."""
    order_id = shop.orders.add(shop.buyer_id, amount=amount)
    return order_id, (await shop.start(order_id))["payment"]["id"]


async def refund_events(shop: Shop) -> list[dict[str, Any]]:
    async with shop.resources.database.reading() as session:
        rows = select(Outbox.envelope).where(Outbox.type == "payment.refunded").order_by(Outbox.created_at)
        return [row["data"] for row in await session.scalars(rows)]


async def test_a_payment_is_refunded_in_parts_until_nothing_is_left(shop: Shop, shops_bank: RunningBank) -> None:
    order_id, payment_id = await paid(shop)
    due = "paymentState amountDue { amount currency }"
    before = await shop.order_entity(order_id, due)
    assert before == {"paymentState": "PAID", "amountDue": {"amount": 0, "currency": "EUR"}}

    first = await shop.refund(payment_id, 400)
    partly = await shop.order_entity(order_id, due)
    rest = await shop.refund(payment_id, 600)
    wholly = await shop.order_entity(order_id, due)

    assert (first["__typename"], first["payment"]["status"]) == ("PaymentSuccess", "PARTIALLY_REFUNDED")
    assert partly == {"paymentState": "PARTIALLY_REFUNDED", "amountDue": {"amount": 0, "currency": "EUR"}}
    assert rest["payment"]["status"] == "REFUNDED"
    assert [(each["status"], each["amount"]["amount"]) for each in rest["payment"]["refunds"]] == [
        ("REFUNDED", 400),
        ("REFUNDED", 600),
    ]
    assert wholly == {"paymentState": "REFUNDED", "amountDue": {"amount": 0, "currency": "EUR"}}
    events = await refund_events(shop)
    assert [(event["amount"], event["refunded_amount"], event["status"]) for event in events] == [
        (400, 400, "PARTIALLY_REFUNDED"),
        (600, 1_000, "REFUNDED"),
    ]
    async with shops_bank.client() as client:
        (intent,) = (await client.get("/v1/intents", params={"reference": payment_id})).json()["intents"]
    assert intent["refunded"] == 1_000


async def test_more_than_is_left_is_refused(shop: Shop) -> None:
    _, payment_id = await paid(shop)
    await shop.refund(payment_id, 700)
    for amount in (301, 0, -1):
        answer = await shop.refund(payment_id, amount)
        assert (answer["__typename"], answer["path"]) == ("ValidationError", ["amount"])
    assert len(await refund_events(shop)) == 1


async def test_refunds_at_once_never_exceed_the_capture(shop: Shop, shops_bank: RunningBank) -> None:
    _, payment_id = await paid(shop)
    answers = await together(*(shop.refund(payment_id, 400) for _ in range(6)))
    assert sorted(answer["__typename"] for answer in answers) == ["PaymentSuccess"] * 2 + ["ValidationError"] * 4
    async with shop.resources.database.reading() as session:
        row = (await session.scalars(select(Payment))).one()
    assert (row.refunded_amount, row.refunding_amount) == (800, 0)


async def test_the_same_key_refunds_once_and_another_body_is_a_conflict(shop: Shop) -> None:
    _, payment_id = await paid(shop)
    key, by = uuid7(), shop.support
    first = await shop.refund(payment_id, 100, key=key, by=by)
    assert await shop.refund(payment_id, 100, key=key, by=by) == first
    conflict = await shop.refund(payment_id, 101, key=key, by=by)
    assert conflict["__typename"] == "IdempotencyConflictError"
    assert len(await refund_events(shop)) == 1


async def test_the_same_key_at_once_refunds_once(shop: Shop, shops_bank: RunningBank) -> None:
    _, payment_id = await paid(shop)
    key, by = uuid7(), shop.support
    answers = await together(*(shop.refund(payment_id, 100, key=key, by=by) for _ in range(6)))
    in_flight = [answer for answer in answers if answer["__typename"] != "PaymentSuccess"]
    assert {answer["code"] for answer in in_flight} <= {"REQUEST_IN_FLIGHT"}
    assert len(in_flight) < len(answers)
    assert [each["amount"] for each in (await shops_bank.intent(payment_id))["refunds"]] == [100]
    assert len(await refund_events(shop)) == 1


async def test_a_refund_whose_process_died_is_taken_up_by_its_key(shop: Shop) -> None:
    _, payment_id = await paid(shop)
    key, by = uuid7(), shop.support
    done = await shop.refund(payment_id, 100, key=key, by=by)
    # As if the process had died after the bank's answer and before our own writing of it.
    async with shop.resources.database.transaction() as session:
        refund = (await session.scalars(select(Refund))).one()
        refund.status, refund.provider_reference = "PROCESSING", None
        payment = (await session.scalars(select(Payment))).one()
        payment.refunded_amount, payment.refunding_amount, payment.status = 0, 100, "CAPTURED"
        known = await session.get(IdempotencyKey, ("refundPayment", by.subject, key))
        assert known is not None
        known.outcome, known.lease_until = None, utc_now()

    again = await shop.refund(payment_id, 100, key=key, by=by)

    assert again == done
    async with shop.resources.database.reading() as session:
        row = (await session.scalars(select(Payment))).one()
    assert (row.refunded_amount, row.refunding_amount, row.status) == (100, 0, "PARTIALLY_REFUNDED")


async def test_what_was_not_captured_cannot_be_refunded(shop: Shop) -> None:
    waiting = (await shop.start(shop.orders.add(shop.buyer_id), "card_3ds"))["payment"]
    assert (await shop.refund(waiting["id"], 1))["__typename"] == "ValidationError"


async def test_an_unknown_payment_is_not_found(shop: Shop) -> None:
    answer = await shop.refund(uuid7(), 1)
    assert (answer["__typename"], answer["code"]) == ("NotFoundError", "NOT_FOUND")


async def test_only_support_refunds(shop: Shop) -> None:
    _, payment_id = await paid(shop)
    asked = {"id": payment_id, "amount": 1, "key": uuid7()}
    assert await shop.payment.codes(REFUND, asked, by=shop.buyer) == ["FORBIDDEN"]
    assert await shop.payment.codes(REFUND, asked, by=service("order")) == ["FORBIDDEN"]
    assert (await shop.refund(payment_id, 1, by=service("order", "support:payments")))["__typename"] == "PaymentSuccess"
