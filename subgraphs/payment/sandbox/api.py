"""The bank over HTTP: a merchant's API under `/v1`, and the payer's page under `/authorize`."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from subgraphs.kit.runtime.health import json_response
from subgraphs.payment.sandbox import page
from subgraphs.payment.sandbox.answers import Answers, Endpoint
from subgraphs.payment.sandbox.answers import Faults as AnswerFaults
from subgraphs.payment.sandbox.bank import Bank, BankError, Invalid, Key, Unknown
from subgraphs.payment.sandbox.rules import CaptureMode, Intent, IntentStatus, NotAllowed
from subgraphs.payment.sandbox.webhooks import Faults as WebhookFaults
from subgraphs.payment.sandbox.webhooks import Webhooks

MAX_BODY_BYTES = 65_536
RETRY_AFTER_SECONDS = 2
MAX_MINOR_UNITS = 2**53 - 1


class Unauthorized(BankError):
    """Raised when the API key is missing or wrong."""

    status = 401
    code = "unauthorized"


class TooLarge(BankError):
    """Raised when a body is larger than 64 KiB."""

    status = 413
    code = "too_large"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Create(_Body):
    reference: str = Field(min_length=1, max_length=200)
    amount: int = Field(ge=1, le=MAX_MINOR_UNITS)
    currency: Literal["EUR", "GBP", "RUB", "USD"]
    capture: Literal["automatic", "manual"] = "automatic"


class _Confirm(_Body):
    method: str = Field(min_length=1, max_length=100)
    return_url: HttpUrl | None = Field(None, strict=False)


class _Capture(_Body):
    amount: int | None = Field(None, ge=1, le=MAX_MINOR_UNITS)


class _WebhookFaults(_Body):
    is_lost: bool = False
    is_reversed: bool = False
    copies: int = Field(1, ge=1, le=10)
    delay_seconds: float = Field(0.0, ge=0.0, le=3600.0)


class _AnswerFaults(_Body):
    is_failing: bool = False
    is_lost: bool = False
    delay_seconds: float = Field(0.0, ge=0.0, le=3600.0)


class _Nothing(_Body):
    pass


class _Refund(_Body):
    amount: int = Field(ge=1, le=MAX_MINOR_UNITS)
    reference: str = Field(min_length=1, max_length=200)


_Model = TypeVar("_Model", bound=_Body)


def bank_routes(bank: Bank, *, api_key: str, webhooks: Webhooks, wake: Callable[[], None]) -> list[Route]:
    """Every route but the health checks. `PUT /v1/test/answers` sets the faults of a merchant's other calls.

    Args:
        webhooks: whose faults `PUT /v1/test/webhooks` sets.
        wake: called after each call, so that what is due is sent at once.
    """
    answers = Answers()

    async def create(request: Request) -> Response:
        key, body = await _read(request, _Create)
        return _answer(
            await bank.create(
                key,
                reference=body.reference,
                amount=body.amount,
                currency=body.currency,
                capture_mode=CaptureMode(body.capture),
            )
        )

    async def confirm(request: Request) -> Response:
        key, body = await _read(request, _Confirm)
        return_url = None if body.return_url is None else str(body.return_url)
        return _answer(await bank.confirm(key, request.path_params["id"], method=body.method, return_url=return_url))

    async def capture(request: Request) -> Response:
        key, body = await _read(request, _Capture)
        return _answer(await bank.capture(key, request.path_params["id"], amount=body.amount))

    async def cancel(request: Request) -> Response:
        key, _ = await _read(request, _Nothing)
        return _answer(await bank.cancel(key, request.path_params["id"]))

    async def refund(request: Request) -> Response:
        key, body = await _read(request, _Refund)
        return _answer(await bank.refund(key, request.path_params["id"], amount=body.amount, reference=body.reference))

    async def show(request: Request) -> Response:
        return json_response(await bank.shown(request.path_params["id"]))

    async def list_intents(request: Request) -> Response:
        query = request.query_params
        listed = await bank.listed(
            reference=query.get("reference"),
            created_from=_instant(request, "created_from"),
            after=query.get("after", ""),
            limit=_number(request, "limit", 100),
        )
        return json_response({"intents": listed})

    async def list_events(request: Request) -> Response:
        events = await bank.events(after=_number(request, "after", 0), limit=_number(request, "limit", 100))
        return json_response({"events": events})

    async def ask_payer(request: Request) -> Response:
        intent = await bank.intent(request.path_params["id"])
        if intent.status is not IntentStatus.REQUIRES_ACTION:
            return page.outcome(intent)
        _require_token(intent, request.query_params.get("token", ""))
        return page.question(intent)

    async def hear_payer(request: Request) -> Response:
        form = parse_qs((await _raw_body(request)).decode("utf-8", errors="replace"))
        intent = await bank.intent(request.path_params["id"])
        if intent.status is not IntentStatus.REQUIRES_ACTION:
            return page.outcome(intent)
        _require_token(intent, form.get("token", [""])[0])
        decision = form.get("decision", [""])[0]
        if decision not in {"approve", "decline"}:
            raise Invalid("decision", "Say approve or decline.")
        decided = await bank.decide(intent.id, is_approved=decision == "approve")
        if decided.return_url is None:
            return page.outcome(decided)
        return RedirectResponse(_returning(decided.return_url, decided), status_code=303)

    def merchant(endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            try:
                _require_api_key(request, api_key)
                answer = await endpoint(request)
            except (BankError, NotAllowed) as error:
                return _refusal(error)
            finally:
                wake()  # also after an answer that was lost
            return answer

        return guarded

    def payer(endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            try:
                answer = await endpoint(request)
            except (BankError, NotAllowed) as error:
                return _refusal(error)
            wake()
            return answer

        return guarded

    return [
        Route("/v1/intents", merchant(answers.of(create)), methods=["POST"]),
        Route("/v1/intents", merchant(answers.of(list_intents)), methods=["GET"]),
        Route("/v1/intents/{id}", merchant(answers.of(show)), methods=["GET"]),
        Route("/v1/intents/{id}/confirm", merchant(answers.of(confirm)), methods=["POST"]),
        Route("/v1/intents/{id}/capture", merchant(answers.of(capture)), methods=["POST"]),
        Route("/v1/intents/{id}/cancel", merchant(answers.of(cancel)), methods=["POST"]),
        Route("/v1/intents/{id}/refunds", merchant(answers.of(refund)), methods=["POST"]),
        Route("/v1/events", merchant(answers.of(list_events)), methods=["GET"]),
        *_fault_routes(merchant, answers=answers, webhooks=webhooks),
        Route("/authorize/{id}", payer(ask_payer), methods=["GET"]),
        Route("/authorize/{id}", payer(hear_payer), methods=["POST"]),
    ]


def _fault_routes(merchant: Callable[[Endpoint], Endpoint], *, answers: Answers, webhooks: Webhooks) -> list[Route]:
    async def set_answer_faults(request: Request) -> Response:
        answers.faults = AnswerFaults(**_validated(await _raw_body(request), _AnswerFaults).model_dump())
        return Response(status_code=204)

    async def set_webhook_faults(request: Request) -> Response:
        webhooks.faults = WebhookFaults(**_validated(await _raw_body(request), _WebhookFaults).model_dump())
        return Response(status_code=204)

    return [
        Route("/v1/test/answers", merchant(set_answer_faults), methods=["PUT"]),
        Route("/v1/test/webhooks", merchant(set_webhook_faults), methods=["PUT"]),
    ]


async def _read(request: Request, model: type[_Model]) -> tuple[Key, _Model]:
    raw = await _raw_body(request)
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= 255:
        raise Invalid("Idempotency-Key", "Every change needs an Idempotency-Key of 1 to 255 characters.")
    body = _validated(raw, model)
    # Of the values, not of the bytes: the same request may be written with other spaces.
    asked = orjson.dumps([request.url.path, body.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
    return Key(key, hashlib.sha256(asked).hexdigest()), body


def _validated(raw: bytes, model: type[_Model]) -> _Model:
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Invalid(".".join(str(part) for part in first["loc"]) or "body", first["msg"]) from error


async def _raw_body(request: Request) -> bytes:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise TooLarge("The body is larger than 64 KiB.")
    return raw


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Invalid(name, f"{name} is not a number.")
    return min(int(text), 1000) if name == "limit" else int(text)


def _instant(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(name, f"{name} is not an instant by RFC 3339.") from None
    if instant.tzinfo is None:
        raise Invalid(name, f"{name} needs an offset, such as Z.")
    return instant.astimezone(UTC)


def _require_api_key(request: Request, api_key: str) -> None:
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {api_key}".encode()):
        raise Unauthorized("Give the API key as a bearer token.")


def _require_token(intent: Intent, given: str) -> None:
    if not hmac.compare_digest(given.encode(), (intent.action_token or "").encode()):
        raise Unknown("There is no such intent.")


def _returning(url: str, intent: Intent) -> str:
    parts = urlsplit(url)
    said = urlencode({"intent": intent.id, "status": intent.status.value})
    return urlunsplit(parts._replace(query=f"{parts.query}&{said}" if parts.query else said))


def _answer(answer: tuple[int, dict[str, Any]]) -> Response:
    status, body = answer
    return json_response(body, status=status)


def _refusal(error: BankError | NotAllowed) -> Response:
    if isinstance(error, NotAllowed):
        return json_response({"error": {"code": error.code, "message": str(error), "field": None}}, status=409)
    field = error.field if isinstance(error, Invalid) else None
    response = json_response(
        {"error": {"code": error.code, "message": str(error), "field": field}}, status=error.status
    )
    if error.status == 503:
        response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return response
