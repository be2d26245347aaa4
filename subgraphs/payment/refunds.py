"""Giving money back. The amount is set aside by one guarded statement before the provider is asked, so refunds at once never exceed the capture.

A refund that the provider has not answered stays PROCESSING with its amount set aside; the next request with its key, a webhook, or `reconciling` decides it.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.idempotency import fingerprint, require_same
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput, NotFound
from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.payment import queries, recording, repository
from subgraphs.payment.commands import release_lease
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.errors import ProviderRefused, ProviderUnavailable, RequestInFlight
from subgraphs.payment.model import PaymentStatus, key_of
from subgraphs.payment.providers.interface import ProviderRefund
from subgraphs.payment.tables import IdempotencyKey, Payment, Refund
from subgraphs.payment.withdrawing import required

OPERATION = "refundPayment"
DONE, REFUSED = "DONE", "REFUSED"


async def refund_payment(
    dependencies: PaymentDependencies, payment_id: str, amount: int, *, idempotency_key: str, requested_by: str
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
    begun = await _begin(dependencies, payment_id, amount, key=idempotency_key, actor=requested_by, digest=digest)
    if isinstance(begun, Payment):
        return begun
    return await carry_out(dependencies, begun)


async def refund_rest(dependencies: PaymentDependencies, payment_id: str, *, requested_by: str) -> Payment:
    """Return the payment after all that is captured and neither refunded nor set aside was given back; a second call finds nothing left.

    Raises:
        NotFound: when there is no such payment.
        InvalidInput: when the provider refuses the refund.
        ProviderUnavailable: when the provider does not answer; the refund is kept, and finished by `reconciling`.
    """
    begun = await _promise_rest(dependencies, payment_id, requested_by=requested_by)
    if isinstance(begun, Payment):
        return begun
    return await carry_out(dependencies, begun)


@run_again_on_conflict
async def _promise_rest(dependencies: PaymentDependencies, payment_id: str, *, requested_by: str) -> Refund | Payment:
    """The refund of the rest, with its amount set aside; or the payment, when there is no rest."""
    now = dependencies.clock()
    async with dependencies.database.transaction() as session:
        payment = await repository.payment(session, payment_id)
        if payment is None:
            raise NotFound("The payment", "paymentId")
        rest = payment.captured_amount - payment.refunded_amount - payment.refunding_amount
        if rest == 0 or not await repository.promise_refund(session, payment_id, rest, now=now):
            return payment
        refund = _new_refund(payment_id, rest, requested_by=requested_by, now=now)
        session.add(refund)
    return refund


def _new_refund(payment_id: str, amount: int, *, requested_by: str, now: datetime) -> Refund:
    return Refund(
        id=uuid7(now),
        payment_id=payment_id,
        amount=amount,
        status=PaymentStatus.PROCESSING.value,
        provider_reference=None,
        requested_by=requested_by,
        created_at=now,
        updated_at=now,
    )


@run_again_on_conflict
async def _begin(
    dependencies: PaymentDependencies, payment_id: str, amount: int, *, key: str, actor: str, digest: str
) -> Refund | Payment:
    """The refund to carry out, leased to this request; or the payment, when the key has its outcome."""
    now = dependencies.clock()
    async with dependencies.database.transaction() as session:
        known = await repository.known_key(session, operation=OPERATION, actor=actor, key=key)
        if known is not None:
            require_same(known.fingerprint, digest)
            if known.outcome is not None:
                return _answer(await _payment_of(session, known), known.outcome)
            # The payment, then the key, as `carry_out` locks them.
            await required(session, payment_id)
            if not await repository.renew_lease(session, known, now=now, lease_until=now + dependencies.lease):
                raise RequestInFlight()
            return await _required_refund(session, known.subject_id)
        if payment_id not in await queries.payments_by_id(session, [payment_id]):
            raise NotFound("The payment", "paymentId")
        if not await repository.promise_refund(session, payment_id, amount, now=now):
            raise InvalidInput("This is more than what was captured and not refunded", "amount")
        refund = _new_refund(payment_id, amount, requested_by=actor, now=now)
        is_taken = await repository.take_key(
            session,
            operation=OPERATION,
            actor=actor,
            key=key,
            fingerprint=digest,
            subject_id=refund.id,
            now=now,
            lease_until=now + dependencies.lease,
        )
        if not is_taken:  # the same request was faster by a moment; leaving by an exception frees the amount
            raise RequestInFlight()
        session.add(refund)
    return refund


async def carry_out(dependencies: PaymentDependencies, refund: Refund) -> Payment:
    """Return the payment after the provider was asked for a refund whose amount is set aside.

    Raises:
        InvalidInput: when the provider refuses; the amount is free again.
        ProviderUnavailable: when it does not answer; the amount stays set aside.
    """
    async with dependencies.database.reading() as session:
        payment = (await queries.payments_by_id(session, [refund.payment_id]))[refund.payment_id]
    reference = payment.provider_reference
    assert reference is not None, "a captured payment has its reference"
    try:
        told = await dependencies.provider.refund(reference, refund_id=refund.id, amount=refund.amount)
    except ProviderUnavailable:
        await release_lease(dependencies, refund.id)
        raise
    except ProviderRefused:
        told = None
    return await _record(dependencies, refund, told)


@run_again_on_conflict
async def _record(dependencies: PaymentDependencies, refund: Refund, told: ProviderRefund | None) -> Payment:
    """Return the payment after the provider's word on a refund; None is its refusal."""
    async with dependencies.database.transaction() as session:
        current, now = await required(session, refund.payment_id), dependencies.clock()
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
    return await required(session, refund.payment_id)


async def _required_refund(session: AsyncSession, refund_id: str) -> Refund:
    refund = await repository.refund(session, refund_id)
    assert refund is not None, "a refund is never deleted"
    return refund
