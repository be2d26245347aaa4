"""Closing an order for payments: when it expires, and when it is called off.

    1. the account   locked; with nothing standing, or under ALWAYS, the order is closed: no payment begins from here on.
    2. what stands   asked of the provider, never read off our copy: a lost webhook must not look like a payment that waits.
    3. the terms     decide whether what waits for the buyer is withdrawn. What the provider works on is waited for.

An order that was closed under ALWAYS is settled: what stands is withdrawn, what was taken goes back. Whatever interrupts that, the account's `settle_at`
brings it back, and so does money that comes later.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.payment import accounts, inquiries, refunds, repository
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.errors import ProviderRefused, ProviderUnavailable
from subgraphs.payment.model import (
    TOOK_MONEY,
    UNDECIDED,
    ClosingOutcome,
    ClosingTerms,
    PaymentStatus,
    may_withdraw,
)
from subgraphs.payment.tables import Payment
from subgraphs.payment.withdrawing import withdraw

REQUESTED_BY = "service:payment"
MAX_ROUNDS = 4
SETTLED_AT_ONCE = 20

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OrderClosing:
    """What came of closing an order.

    Args:
        payment: the one that stands, when there is one.
    """

    outcome: ClosingOutcome
    payment: Payment | None


async def close_order(dependencies: PaymentDependencies, order_id: str, terms: ClosingTerms) -> OrderClosing:
    """Close an order for payments, as far as the terms let it. Called again it goes on from where it is."""
    if terms is ClosingTerms.ALWAYS:
        await _close(dependencies, order_id)
        return await settle_order(dependencies, order_id)
    standing: Payment | None = None
    for _ in range(MAX_ROUNDS):
        standing, is_leased = await _close_if_idle(dependencies, order_id)
        if standing is None:
            return OrderClosing(ClosingOutcome.CLOSED, None)
        closing = await _what_stands(dependencies, standing, terms, is_leased=is_leased)
        if closing is not None:
            return closing
    return OrderClosing(ClosingOutcome.UNDER_WAY, standing)


@run_again_on_conflict
async def _close(dependencies: PaymentDependencies, order_id: str) -> None:
    now = dependencies.clock()
    async with dependencies.database.transaction() as session:
        await accounts.locked(session, order_id)
        await accounts.close(session, order_id, now=now, settle_at=now + accounts.FIRST_PAUSE)


@run_again_on_conflict
async def _close_if_idle(dependencies: PaymentDependencies, order_id: str) -> tuple[Payment | None, bool]:
    """Return the payment that stands, and whether a request is at work on it; without one the order is closed."""
    now = dependencies.clock()
    async with dependencies.database.transaction() as session:
        await accounts.locked(session, order_id)
        standing = await repository.standing_payment(session, order_id)
        if standing is None:
            await accounts.close(session, order_id, now=now, settle_at=None)
            return None, False
        return standing, await repository.is_leased(session, standing.id, now=now)


async def _what_stands(
    dependencies: PaymentDependencies, standing: Payment, terms: ClosingTerms, *, is_leased: bool
) -> OrderClosing | None:
    """Return why the order cannot be closed; None when the payment no longer stands in the way."""
    if PaymentStatus(standing.status) in TOOK_MONEY:
        return OrderClosing(ClosingOutcome.PAID, standing)
    if is_leased:
        return OrderClosing(ClosingOutcome.UNDER_WAY, standing)
    try:
        asked = await inquiries.ask(dependencies, standing)
        status, age = PaymentStatus(asked.status), dependencies.clock() - asked.created_at
        if may_withdraw(status, terms, age=age):
            await withdraw(dependencies, asked)
            return None
    except (ProviderUnavailable, ProviderRefused) as error:  # not known: the order waits until it is
        _log.warning("payment.closing_waits", payment_id=standing.id, error=str(error))
        return OrderClosing(ClosingOutcome.UNDER_WAY, standing)
    if status in TOOK_MONEY:
        return OrderClosing(ClosingOutcome.PAID, asked)
    return OrderClosing(ClosingOutcome.UNDER_WAY, asked) if status in UNDECIDED else None


async def settle_order(dependencies: PaymentDependencies, order_id: str) -> OrderClosing:
    """Withdraw what stands of a closed order and give back what was taken; UNDER_WAY when the provider has to do more yet."""
    standing: Payment | None = None
    for _ in range(MAX_ROUNDS):
        standing = await _settle_if_done(dependencies, order_id)
        if standing is None or PaymentStatus(standing.status) is PaymentStatus.REFUNDED:
            return OrderClosing(ClosingOutcome.CLOSED, standing)
        try:
            if PaymentStatus(standing.status) not in TOOK_MONEY:
                await withdraw(dependencies, standing)
            elif standing.captured_amount > standing.refunded_amount + standing.refunding_amount:
                await refunds.refund_rest(dependencies, standing.id, requested_by=REQUESTED_BY)
            else:  # what is left is promised to refunds that the provider has not decided
                await inquiries.ask(dependencies, standing)
        except (ProviderUnavailable, ProviderRefused) as error:
            _log.warning("payment.settling_waits", payment_id=standing.id, error=str(error))
            break
        except InvalidInput as error:  # the provider refused the refund; a person has to see why
            _log.error("payment.refund_refused", payment_id=standing.id, error=str(error))
            break
    return OrderClosing(ClosingOutcome.UNDER_WAY, standing)


@run_again_on_conflict
async def _settle_if_done(dependencies: PaymentDependencies, order_id: str) -> Payment | None:
    """Return the payment that stands; without one, or when all of it went back, the order is settled."""
    async with dependencies.database.transaction() as session:
        await accounts.locked(session, order_id)
        standing = await repository.standing_payment(session, order_id)
        if standing is None or PaymentStatus(standing.status) is PaymentStatus.REFUNDED:
            await accounts.settled(session, order_id)
    return standing


async def settle_due(dependencies: PaymentDependencies) -> int:
    """Settle the closed orders whose time has come; how many are settled now."""
    settled = 0
    for order_id in await _claim_due(dependencies):
        closing = await settle_order(dependencies, order_id)
        settled += closing.outcome is ClosingOutcome.CLOSED
    return settled


@run_again_on_conflict
async def _claim_due(dependencies: PaymentDependencies) -> Sequence[str]:
    async with dependencies.database.transaction() as session:
        return await accounts.claim_due(session, now=dependencies.clock(), limit=SETTLED_AT_ONCE)
