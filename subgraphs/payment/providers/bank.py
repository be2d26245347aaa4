"""The bank of the sandbox as a provider."""

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

SIGNATURE_HEADER = "bank-signature"

_REFUND_STATUS = {
    "succeeded": PaymentStatus.REFUNDED,
    "pending": PaymentStatus.PROCESSING,
    "failed": PaymentStatus.FAILED,
}


class BankProvider:
    """Talks to the bank."""

    name = "bank"

    def __init__(self, url: str, *, api_key: str, webhook_secret: str, timeout_seconds: float) -> None:
        self._http = ProviderHttp(
            url,
            headers={"authorization": f"Bearer {api_key}", "content-type": "application/json"},
            timeout_seconds=timeout_seconds,
        )
        self._secret = webhook_secret.encode()

    async def create(self, *, payment_id: str, amount: int, currency: str) -> Intent:
        body = {"reference": payment_id, "amount": amount, "currency": currency}
        return _intent(await self._post("/v1/intents", body, key=f"{payment_id}:create"))

    async def confirm(self, intent: Intent, *, method: str, return_url: str | None) -> Intent:
        body = {"method": method, "return_url": return_url}
        path = f"/v1/intents/{intent.reference}/confirm"
        return _intent(await self._post(path, body, key=f"{intent.payment_id}:confirm:{method}"))

    async def cancel(self, reference: str) -> Intent:
        return _intent(await self._post(f"/v1/intents/{reference}/cancel", {}, key=f"{reference}:cancel"))

    async def refund(self, reference: str, *, refund_id: str, amount: int) -> ProviderRefund:
        body = {"amount": amount, "reference": refund_id}
        return _refund(await self._post(f"/v1/intents/{reference}/refunds", body, key=f"{refund_id}:refund"))

    async def get(self, reference: str) -> Intent:
        return _intent(_good(await self._http.call("GET", f"/v1/intents/{reference}")))

    async def listed(self, *, since: datetime, after: str | None, limit: int) -> IntentPage:
        query = urlencode({"created_from": since.isoformat(), "after": after or "", "limit": limit})
        body = _good(await self._http.call("GET", f"/v1/intents?{query}"))
        try:
            intents = tuple(_intent(each) for each in body["intents"])
        except (KeyError, TypeError) as error:
            raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS, "The bank's answer makes no sense") from error
        return IntentPage(intents, intents[-1].reference if len(intents) == limit else None)

    def hint(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Hint | None:
        verify(headers.get(SIGNATURE_HEADER, ""), body, secret=self._secret, now=now)
        try:
            event = orjson.loads(body)
            return Hint(str(event["id"]), str(event["type"]), str(event["intent"]["id"]))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise InvalidSignature("what is signed is not an event") from error

    async def ready(self) -> None:
        _good(await self._http.call("GET", "/ready"))

    async def close(self) -> None:
        await self._http.close()

    async def _post(self, path: str, body: dict[str, Any], *, key: str) -> dict[str, Any]:
        return _good(await self._http.call("POST", path, body=orjson.dumps(body), headers={"idempotency-key": key}))


def _good(answer: Answer) -> dict[str, Any]:
    if answer.is_good:
        return answer.body
    error = answer.body.get("error")
    if not isinstance(error, dict):
        raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS)
    raise ProviderRefused(str(error.get("code")), str(error.get("message")))


def _intent(body: dict[str, Any]) -> Intent:
    try:
        failure, action = body["failure"], body["next_action"]
        return Intent(
            reference=body["id"],
            payment_id=body["reference"],
            status=PaymentStatus(body["status"].upper()),
            captured_amount=body["captured"],
            refunded_amount=body["refunded"],
            next_action=action and NextAction(action["type"].upper(), action["redirect_url"]),
            failure=failure and Failure(failure["code"], failure["message"], failure["retryable"]),
            refunds=tuple(_refund(refund) for refund in body["refunds"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS, "The bank's answer makes no sense") from error


def _refund(body: dict[str, Any]) -> ProviderRefund:
    try:
        return ProviderRefund(body["id"], body["reference"], body["amount"], _REFUND_STATUS[body["status"]])
    except (KeyError, TypeError) as error:
        raise ProviderUnavailable(DEFAULT_RETRY_AFTER_MS, "The bank's answer makes no sense") from error
