"""The bank sandbox over its API, as the process that payment talks to."""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from subgraphs.kit.runtime.ids import uuid7
from tests.support.bank import WEBHOOK_SECRET, Listener, RunningBank, eventually, running_bank, served


@pytest.fixture
async def client(bank: RunningBank) -> AsyncIterator[httpx.AsyncClient]:
    async with bank.client() as opened:
        yield opened


def key() -> dict[str, str]:
    return {"idempotency-key": uuid7()}


async def created(client: httpx.AsyncClient, *, amount: int = 5_000, capture: str = "automatic") -> dict[str, Any]:
    body = {"reference": uuid7(), "amount": amount, "currency": "EUR", "capture": capture}
    answer = await client.post("/v1/intents", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    intent: dict[str, Any] = answer.json()
    return intent


async def confirmed(client: httpx.AsyncClient, method: str, **more: Any) -> dict[str, Any]:
    intent = await created(client, **more)
    answer = await client.post(f"/v1/intents/{intent['id']}/confirm", json={"method": method}, headers=key())
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


async def test_a_good_card_is_captured_at_once(client: httpx.AsyncClient) -> None:
    intent = await confirmed(client, "card_ok", amount=12_345)
    assert (intent["status"], intent["captured"], intent["refunded"]) == ("captured", 12_345, 0)
    assert (await client.get(f"/v1/intents/{intent['id']}")).json() == intent


@pytest.mark.parametrize(
    ("method", "code", "is_retryable"),
    [("card_declined", "card_declined", False), ("card_insufficient_funds", "insufficient_funds", True)],
)
async def test_a_bad_card_fails_and_says_why(
    client: httpx.AsyncClient, method: str, code: str, is_retryable: bool
) -> None:
    intent = await confirmed(client, method)
    assert (intent["status"], intent["captured"]) == ("failed", 0)
    assert (intent["failure"]["code"], intent["failure"]["retryable"]) == (code, is_retryable)


async def test_a_slow_card_is_captured_later(client: httpx.AsyncClient) -> None:
    intent = await confirmed(client, "card_slow")
    assert intent["status"] == "processing"

    async def is_captured() -> bool:
        return bool((await client.get(f"/v1/intents/{intent['id']}")).json()["status"] == "captured")

    await eventually(is_captured)


async def test_an_outage_answers_503_and_changes_nothing(client: httpx.AsyncClient) -> None:
    intent = await created(client)
    answer = await client.post(f"/v1/intents/{intent['id']}/confirm", json={"method": "card_outage"}, headers=key())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert (await client.get(f"/v1/intents/{intent['id']}")).json() == intent


async def test_a_failing_bank_does_nothing_and_a_lost_answer_leaves_the_effect(tmp_path: Path) -> None:
    with running_bank(tmp_path / "bank.db") as bank:
        async with bank.client() as client:
            intent = await created(client)
            path, body = f"/v1/intents/{intent['id']}/confirm", {"method": "card_ok"}
            statuses, seen = [], []
            for faults in ({"is_failing": True}, {"is_lost": True, "delay_seconds": 0.1}, {}):
                assert (await client.put("/v1/test/answers", json=faults)).status_code == 204
                answer = await client.post(path, json=body, headers={"idempotency-key": "once"})
                await client.put("/v1/test/answers", json={})
                statuses.append(answer.status_code)
                seen.append((await client.get(f"/v1/intents/{intent['id']}")).json()["captured"])
            events = (await client.get("/v1/events")).json()["events"]
    assert statuses == [503, 503, 200]
    assert seen == [0, 5_000, 5_000]
    assert [event["type"] for event in events] == ["intent.captured"]


async def test_the_same_key_and_body_get_the_same_answer_and_one_intent(client: httpx.AsyncClient) -> None:
    same, reference = key(), uuid7()
    body = {"reference": reference, "amount": 100, "currency": "EUR"}
    first = await client.post("/v1/intents", json=body, headers=same)
    second = await client.post("/v1/intents", json=body, headers=same)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert len((await client.get("/v1/intents", params={"reference": reference})).json()["intents"]) == 1


async def test_the_same_key_with_another_body_is_a_conflict(client: httpx.AsyncClient) -> None:
    same, reference = key(), uuid7()
    await client.post("/v1/intents", json={"reference": reference, "amount": 100, "currency": "EUR"}, headers=same)
    answer = await client.post(
        "/v1/intents", json={"reference": reference, "amount": 101, "currency": "EUR"}, headers=same
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_conflict")


async def test_a_payer_who_approves_is_charged_and_sent_back_to_the_shop(client: httpx.AsyncClient) -> None:
    intent = await created(client)
    body = {"method": "card_3ds", "return_url": "http://127.0.0.1:9/back?order=1"}
    waiting = (await client.post(f"/v1/intents/{intent['id']}/confirm", json=body, headers=key())).json()
    assert waiting["status"] == "requires_action"

    async with httpx.AsyncClient(trust_env=False) as payer:
        shown = await payer.get(waiting["next_action"]["redirect_url"])
        assert (shown.status_code, "50.00 EUR" in shown.text) == (200, True)
        found = re.search(r'name="token" value="([^"]+)"', shown.text)
        assert found is not None
        address = waiting["next_action"]["redirect_url"].partition("?")[0]
        answer = await payer.post(address, data={"token": found[1], "decision": "approve"})

    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://127.0.0.1:9/back?order=1&intent={intent['id']}&status=captured"
    assert (await client.get(f"/v1/intents/{intent['id']}")).json()["status"] == "captured"


async def test_a_payer_who_declines_is_not_charged(client: httpx.AsyncClient) -> None:
    intent = await confirmed(client, "card_3ds")
    address, _, query = intent["next_action"]["redirect_url"].partition("?")
    async with httpx.AsyncClient(trust_env=False) as payer:
        token = query.removeprefix("token=")
        assert (await payer.post(address, data={"token": token, "decision": "decline"})).status_code == 200
    after = (await client.get(f"/v1/intents/{intent['id']}")).json()
    assert (after["status"], after["captured"], after["failure"]["code"]) == ("failed", 0, "authentication_failed")


@pytest.mark.parametrize("token", ["", "guessed"])
async def test_a_stranger_cannot_decide_for_the_payer(client: httpx.AsyncClient, token: str) -> None:
    intent = await confirmed(client, "card_3ds")
    address = intent["next_action"]["redirect_url"].partition("?")[0]
    async with httpx.AsyncClient(trust_env=False) as stranger:
        assert (await stranger.get(address, params={"token": token})).status_code == 404
        assert (await stranger.post(address, data={"token": token, "decision": "approve"})).status_code == 404
    assert (await client.get(f"/v1/intents/{intent['id']}")).json()["status"] == "requires_action"


async def test_an_authorized_intent_is_captured_when_the_merchant_says_so(client: httpx.AsyncClient) -> None:
    intent = await confirmed(client, "card_ok", amount=900, capture="manual")
    assert (intent["status"], intent["captured"]) == ("authorized", 0)
    too_much = await client.post(f"/v1/intents/{intent['id']}/capture", json={"amount": 901}, headers=key())
    assert (too_much.status_code, too_much.json()["error"]["code"]) == (409, "amount_too_large")
    taken = (await client.post(f"/v1/intents/{intent['id']}/capture", json={"amount": 800}, headers=key())).json()
    assert (taken["status"], taken["captured"]) == ("captured", 800)


async def test_refunds_never_exceed_what_was_captured(client: httpx.AsyncClient) -> None:
    intent = await confirmed(client, "card_ok", amount=1_000)
    path = f"/v1/intents/{intent['id']}/refunds"
    first = await client.post(path, json={"amount": 600, "reference": "r1"}, headers=key())
    too_much = await client.post(path, json={"amount": 401, "reference": "r2"}, headers=key())
    rest = await client.post(path, json={"amount": 400, "reference": "r3"}, headers=key())
    assert [first.status_code, too_much.status_code, rest.status_code] == [201, 409, 201]
    after = (await client.get(f"/v1/intents/{intent['id']}")).json()
    assert (after["refunded"], [refund["amount"] for refund in after["refunds"]]) == (1_000, [600, 400])


async def test_a_captured_intent_cannot_be_cancelled_and_a_waiting_one_can(client: httpx.AsyncClient) -> None:
    paid, waiting = await confirmed(client, "card_ok"), await confirmed(client, "card_3ds")
    refused = await client.post(f"/v1/intents/{paid['id']}/cancel", headers=key())
    done = await client.post(f"/v1/intents/{waiting['id']}/cancel", headers=key())
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "invalid_state")
    assert (done.status_code, done.json()["status"], done.json()["next_action"]) == (200, "cancelled", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reference": "r", "amount": 0, "currency": "EUR"}, "amount"),
        ({"reference": "r", "amount": 1.5, "currency": "EUR"}, "amount"),
        ({"reference": "r", "amount": 2**53, "currency": "EUR"}, "amount"),
        ({"reference": "r", "amount": 1, "currency": "XXX"}, "currency"),
        ({"amount": 1, "currency": "EUR"}, "reference"),
        ({"reference": "r", "amount": 1, "currency": "EUR", "tip": 1}, "tip"),
    ],
)
async def test_a_wrong_value_is_refused_by_its_name(
    client: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await client.post("/v1/intents", json=body, headers=key())
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


async def test_an_unknown_method_a_missing_key_and_a_huge_body_are_refused(client: httpx.AsyncClient) -> None:
    intent = await created(client)
    path = f"/v1/intents/{intent['id']}/confirm"
    assert (await client.post(path, json={"method": "cash"}, headers=key())).json()["error"]["field"] == "method"
    assert (await client.post(path, json={"method": "card_ok"})).json()["error"]["field"] == "Idempotency-Key"
    assert (await client.post(path, content=b" " * 70_000, headers=key())).status_code == 413


async def test_nothing_is_told_without_the_key(bank: RunningBank) -> None:
    async with httpx.AsyncClient(base_url=bank.url, trust_env=False) as stranger:
        for headers in ({}, {"authorization": "Bearer wrong"}):
            answer = await stranger.get("/v1/events", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


async def test_every_change_is_an_event_in_order(tmp_path: Path) -> None:
    with running_bank(tmp_path / "bank.db") as bank:
        async with bank.client() as client:
            intent = await confirmed(client, "card_ok")
            await client.post(
                f"/v1/intents/{intent['id']}/refunds", json={"amount": 1, "reference": "r"}, headers=key()
            )
            events = (await client.get("/v1/events")).json()["events"]
            assert [event["type"] for event in events] == ["intent.captured", "refund.succeeded"]
            rest = (await client.get("/v1/events", params={"after": events[0]["sequence"]})).json()["events"]
            assert [event["id"] for event in rest] == [events[1]["id"]]


async def test_webhooks_are_signed_and_sent_again_until_they_are_taken(tmp_path: Path) -> None:
    listener = Listener(refusals=2)
    async with served(listener.app) as address:
        with running_bank(tmp_path / "bank.db", webhook_url=f"{address}/webhooks/bank") as bank:
            async with bank.client() as client:
                intent = await confirmed(client, "card_ok")
            await eventually(lambda: len(listener.received) == 3)
    bodies = [json.loads(body) for _, body in listener.received]
    assert len({body["id"] for body in bodies}) == 1
    assert bodies[0]["intent"]["id"] == intent["id"]
    for headers, body in listener.received:
        at, _, signed = headers["bank-signature"].removeprefix("t=").partition(",v1=")
        expected = hmac.new(WEBHOOK_SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(signed, expected)


async def test_an_event_never_bears_the_payers_token(tmp_path: Path) -> None:
    with running_bank(tmp_path / "bank.db") as bank:
        async with bank.client() as client:
            waiting = await confirmed(client, "card_3ds")
            token = waiting["next_action"]["redirect_url"].partition("token=")[2]
            assert len(token) > 20
            assert token not in (await client.get("/v1/events")).text


async def test_a_restarted_bank_remembers_its_intents_keys_and_unsent_events(tmp_path: Path) -> None:
    file, same = tmp_path / "bank.db", key()
    body = {"reference": "before", "amount": 100, "currency": "EUR"}
    with running_bank(file) as bank:
        async with bank.client() as client:
            first = (await client.post("/v1/intents", json=body, headers=same)).json()
            await client.post(f"/v1/intents/{first['id']}/confirm", json={"method": "card_ok"}, headers=key())
    listener = Listener()
    async with served(listener.app) as address:
        with running_bank(file, webhook_url=f"{address}/webhooks/bank") as bank:
            async with bank.client() as client:
                assert (await client.post("/v1/intents", json=body, headers=same)).json() == first
                assert (await client.get(f"/v1/intents/{first['id']}")).json()["status"] == "captured"
            await eventually(lambda: len(listener.received) == 1)
