"""The provider's events. A good signature makes one a hint, no more: what happened is asked of the provider itself.

    signature -> known event? -> the provider's own word -> one transaction: the event's id and its effect

Taken in (204) are events that had their effect, now or before, and those that are not about our payments. A provider that does not answer our question
gets 503, and sends the event again.
"""

from datetime import timedelta

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from subgraphs.kit.runtime.deadline import within
from subgraphs.kit.runtime.health import json_response
from subgraphs.kit.runtime.telemetry import continued_trace
from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.payment import queries, recording, repository
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.errors import InvalidSignature, ProviderRefused, ProviderUnavailable
from subgraphs.payment.providers.interface import Hint, Intent

MAX_BODY_BYTES = 256_000
SECONDS = 10.0
RETRY_AFTER = timedelta(seconds=2)

_log = structlog.get_logger(__name__)


def webhook_route(dependencies: PaymentDependencies) -> Route:
    """The route that the provider sends to: `POST /webhooks/<provider>`."""

    async def take(request: Request) -> Response:
        with continued_trace(request.headers), within(SECONDS):
            body = await _raw_body(request)
            if body is None:
                return _refused(413, "PAYLOAD_TOO_LARGE", "The event is too large")
            try:
                hint = dependencies.provider.hint(request.headers, body, now=dependencies.clock())
            except InvalidSignature as error:
                _log.warning("payment.webhook_refused", reason=str(error))
                return _refused(401, "INVALID_SIGNATURE", "The signature is not valid")
            try:
                outcome = await take_hint(dependencies, hint) if hint is not None else "not about a payment"
            except ProviderUnavailable:
                return _refused(503, "PROVIDER_UNAVAILABLE", "Send it again")
            _log.info("payment.webhook", event_id=hint and hint.event_id, type=hint and hint.type, outcome=outcome)
            return Response(status_code=204)

    return Route(f"/webhooks/{dependencies.provider.name}", take, methods=["POST"])


async def take_hint(dependencies: PaymentDependencies, hint: Hint) -> str:
    """What came of the hint, in a word for the log. The same event a second time does nothing.

    Raises:
        ProviderUnavailable: when the provider does not say what happened; the event is not taken in.
    """
    async with dependencies.database.reading() as session:
        if await queries.is_known_event(session, provider=dependencies.provider.name, event_id=hint.event_id):
            return "known"
    try:
        intent = await dependencies.provider.get(hint.reference)
    except ProviderRefused:
        return "unknown to the provider"
    return await _record(dependencies, hint, intent)


@run_again_on_conflict
async def _record(dependencies: PaymentDependencies, hint: Hint, intent: Intent) -> str:
    now = dependencies.clock()
    async with dependencies.database.transaction() as session:
        payment = await repository.payment(session, intent.payment_id)
        is_first = await repository.is_first_receipt(
            session,
            provider=dependencies.provider.name,
            event_id=hint.event_id,
            event_type=hint.type,
            payment_id=None if payment is None else payment.id,
            now=now,
        )
        if not is_first:
            return "known"
        if payment is None:
            return "not our payment"
        await recording.record_intent(session, payment, intent, now=now, provider_event_id=hint.event_id)
    return "recorded"


async def _raw_body(request: Request) -> bytes | None:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


def _refused(status: int, code: str, message: str) -> Response:
    response = json_response({"error": {"code": code, "message": message}}, status=status)
    if status == 503:
        response.headers["retry-after"] = str(int(RETRY_AFTER.total_seconds()))
    return response
