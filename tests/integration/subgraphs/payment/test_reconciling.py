"""Payments become what the bank says they are, whatever was lost: by asking, and by comparing the lists."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.upserts import upsert
from subgraphs.payment import reconciling
from subgraphs.payment.reconciling import OVERLAP, Comparison, DifferenceKind, ask_undecided, compare, compare_when_due
from subgraphs.payment.report import lines, reconciled
from subgraphs.payment.tables import Outbox, Payment, Reconciliation, Refund
from tests.support.bank import RunningBank, eventually
from tests.support.payments import Shop

LATER = timedelta(minutes=2)


async def captured_without_a_word(shop: Shop, bank: RunningBank, *, amount: int = 5_000) -> tuple[str, str]:
    """The ids of an order and of its payment, which the bank took and we believe to be in process."""
    order_id = shop.orders.add(shop.buyer_id, amount=amount)
    payment_id = (await shop.start(order_id, "card_slow"))["payment"]["id"]

    async def is_captured() -> bool:
        return bool((await bank.intent(payment_id))["status"] == "captured")

    await eventually(is_captured)
    assert (await shop.shown(payment_id))["status"] == "PROCESSING"
    return order_id, payment_id


async def events_of(shop: Shop, payment_id: str) -> list[str]:
    async with shop.resources.database.reading() as session:
        rows = await session.scalars(select(Outbox).order_by(Outbox.created_at))
        return [row.type for row in rows if row.envelope["data"]["payment_id"] == payment_id]


async def test_a_payment_whose_webhook_was_lost_is_asked_for_after_a_minute(
    shop: Shop, silent_bank: RunningBank
) -> None:
    _, payment_id = await captured_without_a_word(shop, silent_bank)
    assert await ask_undecided(shop.dependencies()) == 0  # it may still come
    assert await ask_undecided(shop.dependencies(later=LATER)) == 1
    assert (await shop.shown(payment_id))["status"] == "CAPTURED"
    assert await events_of(shop, payment_id) == ["payment.captured"]
    assert await ask_undecided(shop.dependencies(later=2 * LATER)) == 0


async def test_a_buyer_who_paid_at_the_banks_page_is_found_without_a_webhook(
    shop: Shop, silent_bank: RunningBank
) -> None:
    started = (await shop.start(shop.orders.add(shop.buyer_id), "card_3ds"))["payment"]
    async with silent_bank.client() as client:
        page = started["nextAction"]["redirectUrl"]
        token = page.partition("token=")[2]
        await client.post(page, data={"decision": "approve", "token": token})
    assert await ask_undecided(shop.dependencies(later=LATER)) == 1
    assert (await shop.shown(started["id"]))["status"] == "CAPTURED"


async def test_money_that_was_taken_while_the_answer_was_lost_is_found(shop: Shop, silent_bank: RunningBank) -> None:
    order_id, key = shop.orders.add(shop.buyer_id), uuid7()
    assert (await shop.start(order_id, "card_answer_lost", key=key))["__typename"] == "ProviderUnavailableError"
    assert await ask_undecided(shop.dependencies(later=LATER)) == 1
    (row,) = await shop.rows(order_id)
    assert row.status == "CAPTURED"
    again = await shop.start(order_id, "card_answer_lost", key=key)
    assert (again["__typename"], again["payment"]["status"]) == ("PaymentSuccess", "CAPTURED")
    assert (await silent_bank.intent(row.id))["captured"] == row.captured_amount


async def test_every_undecided_payment_is_asked_once_a_minute(shop: Shop, silent_bank: RunningBank) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    await shop.start(order_id, "card_3ds")
    assert await ask_undecided(shop.dependencies(later=LATER)) == 0
    (first,) = await shop.rows(order_id)
    assert await ask_undecided(shop.dependencies(later=LATER + timedelta(seconds=30))) == 0
    (second,) = await shop.rows(order_id)
    assert first.asked_at is not None
    assert first.asked_at == second.asked_at
    assert (first.status, first.version) == ("REQUIRES_ACTION", 2)


def about(comparison: Comparison, payment_id: str) -> list[DifferenceKind]:
    """What differs about a payment: other tests' payments are at the bank too."""
    return [each.kind for each in comparison.differences if each.payment_id == payment_id]


async def test_the_list_of_the_bank_mends_what_asking_missed(
    shop: Shop, silent_bank: RunningBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "PAGE", 1)
    since = utc_now()
    payments = [(await captured_without_a_word(shop, silent_bank))[1] for _ in range(3)]
    comparison = await compare(shop.dependencies(), since=since)
    assert comparison.mended == 3
    for payment_id in payments:
        assert about(comparison, payment_id) == []
        assert (await shop.shown(payment_id))["status"] == "CAPTURED"
        assert await events_of(shop, payment_id) == ["payment.captured"]
    assert (await compare(shop.dependencies(), since=since)).mended == 0


async def test_a_refund_that_was_made_at_the_bank_becomes_ours(shop: Shop, silent_bank: RunningBank) -> None:
    since = utc_now()
    order_id = shop.orders.add(shop.buyer_id, amount=1_000)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    intent = await silent_bank.intent(payment_id)
    async with silent_bank.client() as client:
        body = {"amount": 300, "reference": "by hand"}
        path = f"/v1/intents/{intent['id']}/refunds"
        (await client.post(path, json=body, headers={"idempotency-key": uuid7()})).raise_for_status()
    assert about(await compare(shop.dependencies(), since=since), payment_id) == []
    (row,) = await shop.rows(order_id)
    assert (row.refunded_amount, row.refunding_amount, row.status) == (300, 0, "PARTIALLY_REFUNDED")
    async with shop.resources.database.reading() as session:
        (refund,) = (await session.scalars(select(Refund))).all()
    assert (refund.requested_by, refund.status) == ("provider", "REFUNDED")
    assert await events_of(shop, payment_id) == ["payment.captured", "payment.refunded"]
    await compare(shop.dependencies(), since=since)
    assert len(await events_of(shop, payment_id)) == 2
    assert (await shop.refund(payment_id, 701))["__typename"] == "ValidationError"


async def test_what_cannot_be_mended_is_reported_until_it_is_gone(shop: Shop, silent_bank: RunningBank) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=1_000)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    since = utc_now() - timedelta(minutes=1)
    await damage(shop, payment_id, status="FAILED", captured_amount=0)
    found = await compare(shop.dependencies(later=2 * OVERLAP), since=since)
    assert about(found, payment_id) == [DifferenceKind.STATUS, DifferenceKind.CAPTURED_AMOUNT]
    assert await watermark(shop) <= since
    assert reconciling._differences.labels("STATUS")._value.get() >= 1
    await damage(shop, payment_id, status="CAPTURED", captured_amount=1_000)
    assert about(await compare(shop.dependencies(), since=since), payment_id) == []


async def test_money_of_no_payment_and_a_payment_without_money_are_reported(
    shop: Shop, silent_bank: RunningBank
) -> None:
    since = utc_now()
    order_id = shop.orders.add(shop.buyer_id, amount=1_000)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    intent = await silent_bank.intent(payment_id)
    await damage(shop, payment_id, provider_reference="int_unknown")
    renamed = uuid7()
    async with shop.resources.database.transaction() as session:
        await session.execute(update(Payment).where(Payment.id == payment_id).values(order_id=renamed))
    found = await compare(shop.dependencies(), since=since)
    assert about(found, payment_id) == []  # it is in the list under its own id, and its sums are right
    async with silent_bank.client() as client:
        body = {"reference": "nobody's", "amount": 100, "currency": "EUR"}
        stranger = (await client.post("/v1/intents", json=body, headers={"idempotency-key": uuid7()})).json()["id"]
        path = f"/v1/intents/{stranger}/confirm"
        await client.post(path, json={"method": "card_ok"}, headers={"idempotency-key": uuid7()})
    found = await compare(shop.dependencies(), since=since)
    assert [each.kind for each in found.differences if each.reference == stranger] == [DifferenceKind.NOT_OURS]
    assert intent["captured"] == 1_000


async def test_a_payment_that_the_bank_does_not_know_is_reported(shop: Shop, silent_bank: RunningBank) -> None:
    since = utc_now() - timedelta(minutes=1)
    unknown = uuid7()
    order_id = shop.orders.add(shop.buyer_id, amount=1_000)
    payment_id = (await shop.start(order_id, "card_declined"))["payment"]["id"]
    (row,) = await shop.rows(order_id)
    copied = {column.key: getattr(row, column.key) for column in Payment.__table__.columns}
    async with shop.resources.database.transaction() as session:
        session.add(Payment(**{**copied, "id": unknown, "provider_reference": "int_unknown"}))
    found = await compare(shop.dependencies(), since=since)
    assert about(found, unknown) == [DifferenceKind.NOT_AT_THE_PROVIDER]
    assert about(found, payment_id) == []


async def test_the_lists_are_compared_once_an_hour_by_one_replica(shop: Shop, silent_bank: RunningBank) -> None:
    await set_watermark(shop, utc_now())
    _, payment_id = await captured_without_a_word(shop, silent_bank)
    assert await compare_when_due(shop.dependencies(later=timedelta(minutes=61))) == 1
    assert (await shop.shown(payment_id))["status"] == "CAPTURED"
    _, second = await captured_without_a_word(shop, silent_bank)
    assert await compare_when_due(shop.dependencies(later=timedelta(minutes=120))) == 0
    assert (await shop.shown(second))["status"] == "PROCESSING"
    assert await compare_when_due(shop.dependencies(later=timedelta(minutes=122))) == 1


async def test_the_watermark_moves_on_when_all_is_equal(shop: Shop, silent_bank: RunningBank) -> None:
    await shop.start(shop.orders.add(shop.buyer_id))
    started = utc_now()
    await compare(shop.dependencies(later=3 * OVERLAP), since=started + OVERLAP)
    assert await watermark(shop) >= started + 2 * OVERLAP


async def test_the_command_settles_asks_and_prints_what_differs(shop: Shop, silent_bank: RunningBank) -> None:
    await set_watermark(shop, utc_now())
    order_id, payment_id = await captured_without_a_word(shop, silent_bank)
    found = await reconciled(shop.dependencies(later=LATER), is_whole=False)
    assert about(found, payment_id) == []
    assert (await shop.shown(payment_id))["status"] == "CAPTURED"
    await damage(shop, payment_id, captured_amount=1)
    found = await reconciled(shop.dependencies(later=LATER), is_whole=False)
    (row,) = await shop.rows(order_id)
    printed = lines(found)
    assert printed[0].endswith("different")
    found_line = next(line for line in printed if payment_id in line)
    assert found_line.split() == ["CAPTURED_AMOUNT", payment_id, row.provider_reference, "1", "5000"]


async def damage(shop: Shop, payment_id: str, **columns: object) -> None:
    async with shop.resources.database.transaction() as session:
        await session.execute(update(Payment).where(Payment.id == payment_id).values(**columns))


async def watermark(shop: Shop) -> datetime:
    return await reconciling.watermark(shop.resources.dependencies)


async def set_watermark(shop: Shop, at: datetime) -> None:
    # Due in an hour, so that the service's own loop, which has written its row by now, leaves the comparison to the test.
    row = {"provider": "bank", "compared_from": at, "due_at": at + timedelta(hours=1)}
    async with shop.resources.database.transaction() as session:
        await upsert(session, Reconciliation, [row])
