"""Stripe as a provider, over its REST API; its address is a setting, so that tests and proxies can stand in its place.

Stripe lets a declined intent be tried again with another card. Here an attempt is one intent, so a declined one is cancelled at once: nobody can
complete it later behind our back. A cancelled intent that has an error is therefore a failed payment, one without is a withdrawn one.

Source: https://docs.stripe.com/api/payment_intents, https://docs.stripe.com/payments/paymentintents/lifecycle
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from subgraphs.payment.errors import InvalidSignature, ProviderRefused, ProviderUnavailable
from subgraphs.payment.model import PaymentStatus
from subgraphs.payment.providers.http import DEFAULT_RETRY_AFTER_MS, Answer, ProviderHttp
from subgraphs.payment.providers.interface import Failure, Hint, Intent, IntentPage, NextAction, ProviderRefund
from subgraphs.payment.providers.signature import verify

SIGNATURE_HEADER = "stripe-signature"
API_VERSION = "2024-06-20"
MAX_REFUNDS = 100

_STATUS = {
    "requires_payment_method": PaymentStatus.CREATED,
    "requires_confirmation": PaymentStatus.CREATED,
    "requires_action": PaymentStatus.REQUIRES_ACTION,
    "processing": PaymentStatus.PROCESSING,
    "requires_capture": PaymentStatus.AUTHORIZED,
    "succeeded": PaymentStatus.CAPTURED,
    "canceled": PaymentStatus.CANCELLED,
}
_MAY_HAVE_FAILED = frozenset({"requires_payment_method", "canceled"})
_REFUND_STATUS = {
    "pending": PaymentStatus.PROCESSING,
    "requires_action": PaymentStatus.PROCESSING,
    "succeeded": PaymentStatus.REFUNDED,
    "failed": PaymentStatus.FAILED,
    "canceled": PaymentStatus.FAILED,
}
_RETRYABLE = frozenset(
    {"insufficient_funds", "processing_error", "try_again_later", "payment_intent_authentication_failure"}
)


class StripeProvider:
    """Talks to Stripe."""

    name = "stripe"

    def __init__(self, url: str, *, api_key: str, webhook_secret: str, timeout_seconds: float) -> None:
        self._http = ProviderHttp(
            url,
            headers={
                "authorization": f"Bearer {api_key}",
                "content-type": "application/x-www-form-urlencoded",
                "stripe-version": API_VERSION,
            },
            timeout_seconds=timeout_seconds,
        )
        self._secret = webhook_secret.encode()

    async def create(self, *, payment_id: str, amount: int, currency: str) -> Intent:
        form = {
            "amount": amount,
            "currency": currency.lower(),
            "capture_method": "automatic",
            "automatic_payment_methods[enabled]": "true",
            "metadata[payment_id]": payment_id,
        }
        return _intent(await self._post("/v1/payment_intents", form, key=f"{payment_id}:create"))

    async def confirm(self, intent: Intent, *, method: str, return_url: str | None) -> Intent:
        form = {"payment_method": method} | ({"return_url": return_url} if return_url else {})
        answer = await self._http.call(
            "POST",
            f"/v1/payment_intents/{intent.reference}/confirm",
            body=urlencode(form).encode(),
            headers={"idempotency-key": f"{intent.payment_id}:confirm:{method}"},
        )
        # A declined card is answered with 402 and the intent inside of the error.
        declined = (answer.body.get("error") or {}).get("payment_intent")
        confirmed = _intent(declined if declined and answer.status == 402 else _good(answer))
        if confirmed.status is PaymentStatus.FAILED:
            await self.cancel(confirmed.reference)
        return confirmed

    async def cancel(self, reference: str) -> Intent:
        return _intent(await self._post(f"/v1/payment_intents/{reference}/cancel", {}, key=f"{reference}:cancel"))

    async def refund(self, reference: str, *, refund_id: str, amount: int) -> ProviderRefund:
        form = {"payment_intent": reference, "amount": amount, "metadata[refund_id]": refund_id}
        return _refund(await self._post("/v1/refunds", form, key=f"{refund_id}:refund"))

    async def get(self, reference: str) -> Intent:
        intent = _good(await self._http.call("GET", f"/v1/payment_intents/{reference}"))
        query = urlencode({"payment_intent": reference, "limit": MAX_REFUNDS})
        refunds = _good(await self._http.call("GET", f"/v1/refunds?{query}"))
        return _intent(intent, refunds=refunds.get("data") or [])

    async def listed(self, *, since: datetime, after: str | None, limit: int) -> IntentPage:
        query = {"created[gte]": int(since.timestamp()), "limit": limit, "expand[]": "data.latest_charge"}
        if after is not None:
            query["starting_after"] = after
        body = _good(await self._http.call("GET", f"/v1/payment_intents?{urlencode(query)}"))
        intents = tuple(_intent(each) for each in body.get("data") or [])
        return IntentPage(intents, intents[-1].reference if intents and body.get("has_more") else None)

    def hint(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Hint | None:
        verify(headers.get(SIGNATURE_HEADER, ""), body, secret=self._secret, now=now)
        try:
            event = orjson.loads(body)
            about = event["data"]["object"]
            reference = about["id"] if about["object"] == "payment_intent" else about.get("payment_intent")
            return Hint(str(event["id"]), str(event["type"]), str(reference)) if reference else None
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise InvalidSignature("what is signed is not an event") from error

    async def ready(self) -> None:
        _good(await self._http.call("GET", "/v1/balance"))

    async def close(self) -> None:
        await self._http.close()

    async def _post(self, path: str, form: Mapping[str, object], *, key: str) -> dict[str, Any]:
        body = urlencode(form).encode()
        return _good(await self._http.call("POST", path, body=body, headers={"idempotency-key": key}))


def _good(answer: Answer) -> dict[str, Any]:
    if answer.is_good:
        return answer.body
    error = answer.body.get("error")
    # 409 is Stripe's word for another call with the same key that is still at work.
    if not isinstance(error, dict) or answer.status == 409:
        raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS)
    raise ProviderRefused(str(error.get("code") or error.get("type")), str(error.get("message")))


def _intent(body: dict[str, Any], *, refunds: list[dict[str, Any]] | None = None) -> Intent:
    try:
        failure = _failure(body)
        has_failed = failure is not None and body["status"] in _MAY_HAVE_FAILED
        given_back = tuple(_refund(refund) for refund in reversed(refunds or []))
        return Intent(
            reference=body["id"],
            payment_id=body["metadata"].get("payment_id", ""),
            status=PaymentStatus.FAILED if has_failed else _STATUS[body["status"]],
            captured_amount=body["amount_received"],
            next_action=_next_action(body),
            failure=failure if has_failed else None,
            refunded_amount=_refunded_amount(body, given_back),
            refunds=given_back,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS, "Stripe's answer makes no sense") from error


def _refunded_amount(body: dict[str, Any], refunds: tuple[ProviderRefund, ...]) -> int:
    """Of the charge where it was expanded, as in a list; else of the refunds."""
    charge = body.get("latest_charge")
    if isinstance(charge, dict):
        return int(charge["amount_refunded"])
    return sum(refund.amount for refund in refunds if refund.status is PaymentStatus.REFUNDED)


def _failure(body: dict[str, Any]) -> Failure | None:
    error = body.get("last_payment_error")
    if not error:
        return None
    code = error.get("decline_code") or error.get("code") or error["type"]
    is_retryable = bool(_RETRYABLE & {code, error.get("code"), error.get("advice_code")})
    return Failure(code, error.get("message") or "The payment failed.", is_retryable)


def _next_action(body: dict[str, Any]) -> NextAction | None:
    action = body.get("next_action")
    if not action:
        return None
    if action["type"] == "redirect_to_url":
        return NextAction("REDIRECT", redirect_url=action["redirect_to_url"]["url"])
    return NextAction("CLIENT_SDK", client_secret=body["client_secret"])


def _refund(body: dict[str, Any]) -> ProviderRefund:
    try:
        refund_id = (body.get("metadata") or {}).get("refund_id", "")
        return ProviderRefund(body["id"], refund_id, body["amount"], _REFUND_STATUS[body["status"]])
    except (KeyError, TypeError) as error:
        raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS, "Stripe's answer makes no sense") from error
