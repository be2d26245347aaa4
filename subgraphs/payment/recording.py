"""The provider's word becomes ours: the payment's next step, its history and its event, in the caller's one transaction.

The same word told twice, by an answer and by a webhook, moves the payment once: see `model.step`.
"""

from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.rules import fitted
from subgraphs.kit.storage import outbox
from subgraphs.payment import accounts, events, repository
from subgraphs.payment.model import PaymentStatus, Step, status_after_refund, step
from subgraphs.payment.providers.interface import Failure, Intent, ProviderRefund
from subgraphs.payment.tables import CODE_CHARACTERS, MESSAGE_CHARACTERS, Outbox, Payment, Refund

_log = structlog.get_logger(__name__)


async def record_intent(
    session: AsyncSession, current: Payment, intent: Intent, *, now: datetime, provider_event_id: str | None = None
) -> Payment:
    """The payment after what the provider tells about its intent and its refunds.

    Args:
        current: read in this transaction, with its lock.
    """
    payment = await _record_status(session, current, intent, now=now, provider_event_id=provider_event_id)
    for told in intent.refunds:
        payment = await record_refund(session, payment, told, now=now, provider_event_id=provider_event_id)
    return payment


async def record_failure(session: AsyncSession, current: Payment, failure: Failure, *, now: datetime) -> Payment:
    """The payment after the provider would not hear of it."""
    failed = Intent(
        reference=current.provider_reference or "",
        payment_id=current.id,
        status=PaymentStatus.FAILED,
        captured_amount=0,
        failure=failure,
    )
    return await _record_status(session, current, failed, now=now, provider_event_id=None)


async def record_refund(
    session: AsyncSession,
    current: Payment,
    told: ProviderRefund,
    *,
    now: datetime,
    provider_event_id: str | None = None,
) -> Payment:
    """The payment after what the provider tells about one refund; unchanged when that is known or undecided."""
    if told.status is PaymentStatus.PROCESSING:
        return current
    if not told.refund_id or await repository.refund(session, told.refund_id) is None:
        return await _record_foreign_refund(session, current, told, now=now, provider_event_id=provider_event_id)
    settled = await repository.settle_refund(session, told.refund_id, told.status, reference=told.reference, now=now)
    if settled is None:
        return current
    return await _record_settled(session, current, settled, now=now, provider_event_id=provider_event_id)


async def record_refused_refund(session: AsyncSession, current: Payment, refund_id: str, *, now: datetime) -> Payment:
    """The payment after the provider would not hear of a refund: what was set aside for it is free again."""
    settled = await repository.settle_refund(session, refund_id, PaymentStatus.FAILED, reference=None, now=now)
    if settled is None:
        return current
    return await _record_settled(session, current, settled, now=now, provider_event_id=None)


async def _record_foreign_refund(
    session: AsyncSession, current: Payment, told: ProviderRefund, *, now: datetime, provider_event_id: str | None
) -> Payment:
    """Adopt a refund that was made at the provider and not by us: the money is gone, whoever sent it."""
    if told.status is not PaymentStatus.REFUNDED:
        return current
    left = current.captured_amount - current.refunded_amount - current.refunding_amount
    if told.amount > left:
        _log.error("payment.foreign_refund_too_large", payment_id=current.id, amount=told.amount, left=left)
        return current
    refund = await repository.adopt_refund(session, current.id, told.amount, reference=told.reference, now=now)
    if refund is None:
        return current
    # What `_record_settled` takes off the promised sum was never promised.
    promised = await repository.change_payment(
        session, current, now=now, refunding_amount=current.refunding_amount + told.amount
    )
    return await _record_settled(session, promised, refund, now=now, provider_event_id=provider_event_id)


async def _record_settled(
    session: AsyncSession, current: Payment, refund: Refund, *, now: datetime, provider_event_id: str | None
) -> Payment:
    still_promised = current.refunding_amount - refund.amount
    if refund.status == PaymentStatus.FAILED.value:
        return await repository.change_payment(session, current, now=now, refunding_amount=still_promised)
    refunded = current.refunded_amount + refund.amount
    status = status_after_refund(captured=current.captured_amount, refunded=refunded)
    after = await repository.change_payment(
        session, current, now=now, refunding_amount=still_promised, refunded_amount=refunded, status=status.value
    )
    _add_step(session, after, now=now, provider_event_id=provider_event_id)
    _tell(
        session,
        events.PaymentRefunded(
            **_common(after),
            refund_id=refund.id,
            amount=refund.amount,
            captured_amount=after.captured_amount,
            refunded_amount=after.refunded_amount,
        ),
        now=now,
    )
    return after


async def _record_status(
    session: AsyncSession, current: Payment, intent: Intent, *, now: datetime, provider_event_id: str | None
) -> Payment:
    match step(PaymentStatus(current.status), intent.status):
        case Step.NONE | Step.OLD_NEWS:
            return current
        case Step.CONTRADICTION:
            _log.error("payment.contradiction", payment_id=current.id, status=current.status, told=intent.status.value)
            return current
        case Step.FORWARD:
            pass
    action = intent.next_action if intent.status is PaymentStatus.REQUIRES_ACTION else None
    failure = intent.failure if intent.status is PaymentStatus.FAILED else None
    after = await repository.change_payment(
        session,
        current,
        now=now,
        status=intent.status.value,
        provider_reference=intent.reference or None,
        captured_amount=intent.captured_amount,
        action_type=action and action.type,
        action_redirect_url=action and action.redirect_url,
        action_client_secret=action and action.client_secret,
        failure_code=failure and fitted(failure.code, CODE_CHARACTERS),
        failure_message=failure and fitted(failure.message, MESSAGE_CHARACTERS),
        failure_is_retryable=failure and failure.is_retryable,
    )
    _add_step(session, after, now=now, provider_event_id=provider_event_id)
    if intent.status is PaymentStatus.CAPTURED:
        _tell(session, events.PaymentCaptured(**_common(after), amount=after.captured_amount), now=now)
        await accounts.settle_soon(session, after.order_id, now=now)
    elif intent.status is PaymentStatus.FAILED:
        failed = events.PaymentFailed(
            **_common(after),
            amount=after.amount,
            failure_code=after.failure_code or "unknown",
            is_retryable=bool(after.failure_is_retryable),
        )
        _tell(session, failed, now=now)
    return after


def _add_step(session: AsyncSession, payment: Payment, *, now: datetime, provider_event_id: str | None) -> None:
    repository.add_step(
        session,
        payment.id,
        version=payment.version,
        status=payment.status,
        at=now,
        provider_event_id=provider_event_id,
    )


def _common(payment: Payment) -> dict[str, str | int]:
    return {
        "payment_id": payment.id,
        "payment_version": payment.version,
        "order_id": payment.order_id,
        "buyer_id": payment.buyer_id,
        "status": payment.status,
        "currency": payment.currency,
    }


def _tell(session: AsyncSession, event: events.PaymentEvent, *, now: datetime) -> None:
    outbox.put(
        session, Outbox, events.envelope(event, occurred_at=now), queue=events.QUEUE, actor_name=events.ACTOR_NAME
    )
