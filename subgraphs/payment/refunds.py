"""Giving money back. The amount is set aside by one guarded statement before the provider is asked, so refunds at once never exceed the capture.

A refund that the provider has not answered stays PROCESSING with its amount set aside; the next request with its key, or a webhook, decides it.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import IdempotencyConflict, InvalidInput, NotFound
from subgraphs.payment import queries, recording, repository
from subgraphs.payment.commands import fingerprint
from subgraphs.payment.desk import Desk
from subgraphs.payment.errors import ProviderRefused, ProviderUnavailable, RequestInFlight
from subgraphs.payment.model import PaymentStatus, key_of
from subgraphs.payment.tables import IdempotencyKey, Payment, Refund

OPERATION = "refundPayment"
DONE, REFUSED = "DONE", "REFUSED"


async def refund_payment(
    desk: Desk, payment_id: str, amount: int, *, idempotency_key: str, requested_by: str
) -> Payment:
    """The payment with the refund, decided or, where the provider takes its time, PROCESSING.

    Args:
        amount: minor units.
        requested_by: who may come back with the key.

    Raises:
        InvalidInput: when the amount is not positive, or is more than what is captured and not refunded.
        NotFound: when there is no such payment.
        ProviderUnavailable, RequestInFlight: to be tried again with the same key.
        IdempotencyConflict: when the key was used for another request.
    """
    key_of(idempotency_key, "idempotencyKey")
    if amount < 1:
        raise InvalidInput("A refund is of at least one minor unit", "amount")
    digest = fingerprint(payment_id, amount)
    begun = await _begin(desk, payment_id, amount, key=idempotency_key, actor=requested_by, digest=digest)
    if isinstance(begun, Payment):
        return begun
    return await _carry_out(desk, begun)


async def _begin(desk: Desk, payment_id: str, amount: int, *, key: str, actor: str, digest: str) -> Refund | Payment:
    """The refund to carry out, leased to this request; or the payment, when the key has its outcome."""
    now = desk.clock()
    async with desk.database.transaction() as session:
        known = await repository.known_key(session, operation=OPERATION, actor=actor, key=key)
        if known is not None:
            if known.fingerprint != digest:
                raise IdempotencyConflict()
            if known.outcome is not None:
                return _answer(await _payment_of(session, known), known.outcome)
            if not await repository.renew_lease(session, known, now=now, lease_until=now + desk.lease):
                raise RequestInFlight()
            return await _required_refund(session, known.subject_id)
        if payment_id not in await queries.payments_by_id(session, [payment_id]):
            raise NotFound("The payment", "paymentId")
        if not await repository.promise_refund(session, payment_id, amount, now=now):
            raise InvalidInput("This is more than what was captured and not refunded", "amount")
        refund = Refund(
            id=uuid7(now),
            payment_id=payment_id,
            amount=amount,
            status=PaymentStatus.PROCESSING.value,
            requested_by=actor,
            created_at=now,
            updated_at=now,
        )
        is_taken = await repository.take_key(
            session,
            operation=OPERATION,
            actor=actor,
            key=key,
            fingerprint=digest,
            subject_id=refund.id,
            now=now,
            lease_until=now + desk.lease,
        )
        if not is_taken:  # the same request was faster by a moment; leaving by an exception frees the amount
            raise RequestInFlight()
        session.add(refund)
    return refund


async def _carry_out(desk: Desk, refund: Refund) -> Payment:
    async with desk.database.reading() as session:
        payment = (await queries.payments_by_id(session, [refund.payment_id]))[refund.payment_id]
    reference = payment.provider_reference
    assert reference is not None, "a captured payment has its reference"
    try:
        told = await desk.provider.refund(reference, refund_id=refund.id, amount=refund.amount)
    except ProviderUnavailable:
        async with desk.database.transaction() as session:
            await repository.release_lease(session, refund.id)
        raise
    except ProviderRefused:
        told = None
    async with desk.database.transaction() as session:
        current, now = await _required_payment(session, payment.id), desk.clock()
        if told is None:
            current = await recording.record_refused_refund(session, current, refund.id, now=now)
        else:
            current = await recording.record_refund(session, current, told, now=now)
        after = await _required_refund(session, refund.id)
        outcome = REFUSED if after.status == PaymentStatus.FAILED.value else DONE
        await repository.set_outcome(session, refund.id, outcome)
    return _answer(current, outcome)


def _answer(payment: Payment, outcome: str) -> Payment:
    if outcome == REFUSED:
        raise InvalidInput("The provider refused this refund", "amount")
    return payment


async def _payment_of(session: AsyncSession, known: IdempotencyKey) -> Payment:
    refund = await _required_refund(session, known.subject_id)
    return await _required_payment(session, refund.payment_id)


async def _required_payment(session: AsyncSession, payment_id: str) -> Payment:
    payment = await repository.payment(session, payment_id)
    assert payment is not None, "a payment is never deleted"
    return payment


async def _required_refund(session: AsyncSession, refund_id: str) -> Refund:
    refund = await repository.refund(session, refund_id)
    assert refund is not None, "a refund is never deleted"
    return refund
