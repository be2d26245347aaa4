"""A small Stripe: enough of its REST API for the provider's tests, with its shapes, its idempotency and its way to decline.

Source: https://docs.stripe.com/api/payment_intents, https://docs.stripe.com/testing
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

STRIPE_KEY = "sk_test_of_the_tests"
_DECLINES = {
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
}


@dataclass(slots=True)
class FakeStripe:
    """Stripe with its intents in memory."""

    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, tuple[Any, int, dict[str, Any]]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        """The API."""
        return Starlette(
            routes=[
                Route("/v1/payment_intents", self._posted(self._create), methods=["POST"]),
                Route("/v1/payment_intents", self._list_intents, methods=["GET"]),
                Route("/v1/payment_intents/{id}", self._get, methods=["GET"]),
                Route("/v1/payment_intents/{id}/confirm", self._posted(self._confirm), methods=["POST"]),
                Route("/v1/payment_intents/{id}/cancel", self._posted(self._cancel), methods=["POST"]),
                Route("/v1/refunds", self._posted(self._refund), methods=["POST"]),
                Route("/v1/refunds", self._list_refunds, methods=["GET"]),
                Route("/v1/balance", self._balance, methods=["GET"]),
            ]
        )

    def finish_action(self, intent_id: str) -> None:
        """The payer says yes at the bank of the card."""
        intent = self.intents[intent_id]
        intent.update(status="succeeded", amount_received=intent["amount"], next_action=None)

    def _posted(self, operation: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            if request.headers["authorization"] != f"Bearer {STRIPE_KEY}":
                return _error(401, "invalid_request_error", None, "Invalid API Key provided")
            form = dict(await request.form())
            key, asked = request.headers["idempotency-key"], (request.url.path, form)
            if key in self.kept:
                before, status, body = self.kept[key]
                if before != asked:
                    return _error(400, "idempotency_error", None, "Keys can only be used with the same parameters")
                return JSONResponse(body, status_code=status)
            answer: Response = operation(request.path_params.get("id"), form)
            self.kept[key] = (asked, answer.status_code, json.loads(bytes(answer.body)))
            return answer

        return endpoint

    def _create(self, _: str | None, form: dict[str, Any]) -> Response:
        intent_id = f"pi_{len(self.intents) + 1}"
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "created": int(time.time()),
            "amount": int(form["amount"]),
            "amount_received": 0,
            "currency": form["currency"],
            "status": "requires_payment_method",
            "client_secret": f"{intent_id}_secret_1",
            "metadata": {"payment_id": form["metadata[payment_id]"]},
            "next_action": None,
            "last_payment_error": None,
        }
        return JSONResponse(self.intents[intent_id])

    def _confirm(self, intent_id: str | None, form: dict[str, Any]) -> Response:
        intent = self.intents.get(intent_id or "")
        if intent is None:
            return _error(404, "invalid_request_error", "resource_missing", "No such payment_intent")
        method = form["payment_method"]
        match method:
            case "pm_card_visa":
                intent.update(status="succeeded", amount_received=intent["amount"])
            case "pm_card_threeDSecure2Required" if "return_url" in form:
                url = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://hooks.stripe.test/3d"}}
                intent.update(status="requires_action", next_action=url)
            case "pm_card_threeDSecure2Required":
                intent.update(status="requires_action", next_action={"type": "use_stripe_sdk"})
            case "pm_usBankAccount":
                intent.update(status="processing")
            case _ if method in _DECLINES:
                code, decline_code = _DECLINES[method]
                error = {
                    "type": "card_error",
                    "code": code,
                    "decline_code": decline_code,
                    "message": "Your card was declined.",
                }
                intent["last_payment_error"] = error
                return JSONResponse({"error": {**error, "payment_intent": dict(intent)}}, status_code=402)
            case _:
                return _error(400, "invalid_request_error", "resource_missing", f"No such PaymentMethod: '{method}'")
        return JSONResponse(intent)

    def _cancel(self, intent_id: str | None, _: dict[str, Any]) -> Response:
        intent = self.intents[intent_id or ""]
        if intent["status"] in {"succeeded", "canceled"}:
            return _error(400, "invalid_request_error", "payment_intent_unexpected_state", "You cannot cancel it")
        intent.update(status="canceled", next_action=None)
        return JSONResponse(intent)

    def _refund(self, _: str | None, form: dict[str, Any]) -> Response:
        intent, amount = self.intents[form["payment_intent"]], int(form["amount"])
        left = intent["amount_received"] - sum(
            each["amount"] for each in self.refunds if each["payment_intent"] == intent["id"]
        )
        if amount > left:
            return _error(
                400,
                "invalid_request_error",
                "charge_already_refunded",
                "Refund amount is greater than unrefunded amount",
            )
        refund = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "amount": amount,
            "payment_intent": intent["id"],
            "status": "succeeded",
            "metadata": {"refund_id": form["metadata[refund_id]"]},
        }
        self.refunds.append(refund)
        return JSONResponse(refund)

    async def _get(self, request: Request) -> Response:
        intent = self.intents.get(request.path_params["id"])
        return (
            JSONResponse(intent)
            if intent
            else _error(404, "invalid_request_error", "resource_missing", "No such payment_intent")
        )

    async def _list_intents(self, request: Request) -> Response:
        """A page, the newest first: of those after `starting_after`, which must be there, at most `limit`, 10 if it does not say."""
        asked = request.query_params
        limit, since = int(asked.get("limit", 10)), int(asked.get("created[gte]", 0))
        if not 1 <= limit <= 100:
            return _error(400, "invalid_request_error", "parameter_invalid_integer", "Limit must be between 1 and 100.")
        found = [each for each in reversed(self.intents.values()) if each["created"] >= since]
        if "starting_after" in asked:
            ids = [each["id"] for each in found]
            if asked["starting_after"] not in ids:
                return _error(404, "invalid_request_error", "resource_missing", "No such payment_intent")
            found = found[ids.index(asked["starting_after"]) + 1 :]
        is_expanded = asked.getlist("expand[]") == ["data.latest_charge"]
        page = [{**each, "latest_charge": self._charge(each, is_expanded=is_expanded)} for each in found[:limit]]
        more = len(found) > limit
        return JSONResponse({"object": "list", "url": "/v1/payment_intents", "has_more": more, "data": page})

    def _charge(self, intent: dict[str, Any], *, is_expanded: bool) -> Any:
        if not intent["amount_received"]:
            return None
        refunded = sum(each["amount"] for each in self.refunds if each["payment_intent"] == intent["id"])
        charge_id = f"ch_{intent['id']}"
        return {"id": charge_id, "amount_refunded": refunded} if is_expanded else charge_id

    async def _list_refunds(self, request: Request) -> Response:
        of = request.query_params["payment_intent"]
        newest_first = [refund for refund in reversed(self.refunds) if refund["payment_intent"] == of]
        return JSONResponse({"object": "list", "data": newest_first, "has_more": False})

    async def _balance(self, _: Request) -> Response:
        return JSONResponse({"object": "balance"})


def _error(status: int, kind: str, code: str | None, message: str) -> JSONResponse:
    return JSONResponse({"error": {"type": kind, "code": code, "message": message}}, status_code=status)
