"""The providers behind one Protocol: the same tests for the bank, which is real, and for Stripe, whose API stands in a small server."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subgraphs.kit.runtime.deadline import within
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.payment.errors import InvalidSignature, ProviderRefused, ProviderUnavailable
from subgraphs.payment.model import PaymentStatus
from subgraphs.payment.providers.bank import BankProvider
from subgraphs.payment.providers.interface import Intent, IntentPage, Provider
from subgraphs.payment.providers.stripe import StripeProvider
from tests.support.bank import API_KEY, WEBHOOK_SECRET, served
from tests.support.ports import free_port
from tests.support.stripe import STRIPE_KEY, FakeStripe

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A provider, its words for the test methods, and how its payer says yes."""

    provider: Provider
    good: str
    declined: str
    short_of_money: str
    asks_the_payer: str
    takes_time: str
    approve: Callable[[Intent], Any]


@pytest.fixture(params=["bank", "stripe"])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    if request.param == "bank":
        url = request.getfixturevalue("bank").url
        provider = BankProvider(url, api_key=API_KEY, webhook_secret=WEBHOOK_SECRET, timeout_seconds=5)
        yield Case(
            provider,
            "card_ok",
            "card_declined",
            "card_insufficient_funds",
            "card_3ds",
            "card_slow",
            _approve_at_bank,
        )
        await provider.close()
        return
    fake = FakeStripe()

    async def approve(intent: Intent) -> None:
        fake.finish_action(intent.reference)

    async with served(fake.app) as address:
        stripe = StripeProvider(address, api_key=STRIPE_KEY, webhook_secret=WEBHOOK_SECRET, timeout_seconds=5)
        yield Case(
            stripe,
            "pm_card_visa",
            "pm_card_visa_chargeDeclined",
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "pm_card_threeDSecure2Required",
            "pm_usBankAccount",
            approve,
        )
        await stripe.close()


async def _approve_at_bank(intent: Intent) -> None:
    assert intent.next_action is not None
    assert intent.next_action.redirect_url is not None
    page, _, token = intent.next_action.redirect_url.partition("?token=")
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert (await payer.post(page, data={"token": token, "decision": "approve"})).status_code in {200, 303}


async def created(case: Case, *, payment_id: str | None = None, amount: int = 1_000) -> Intent:
    return await case.provider.create(payment_id=payment_id or uuid7(), amount=amount, currency="EUR")


async def confirmed(case: Case, method: str, *, return_url: str | None = None) -> Intent:
    return await case.provider.confirm(await created(case), method=method, return_url=return_url)


async def test_an_intent_is_created_once_for_a_payment(case: Case) -> None:
    payment_id = uuid7()
    first = await created(case, payment_id=payment_id)
    assert (first.payment_id, first.status, first.captured_amount) == (payment_id, PaymentStatus.CREATED, 0)
    assert await created(case, payment_id=payment_id) == first
    with pytest.raises(ProviderRefused):
        await created(case, payment_id=payment_id, amount=1_001)


async def test_a_good_method_is_captured_once(case: Case) -> None:
    intent = await created(case)
    paid = await case.provider.confirm(intent, method=case.good, return_url=None)
    again = await case.provider.confirm(intent, method=case.good, return_url=None)
    assert (paid.status, paid.captured_amount, paid.failure) == (PaymentStatus.CAPTURED, 1_000, None)
    assert again == paid
    assert await case.provider.get(intent.reference) == paid


async def test_a_declined_method_fails_for_good(case: Case) -> None:
    declined = await confirmed(case, case.declined)
    assert (declined.status, declined.captured_amount) == (PaymentStatus.FAILED, 0)
    assert declined.failure is not None
    assert not declined.failure.is_retryable
    asked = await case.provider.get(declined.reference)
    assert (asked.status, asked.failure) == (declined.status, declined.failure)


async def test_missing_money_may_be_there_later(case: Case) -> None:
    short = await confirmed(case, case.short_of_money)
    assert short.failure is not None
    assert (short.failure.code, short.failure.is_retryable) == ("insufficient_funds", True)


async def test_a_payer_who_is_asked_finishes_at_an_address(case: Case) -> None:
    waiting = await confirmed(case, case.asks_the_payer, return_url="https://shop.example/back")
    assert waiting.status is PaymentStatus.REQUIRES_ACTION
    assert waiting.next_action is not None
    assert waiting.next_action.type == "REDIRECT"
    assert (waiting.next_action.redirect_url or "").startswith("http")
    await case.approve(waiting)
    paid = await case.provider.get(waiting.reference)
    assert (paid.status, paid.captured_amount, paid.next_action) == (PaymentStatus.CAPTURED, 1_000, None)


async def test_a_slow_method_is_processing(case: Case) -> None:
    assert (await confirmed(case, case.takes_time)).status is PaymentStatus.PROCESSING


async def test_a_method_that_nobody_knows_is_refused(case: Case) -> None:
    with pytest.raises(ProviderRefused):
        await confirmed(case, "cash")


async def test_a_waiting_intent_is_cancelled_and_a_paid_one_is_not(case: Case) -> None:
    waiting = await confirmed(case, case.asks_the_payer)
    assert (await case.provider.cancel(waiting.reference)).status is PaymentStatus.CANCELLED
    paid = await confirmed(case, case.good)
    with pytest.raises(ProviderRefused):
        await case.provider.cancel(paid.reference)


async def test_a_refund_is_made_once_and_never_exceeds_the_capture(case: Case) -> None:
    paid = await confirmed(case, case.good)
    first_id, second_id = uuid7(), uuid7()
    first = await case.provider.refund(paid.reference, refund_id=first_id, amount=600)
    assert await case.provider.refund(paid.reference, refund_id=first_id, amount=600) == first
    assert (first.refund_id, first.amount, first.status) == (first_id, 600, PaymentStatus.REFUNDED)
    with pytest.raises(ProviderRefused):
        await case.provider.refund(paid.reference, refund_id=uuid7(), amount=401)
    second = await case.provider.refund(paid.reference, refund_id=second_id, amount=400)
    shown = await case.provider.get(paid.reference)
    assert (shown.status, shown.refunds) == (PaymentStatus.CAPTURED, (first, second))


async def test_the_list_has_each_intent_once_with_what_was_taken_and_given_back(case: Case) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    paid = await confirmed(case, case.good)
    await case.provider.refund(paid.reference, refund_id=uuid7(), amount=300)
    declined = await confirmed(case, case.declined)
    waiting = [await created(case) for _ in range(3)]
    seen: list[Intent] = []
    after: str | None = None
    while True:
        page = await case.provider.listed(since=since, after=after, limit=2)
        assert len(page.intents) <= 2
        seen += page.intents
        after = page.next_after
        if after is None:
            break
    sums = {each.reference: (each.status, each.captured_amount, each.refunded_amount) for each in seen}
    assert len(sums) == len(seen)
    assert sums[paid.reference] == (PaymentStatus.CAPTURED, 1_000, 300)
    assert sums[declined.reference] == (PaymentStatus.FAILED, 0, 0)
    assert {each.reference for each in waiting} <= sums.keys()
    nothing = await case.provider.listed(since=datetime.now(UTC) + timedelta(hours=1), after=None, limit=2)
    assert nothing == IntentPage((), None)


async def test_an_unknown_intent_is_refused_and_a_provider_that_is_there_is_ready(case: Case) -> None:
    await case.provider.ready()
    with pytest.raises(ProviderRefused):
        await case.provider.get("pi_unknown")


def signed(header: str, event: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    body, at = json.dumps(event).encode(), int(NOW.timestamp())
    mac = hmac.new(WEBHOOK_SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {header: f"t={at},v1={mac}"}, body


@pytest.mark.parametrize(
    ("about", "reference"),
    [
        ({"object": "payment_intent", "id": "pi_1"}, "pi_1"),
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_2"}, "pi_2"),
        ({"object": "refund", "id": "re_1", "payment_intent": "pi_3"}, "pi_3"),
        ({"object": "customer", "id": "cus_1"}, None),
    ],
)
def test_an_event_of_stripe_names_the_intent_that_it_is_about(about: dict[str, str], reference: str | None) -> None:
    stripe = StripeProvider("http://127.0.0.1:9", api_key=STRIPE_KEY, webhook_secret=WEBHOOK_SECRET, timeout_seconds=1)
    headers, body = signed("stripe-signature", {"id": "evt_1", "type": "t", "data": {"object": about}})
    hint = stripe.hint(headers, body, now=NOW)
    assert (hint.reference if hint else None) == reference
    with pytest.raises(InvalidSignature):
        stripe.hint(headers, body + b" ", now=NOW)
    with pytest.raises(InvalidSignature):
        stripe.hint({"bank-signature": headers["stripe-signature"]}, body, now=NOW)


async def test_a_payer_in_stripes_own_client_gets_a_secret_instead_of_an_address() -> None:
    async with served(FakeStripe().app) as address:
        stripe = StripeProvider(address, api_key=STRIPE_KEY, webhook_secret=WEBHOOK_SECRET, timeout_seconds=5)
        intent = await stripe.create(payment_id=uuid7(), amount=1, currency="EUR")
        waiting = await stripe.confirm(intent, method="pm_card_threeDSecure2Required", return_url=None)
        await stripe.close()
    assert waiting.next_action is not None
    assert (waiting.next_action.type, waiting.next_action.client_secret) == (
        "CLIENT_SDK",
        f"{intent.reference}_secret_1",
    )


def answering(answer: Response) -> Starlette:
    async def endpoint(_: Request) -> Response:
        return answer

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=["GET", "POST"])])


@pytest.mark.parametrize(
    ("answer", "retry_after_ms"),
    [
        (Response("<html>", media_type="text/html"), 2_000),
        (Response("[]"), 2_000),
        (Response('{"id": 1}'), 2_000),
        (Response("{}", status_code=500), 2_000),
        (Response("{}", status_code=503, headers={"retry-after": "7"}), 7_000),
        (Response("{}", status_code=429, headers={"retry-after": "9999"}), 60_000),
        (Response("{}", status_code=302, headers={"location": "http://127.0.0.1:9/"}), 2_000),
        (Response("{}", status_code=404), 2_000),
        (Response(b"x" * 3_000_000), 2_000),
    ],
)
@pytest.mark.parametrize("kind", [BankProvider, StripeProvider])
async def test_an_answer_that_makes_no_sense_is_a_provider_that_does_not_answer(
    kind: type[BankProvider] | type[StripeProvider], answer: Response, retry_after_ms: int
) -> None:
    async with served(answering(answer)) as address:
        provider = kind(address, api_key=STRIPE_KEY, webhook_secret=WEBHOOK_SECRET, timeout_seconds=5)
        with pytest.raises(ProviderUnavailable) as caught:
            await provider.create(payment_id=uuid7(), amount=1, currency="EUR")
        await provider.close()
    assert caught.value.retry_after_ms == retry_after_ms


async def test_a_provider_that_is_not_there_or_is_silent_is_given_up_in_time() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    provider = BankProvider(nobody, api_key=API_KEY, webhook_secret=WEBHOOK_SECRET, timeout_seconds=5)
    with pytest.raises(ProviderUnavailable):
        await provider.ready()
    await provider.close()

    hung_up = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    provider = BankProvider(
        f"http://127.0.0.1:{port}", api_key=API_KEY, webhook_secret=WEBHOOK_SECRET, timeout_seconds=5
    )
    started = asyncio.get_running_loop().time()
    with within(0.2), pytest.raises(ProviderUnavailable):
        await provider.ready()
    assert asyncio.get_running_loop().time() - started < 2
    await provider.close()
    async with asyncio.timeout(10):
        await hung_up.wait()
    silent.close()
    await silent.wait_closed()
