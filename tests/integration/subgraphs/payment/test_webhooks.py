"""The provider's events: believed only when signed, and then only as hints."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select, update

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.payment.sandbox.webhooks import signature
from subgraphs.payment.tables import Outbox, Payment, PaymentEvent, ProviderEvent
from tests.support.bank import WEBHOOK_SECRET, RunningBank, eventually
from tests.support.payments import NOWHERE, Place, Shop, running_shop, together


async def send(
    shop: Shop, event: Any, *, secret: str = WEBHOOK_SECRET, age: timedelta = timedelta(), body: bytes | None = None
) -> httpx.Response:
    """Send an event as the bank would, signed at that age; with another body than the signed one, where it is given."""
    raw = json.dumps(event).encode()
    at = int((utc_now() - age).timestamp())
    headers = {"Bank-Signature": signature(secret.encode(), raw, unix_seconds=at)}
    return await shop.payment.http.post("/webhooks/bank", content=body or raw, headers=headers)


async def reference_of(shops_bank: RunningBank, payment_id: str) -> str:
    async with shops_bank.client() as client:
        (intent,) = (await client.get("/v1/intents", params={"reference": payment_id})).json()["intents"]
        return str(intent["id"])


async def count(shop: Shop, table: Any) -> int:
    async with shop.resources.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


def captured(reference: str, event_id: str = "evt_1") -> dict[str, Any]:
    return {"id": event_id, "type": "intent.captured", "intent": {"id": reference, "status": "captured"}}


async def test_a_forged_an_old_and_a_changed_event_are_refused(shop: Shop) -> None:
    event = captured("int_1")
    answers = [
        await send(shop, event, secret="another secret"),
        await send(shop, event, age=timedelta(seconds=301)),
        await send(shop, event, age=timedelta(seconds=-310)),
        await send(shop, event, body=json.dumps(captured("int_2")).encode()),
        await shop.payment.http.post("/webhooks/bank", json=event),
        await shop.payment.http.post("/webhooks/bank", json=event, headers={"Bank-Signature": "t=x,v1=y"}),
    ]
    assert [answer.status_code for answer in answers] == [401] * 6
    assert {answer.json()["error"]["code"] for answer in answers} == {"INVALID_SIGNATURE"}
    assert await count(shop, ProviderEvent) == 0


async def test_a_signed_event_is_only_a_hint(shop: Shop, shops_bank: RunningBank) -> None:
    waiting = (await shop.start(shop.orders.add(shop.buyer_id), "card_3ds"))["payment"]
    lie = captured(await reference_of(shops_bank, waiting["id"]), "evt_lie")
    assert (await send(shop, lie)).status_code == 204
    assert (await shop.shown(waiting["id"]))["status"] == "REQUIRES_ACTION"
    assert await count(shop, Outbox) == 0


async def test_an_event_that_comes_several_times_has_one_effect(shop: Shop, shops_bank: RunningBank) -> None:
    paid = (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]
    event = captured(await reference_of(shops_bank, paid["id"]), "evt_thrice")
    taken = [*await together(*(send(shop, event) for _ in range(6))), await send(shop, event)]
    assert [answer.status_code for answer in taken] == [204] * 7
    async with shop.resources.database.reading() as session:
        same = select(func.count()).select_from(ProviderEvent).where(ProviderEvent.event_id == "evt_thrice")
        assert await session.scalar(same) == 1
        steps = (
            select(PaymentEvent.status)
            .where(PaymentEvent.payment_id == paid["id"])
            .order_by(PaymentEvent.payment_version)
        )
        assert list(await session.scalars(steps)) == ["CREATED", "CAPTURED"]
    assert await count(shop, Outbox) == 1


async def test_an_event_about_nothing_of_ours_is_taken_and_changes_nothing(shop: Shop) -> None:
    assert (await send(shop, captured("int_unknown"))).status_code == 204
    assert await count(shop, Outbox) == 0


async def test_a_signed_body_that_is_no_event_is_refused(shop: Shop) -> None:
    assert (await send(shop, ["not", "an", "event"])).status_code == 401
    assert (await send(shop, {"id": "evt_1"})).status_code == 401


async def test_a_body_past_the_limit_is_refused(shop: Shop) -> None:
    assert (await shop.payment.http.post("/webhooks/bank", content=b"x" * 300_000)).status_code == 413


async def test_the_banks_own_event_of_a_capture_changes_nothing_that_the_answer_said(shop: Shop) -> None:
    paid = (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]

    async def has_come() -> bool:
        async with shop.resources.database.reading() as session:
            events = select(func.count()).select_from(ProviderEvent).where(ProviderEvent.payment_id == paid["id"])
            return bool(await session.scalar(events))

    await eventually(has_come)
    assert [step["status"] for step in (await shop.shown(paid["id"]))["history"]] == ["CREATED", "CAPTURED"]
    assert await count(shop, Outbox) == 1


async def test_a_provider_that_does_not_say_what_happened_gets_the_event_back(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with running_shop(Place(database_url, redis_url, tmp_path, NOWHERE)) as shop:
        answer = await send(shop, captured("int_1"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "PROVIDER_UNAVAILABLE")
        assert int(answer.headers["retry-after"]) > 0
        assert await count(shop, ProviderEvent) == 0


async def test_a_capture_of_what_we_hold_for_failed_is_kept_out(shop: Shop, shops_bank: RunningBank) -> None:
    paid = (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]
    async with shop.resources.database.transaction() as session:
        await session.execute(update(Payment).values(status="FAILED", captured_amount=0))
    event = captured(await reference_of(shops_bank, paid["id"]), "evt_contradiction")
    assert (await send(shop, event)).status_code == 204
    assert (await shop.shown(paid["id"]))["status"] == "FAILED"
    assert await count(shop, Outbox) == 1
