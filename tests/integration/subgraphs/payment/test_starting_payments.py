"""Paying an order: every way that a payment can go, what is kept of it, and what the others are told."""

from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select, update

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.payment.tables import IdempotencyKey, Outbox, Payment
from tests.support.bank import RunningBank, eventually, running_bank
from tests.support.identity import ANONYMOUS, account
from tests.support.payments import START, Place, Shop, running_shop, together
from tests.support.ports import free_port


async def told(shop: Shop) -> list[dict[str, Any]]:
    """The events in the outbox, in the order in which they happened."""
    async with shop.resources.database.reading() as session:
        return list(await session.scalars(select(Outbox.envelope).order_by(Outbox.created_at)))


async def count(shop: Shop, table: Any) -> int:
    async with shop.resources.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def intents(bank: RunningBank, payment_id: str) -> list[dict[str, Any]]:
    async with bank.client() as client:
        listed: list[dict[str, Any]] = (await client.get("/v1/intents", params={"reference": payment_id})).json()[
            "intents"
        ]
        return listed


async def decide(address: str, decision: str) -> None:
    """Say yes or no on the bank's page."""
    page, _, query = address.partition("?")
    async with httpx.AsyncClient(trust_env=False) as payer:
        answer = await payer.post(page, data={"token": query.removeprefix("token="), "decision": decision})
        assert answer.status_code in {200, 303}, answer.text


async def is_status(shop: Shop, payment_id: str, status: str) -> bool:
    return bool((await shop.shown(payment_id))["status"] == status)


async def test_a_good_card_pays_the_order_and_the_order_service_is_told(shop: Shop, shops_bank: RunningBank) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=12_345)

    answer = await shop.start(order_id)

    assert answer["__typename"] == "PaymentSuccess"
    payment = answer["payment"]
    assert (payment["status"], payment["amount"]) == ("CAPTURED", {"amount": 12_345, "currency": "EUR"})
    number = shop.orders.orders[order_id]["number"]
    assert payment["order"] == {"id": order_id, "number": number, "paymentState": "PAID"}
    assert [step["status"] for step in payment["history"]] == ["CREATED", "CAPTURED"]
    (intent,) = await intents(shops_bank, payment["id"])
    assert (intent["status"], intent["captured"]) == ("captured", 12_345)
    (event,) = await told(shop)
    assert (event["type"], event["subject"]) == ("payment.captured", order_id)
    assert event["data"] == {
        "payment_id": payment["id"],
        "payment_version": 2,
        "order_id": order_id,
        "buyer_id": shop.buyer_id,
        "status": "CAPTURED",
        "currency": "EUR",
        "amount": 12_345,
    }
    assert shop.queued() == 1


async def test_a_declined_card_is_an_error_with_the_failed_payment_and_another_card_may_pay(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)

    declined = await shop.start(order_id, "card_insufficient_funds")

    assert (declined["__typename"], declined["code"], declined["retryable"]) == (
        "PaymentDeclinedError",
        "PAYMENT_DECLINED",
        True,
    )
    assert (declined["payment"]["status"], declined["payment"]["failure"]["code"]) == ("FAILED", "insufficient_funds")
    assert declined["payment"]["order"]["paymentState"] == "UNPAID"
    assert [event["type"] for event in await told(shop)] == ["payment.failed"]

    assert (await shop.start(order_id))["payment"]["status"] == "CAPTURED"
    assert [event["type"] for event in await told(shop)] == ["payment.failed", "payment.captured"]


async def test_a_card_that_must_not_be_tried_again_says_so(shop: Shop) -> None:
    declined = await shop.start(shop.orders.add(shop.buyer_id), "card_declined")
    assert (declined["retryable"], declined["payment"]["failure"]["retryable"]) == (False, False)


async def test_the_same_key_and_body_get_the_same_answer_and_move_money_once(
    shop: Shop, shops_bank: RunningBank
) -> None:
    for number, method in enumerate(("card_ok", "card_declined", "card_3ds", "cash"), start=1):
        order_id, key = shop.orders.add(shop.buyer_id), uuid7()
        first = await shop.start(order_id, method, key=key)
        if method == "card_ok":
            shop.orders.set_status(order_id, "PAID")  # as the order service does, told of the capture

        assert await shop.start(order_id, method, key=key) == first

        assert await count(shop, Payment) == number
        async with shop.resources.database.reading() as session:
            payment_id = await session.scalar(select(Payment.id).where(Payment.order_id == order_id))
        assert len(await intents(shops_bank, payment_id or "")) == 1


async def test_the_same_key_with_another_body_is_a_conflict(shop: Shop) -> None:
    order_id, key = shop.orders.add(shop.buyer_id), uuid7()
    await shop.start(order_id, key=key)
    for answer in (
        await shop.start(order_id, "card_declined", key=key),
        await shop.start(order_id, key=key, return_url="https://example.org/back"),
    ):
        assert (answer["__typename"], answer["code"]) == ("IdempotencyConflictError", "IDEMPOTENCY_CONFLICT")
    assert await count(shop, Payment) == 1


async def test_a_key_belongs_to_its_buyer(shop: Shop) -> None:
    key, other_id = uuid7(), uuid7()
    await shop.start(shop.orders.add(shop.buyer_id), key=key)
    answer = await shop.start(shop.orders.add(other_id), key=key, by=account(other_id, "BUYER"))
    assert answer["__typename"] == "PaymentSuccess"


async def test_a_paid_order_is_not_paid_again(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    paid = await shop.start(order_id)
    again = await shop.start(order_id)
    assert (again["__typename"], again["code"], again["payment"]["id"]) == (
        "AlreadyPaidError",
        "ALREADY_PAID",
        paid["payment"]["id"],
    )
    assert await count(shop, Payment) == 1


async def test_ten_requests_at_once_capture_once(shop: Shop, shops_bank: RunningBank) -> None:
    order_id, key = shop.orders.add(shop.buyer_id), uuid7()
    same = [shop.start(order_id, key=key) for _ in range(5)]
    others = [shop.start(order_id) for _ in range(5)]

    answers = await together(*same, *others)

    assert {answer["__typename"] for answer in answers} <= {
        "PaymentSuccess",
        "ProviderUnavailableError",
        "AlreadyPaidError",
    }
    assert {answer["code"] for answer in answers if "code" in answer} <= {"REQUEST_IN_FLIGHT", "ALREADY_PAID"}
    captured = 0
    async with shop.resources.database.reading() as session:
        for payment_id in await session.scalars(select(Payment.id)):
            captured += sum(intent["captured"] for intent in await intents(shops_bank, payment_id))
    assert captured == 5_000
    assert [event["type"] for event in await told(shop)] == ["payment.captured"]


async def test_a_buyer_who_approves_at_the_bank_has_paid(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    waiting = (await shop.start(order_id, "card_3ds", return_url="https://example.org/back"))["payment"]
    assert (waiting["status"], waiting["nextAction"]["type"]) == ("REQUIRES_ACTION", "REDIRECT")
    assert waiting["order"]["paymentState"] == "PENDING"
    assert await told(shop) == []

    await decide(waiting["nextAction"]["redirectUrl"], "approve")

    await eventually(lambda: is_status(shop, waiting["id"], "CAPTURED"))
    history = (await shop.shown(waiting["id"]))["history"]
    assert [step["status"] for step in history] == ["CREATED", "REQUIRES_ACTION", "CAPTURED"]
    assert history[-1]["providerEventId"].startswith("evt_")
    assert [event["type"] for event in await told(shop)] == ["payment.captured"]


async def test_a_buyer_who_declines_at_the_bank_may_try_again(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    waiting = (await shop.start(order_id, "card_3ds"))["payment"]
    await decide(waiting["nextAction"]["redirectUrl"], "decline")
    await eventually(lambda: is_status(shop, waiting["id"], "FAILED"))
    assert (await shop.start(order_id))["payment"]["status"] == "CAPTURED"


async def test_another_card_takes_the_place_of_an_abandoned_page(shop: Shop, shops_bank: RunningBank) -> None:
    order_id, key = shop.orders.add(shop.buyer_id), uuid7()
    abandoned = (await shop.start(order_id, "card_3ds", key=key))["payment"]

    paid = (await shop.start(order_id))["payment"]

    assert paid["status"] == "CAPTURED"
    assert await is_status(shop, abandoned["id"], "CANCELLED")
    assert [intent["status"] for intent in await intents(shops_bank, abandoned["id"])] == ["cancelled"]
    replayed = await shop.start(order_id, "card_3ds", key=key)
    assert (replayed["payment"]["id"], replayed["payment"]["status"]) == (abandoned["id"], "CANCELLED")
    assert [event["type"] for event in await told(shop)] == ["payment.captured"]


async def test_a_page_that_was_approved_meanwhile_wins_over_another_card(shop: Shop, shops_bank: RunningBank) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    waiting = (await shop.start(order_id, "card_3ds"))["payment"]
    await decide(waiting["nextAction"]["redirectUrl"], "approve")  # our webhook may or may not be here by now

    answer = await shop.start(order_id)

    assert (answer["__typename"], answer["payment"]["id"]) == ("AlreadyPaidError", waiting["id"])
    assert await count(shop, Payment) == 1


async def test_a_slow_payment_is_in_progress_until_the_bank_says_so(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    slow = (await shop.start(order_id, "card_slow"))["payment"]
    assert (slow["status"], slow["order"]["paymentState"]) == ("PROCESSING", "PENDING")

    second = await shop.start(order_id)
    assert second["__typename"] == "AlreadyPaidError"
    assert second["payment"]["id"] == slow["id"]

    await eventually(lambda: is_status(shop, slow["id"], "CAPTURED"))
    assert [event["type"] for event in await told(shop)] == ["payment.captured"]


async def test_an_outage_is_said_with_a_time_to_come_back_and_another_card_may_pay(
    shop: Shop, shops_bank: RunningBank
) -> None:
    order_id, key = shop.orders.add(shop.buyer_id), uuid7()
    for _ in range(2):
        answer = await shop.start(order_id, "card_outage", key=key)
        assert (answer["__typename"], answer["code"]) == ("ProviderUnavailableError", "PROVIDER_UNAVAILABLE")
        assert answer["retryAfterMs"] == 2_000
    assert await count(shop, Payment) == 1

    assert (await shop.start(order_id))["payment"]["status"] == "CAPTURED"

    withdrawn = await shop.start(order_id, "card_outage", key=key)
    assert (withdrawn["__typename"], withdrawn["path"]) == ("ValidationError", ["input"])


async def test_a_bank_that_was_down_gets_the_same_payment_by_the_same_key(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    port = free_port()
    async with running_shop(Place(database_url, redis_url, tmp_path, f"http://127.0.0.1:{port}")) as shop:
        order_id, key = shop.orders.add(shop.buyer_id), uuid7()
        assert (await shop.start(order_id, key=key))["code"] == "PROVIDER_UNAVAILABLE"
        with running_bank(tmp_path / "bank.db", port=port) as bank:
            answer = await shop.start(order_id, key=key)
            assert answer["payment"]["status"] == "CAPTURED"
            assert len(await intents(bank, answer["payment"]["id"])) == 1
        assert await count(shop, Payment) == 1


async def test_a_request_whose_process_died_is_in_flight_until_its_lease_ends_and_then_taken_up(
    shop: Shop, shops_bank: RunningBank
) -> None:
    order_id, key = shop.orders.add(shop.buyer_id), uuid7()
    assert (await shop.start(order_id, "card_outage", key=key))["code"] == "PROVIDER_UNAVAILABLE"

    async def set_lease(seconds_from_now: float) -> None:
        now = utc_now()
        async with shop.resources.database.transaction() as session:
            lease_until = now.replace(year=now.year + 1) if seconds_from_now > 0 else now.replace(year=now.year - 1)
            await session.execute(update(IdempotencyKey).values(lease_until=lease_until))
            await session.execute(update(Payment).values(method="card_ok"))

    await set_lease(60)
    in_flight = await shop.start(order_id, "card_outage", key=key)
    assert (in_flight["__typename"], in_flight["code"]) == ("ProviderUnavailableError", "REQUEST_IN_FLIGHT")
    assert in_flight["retryAfterMs"] > 0
    other_key = await shop.start(order_id)
    assert other_key["code"] == "REQUEST_IN_FLIGHT"

    await set_lease(-1)
    taken_up = await shop.start(order_id, "card_outage", key=key)
    assert taken_up["payment"]["status"] == "CAPTURED"
    assert len(await intents(shops_bank, taken_up["payment"]["id"])) == 1


async def test_a_begun_payment_of_an_order_that_was_cancelled_is_withdrawn(shop: Shop, shops_bank: RunningBank) -> None:
    order_id, key = shop.orders.add(shop.buyer_id), uuid7()
    await shop.start(order_id, "card_outage", key=key)
    shop.orders.set_status(order_id, "CANCELLED")

    answer = await shop.start(order_id, "card_outage", key=key)

    assert answer["__typename"] == "ValidationError"
    async with shop.resources.database.reading() as session:
        payment = (await session.scalars(select(Payment))).one()
    assert payment.status == "CANCELLED"
    assert [intent["status"] for intent in await intents(shops_bank, payment.id)] == ["cancelled"]


async def test_a_method_that_the_bank_does_not_know_is_refused_by_its_name(shop: Shop) -> None:
    answer = await shop.start(shop.orders.add(shop.buyer_id), "cash")
    assert (answer["__typename"], answer["path"]) == ("ValidationError", ["input", "method"])


async def test_a_wrong_part_is_refused_by_its_name_and_nothing_is_written(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    for part, value in (
        ("orderId", "7"),
        ("orderId", uuid7()),
        ("method", ""),
        ("method", "a b"),
        ("idempotencyKey", ""),
        ("idempotencyKey", "x" * 129),
        ("returnUrl", "javascript:alert(1)"),
    ):
        asked = {"idempotencyKey": uuid7(), "orderId": order_id, "method": "card_ok"} | {part: value}
        answer = (await shop.payment.data(START, {"input": asked}, by=shop.buyer))["startPayment"]
        assert (answer["__typename"], answer["path"]) == ("ValidationError", ["input", part])
    assert await count(shop, Payment) == 0
    assert await count(shop, IdempotencyKey) == 0


async def test_somebody_elses_order_answers_as_if_it_were_not_there(shop: Shop) -> None:
    elses = await shop.start(shop.orders.add(uuid7()))
    absent = await shop.start(uuid7())
    assert elses == absent
    assert elses["__typename"] == "ValidationError"


async def test_an_order_that_may_not_be_paid_now_is_refused(shop: Shop) -> None:
    for status in ("PENDING", "CANCELLED", "EXPIRED", "PAID"):
        answer = await shop.start(shop.orders.add(shop.buyer_id, status=status))
        assert (answer["__typename"], answer["path"]) == ("ValidationError", ["input", "orderId"])
    assert await count(shop, Payment) == 0


async def test_an_order_service_that_is_down_is_a_fault_and_nothing_is_written(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    shop.orders.is_down = True
    asked = {"idempotencyKey": uuid7(), "orderId": order_id, "method": "card_ok"}
    assert await shop.payment.codes(START, {"input": asked}, by=shop.buyer) == ["SERVICE_UNAVAILABLE"]
    assert await count(shop, Payment) == 0


async def test_a_stranger_cannot_pay(shop: Shop) -> None:
    asked = {"idempotencyKey": uuid7(), "orderId": uuid7(), "method": "card_ok"}
    assert await shop.payment.codes(START, {"input": asked}, by=ANONYMOUS) == ["UNAUTHENTICATED"]


async def test_a_queue_that_is_away_costs_no_payment(
    database_url: str, tmp_path: Path, shops_bank: RunningBank
) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with running_shop(Place(database_url, nowhere, tmp_path, shops_bank.url)) as shop:
        assert (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]["status"] == "CAPTURED"
        assert [event["type"] for event in await told(shop)] == ["payment.captured"]


async def test_health_answers_with_json_and_ready_names_what_is_missing(shop: Shop) -> None:
    health = await shop.payment.http.get("/health")
    assert (health.status_code, health.json()) == (200, {"status": "ok", "service": "payment"})
    ready = await shop.payment.http.get("/ready")
    assert (ready.status_code, set(ready.json()["failing"])) == (503, {"config"})
