"""Withdrawing a payment at the provider, so that it takes no money any more."""

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.payment import recording, repository
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.errors import ProviderRefused
from subgraphs.payment.providers.interface import Failure, Intent
from subgraphs.payment.tables import Payment


async def withdraw(dependencies: PaymentDependencies, payment: Payment) -> Payment:
    """Return the payment after it was withdrawn, or was decided in the meantime: a provider that will not cancel is asked why.

    Raises:
        ProviderUnavailable: when the provider does not answer.
    """
    intent, failure = None, None
    try:
        # Without a reference its request was cut off: the provider may have its intent, and answers it by the same key.
        reference = payment.provider_reference or (await created(dependencies, payment)).reference
        intent = await _cancelled(dependencies, reference)
    except ProviderRefused as refusal:  # it does not know the payment, so it never takes money for it
        failure = Failure(refusal.code, str(refusal), is_retryable=False)
    return await _record(dependencies, payment.id, intent, failure)


@run_again_on_conflict
async def _record(
    dependencies: PaymentDependencies, payment_id: str, intent: Intent | None, failure: Failure | None
) -> Payment:
    async with dependencies.database.transaction() as session:
        current, now = await required(session, payment_id), dependencies.clock()
        if intent is not None:
            return await recording.record_intent(session, current, intent, now=now)
        assert failure is not None, "the provider answered or refused"
        return await recording.record_failure(session, current, failure, now=now)


async def created(dependencies: PaymentDependencies, payment: Payment) -> Intent:
    """Return the provider's intent for a payment, the same however often it is asked for."""
    return await dependencies.provider.create(payment_id=payment.id, amount=payment.amount, currency=payment.currency)


async def required(session: AsyncSession, payment_id: str) -> Payment:
    """Return a payment that is known to exist, with its lock."""
    payment = await repository.payment(session, payment_id)
    assert payment is not None, "a payment is never deleted"
    return payment


async def _cancelled(dependencies: PaymentDependencies, reference: str) -> Intent:
    try:
        return await dependencies.provider.cancel(reference)
    except ProviderRefused:
        return await dependencies.provider.get(reference)
