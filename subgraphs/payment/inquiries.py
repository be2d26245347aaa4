"""Asking the provider what became of a payment. Its answer is recorded as if a webhook had brought it."""

from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.payment import recording, refunds, repository
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.providers.interface import Intent
from subgraphs.payment.tables import Payment, Refund
from subgraphs.payment.withdrawing import required


async def ask(dependencies: PaymentDependencies, payment: Payment) -> Payment:
    """Return the payment after what the provider says of it and of its refunds now.

    A payment without a reference was never confirmed: there is nothing to ask, and it is returned as it is.

    Raises:
        ProviderUnavailable: when the provider does not answer.
        ProviderRefused: when it does not know the payment.
    """
    if payment.provider_reference is None:
        return payment
    intent = await dependencies.provider.get(payment.provider_reference)
    after, undecided = await _record(dependencies, payment.id, intent)
    known = {refund.refund_id for refund in intent.refunds}
    for refund in undecided:
        # The provider never heard of it, or its answer was lost: the refund's id makes a second call answer the first's.
        if refund.id not in known:
            after = await refunds.carry_out(dependencies, refund)
    return after


@run_again_on_conflict
async def _record(dependencies: PaymentDependencies, payment_id: str, intent: Intent) -> tuple[Payment, list[Refund]]:
    """Return the payment after the provider's word, and its refunds that are not decided."""
    async with dependencies.database.transaction() as session:
        current = await required(session, payment_id)
        after = await recording.record_intent(session, current, intent, now=dependencies.clock())
        return after, await repository.undecided_refunds(session, payment_id)
