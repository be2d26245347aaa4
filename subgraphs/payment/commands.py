"""Starting a payment.

    1. the key       known and decided: the same answer. Known and begun: taken up again. New: on.
    2. the order     asked of the order service: the buyer's own, payable, and what it costs.
    3. a row         key and payment written together, before any money can move. The database allows an order one standing payment.
    4. the provider  create and confirm, outside of any transaction, under keys made of the payment's id.
    5. the result    status, history, event and the key's outcome written together.

A crash after any step is made good by the next request with the same key: it comes to the same payment, the provider to the same intent. A result that
nobody waits for any more comes by webhook.
"""

from dataclasses import dataclass

from subgraphs.kit.runtime.idempotency import fingerprint, require_same
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.payment import accounts, queries, recording, repository
from subgraphs.payment.clients.order import OrderToPay
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.errors import (
    AlreadyPaid,
    PaymentDeclined,
    PaymentInProgress,
    ProviderRefused,
    ProviderUnavailable,
    RequestInFlight,
)
from subgraphs.payment.model import TOOK_MONEY, UNDECIDED, WITHDRAWABLE, PaymentRequest, PaymentStatus
from subgraphs.payment.providers.interface import Failure, Intent
from subgraphs.payment.tables import Payment
from subgraphs.payment.withdrawing import created, required, withdraw

OPERATION = "startPayment"
ACCEPTED, DECLINED, REFUSED, WITHDRAWN = "ACCEPTED", "DECLINED", "REFUSED", "WITHDRAWN"
MAX_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request with what makes it this request."""

    request: PaymentRequest
    buyer_id: str
    fingerprint: str


async def start_payment(
    dependencies: PaymentDependencies, request: PaymentRequest, *, buyer_id: str, identity: Identity
) -> Payment:
    """The payment that the request made, now or before; captured, or waiting for the buyer or the provider.

    Raises:
        InvalidInput: when the order is not there for this buyer or cannot be paid now, or the provider does not know the method.
        AlreadyPaid, PaymentInProgress: when another payment of the order took the money, or may take it.
        PaymentDeclined: when the provider declined.
        ProviderUnavailable, RequestInFlight: to be tried again with the same key.
        IdempotencyConflict: when the key was used for another request.
        ServiceError: when the order service gives no answer; nothing was done.
    """
    asked = _Asked(request, buyer_id, fingerprint(request.order_id, request.method, request.return_url))
    decided = await _decided(dependencies, asked)
    if decided is not None:
        return decided
    order = await dependencies.orders.order(request.order_id, identity)
    if order is None or order.buyer_id != buyer_id:
        raise InvalidInput("There is no such order", "input", "orderId")
    for _ in range(MAX_ROUNDS):
        begun = await _begin(dependencies, asked, order)
        if isinstance(begun, _InTheWay):
            await withdraw(dependencies, begun.payment)
            continue
        if not order.is_payable and PaymentStatus(begun.status) in WITHDRAWABLE:  # taken up again, and too late
            await withdraw(dependencies, begun)
            return await _finish(dependencies, begun)
        return await _carry_out(dependencies, begun)
    raise RequestInFlight()


@dataclass(frozen=True, slots=True)
class _InTheWay:
    """An earlier attempt to pay the order that nobody has agreed to yet."""

    payment: Payment


async def _decided(dependencies: PaymentDependencies, asked: _Asked) -> Payment | None:
    async with dependencies.database.reading() as session:
        known = await repository.known_key(
            session, operation=OPERATION, actor=asked.buyer_id, key=asked.request.idempotency_key
        )
        if known is None:
            return None
        require_same(known.fingerprint, asked.fingerprint)
        payment = (await queries.payments_by_id(session, [known.subject_id]))[known.subject_id]
    return _answer(payment, known.outcome) if known.outcome is not None else None


@run_again_on_conflict
async def _begin(dependencies: PaymentDependencies, asked: _Asked, order: OrderToPay) -> Payment | _InTheWay:
    """The payment to carry out, new or taken up again, leased to this request; or the attempt that is in its way."""
    request, now = asked.request, dependencies.clock()
    async with dependencies.database.transaction() as session:
        known = await repository.known_key(
            session, operation=OPERATION, actor=asked.buyer_id, key=request.idempotency_key
        )
        if known is not None:
            require_same(known.fingerprint, asked.fingerprint)
            # The payment before its key, as `_finish` locks them: two requests with one key never wait for each other.
            payment = await required(session, known.subject_id)
            if not await repository.renew_lease(session, known, now=now, lease_until=now + dependencies.lease):
                raise RequestInFlight()
            return payment
        account = await accounts.locked(session, order.id)
        standing = await repository.standing_payment(session, order.id)
        if standing is not None:
            _require_withdrawable(standing, is_leased=await repository.is_leased(session, standing.id, now=now))
        if not order.is_payable:
            raise InvalidInput(f"An order that is {order.status} cannot be paid", "input", "orderId")
        if account.closed_at is not None:  # called off while this request was on its way
            raise InvalidInput("This order cannot be paid any more", "input", "orderId")
        if standing is not None:
            return _InTheWay(standing)
        payment_id = uuid7(now)
        is_added = await repository.add_payment(
            session,
            id=payment_id,
            order_id=order.id,
            order_number=order.number,
            buyer_id=asked.buyer_id,
            amount=order.amount,
            currency=order.currency,
            method=request.method,
            return_url=request.return_url,
            provider=dependencies.provider.name,
            created_at=now,
        )
        is_taken = is_added and await repository.take_key(
            session,
            operation=OPERATION,
            actor=asked.buyer_id,
            key=request.idempotency_key,
            fingerprint=asked.fingerprint,
            subject_id=payment_id,
            now=now,
            lease_until=now + dependencies.lease,
        )
        if not is_taken:  # another request was faster by a moment; leaving by an exception undoes the payment's row
            raise RequestInFlight()
        return await required(session, payment_id)


def _require_withdrawable(standing: Payment, *, is_leased: bool) -> None:
    status = PaymentStatus(standing.status)
    if status in TOOK_MONEY:
        raise AlreadyPaid(standing.id)
    if is_leased:
        raise RequestInFlight()
    if status not in WITHDRAWABLE:
        raise PaymentInProgress(standing.id)


async def _carry_out(dependencies: PaymentDependencies, payment: Payment) -> Payment:
    if PaymentStatus(payment.status) is not PaymentStatus.CREATED:  # a webhook was faster than this second attempt
        return await _finish(dependencies, payment)
    try:
        intent = await created(dependencies, payment)
        await _note_reference(dependencies, payment.id, intent.reference)
        if intent.status is PaymentStatus.CREATED:
            intent = await dependencies.provider.confirm(intent, method=payment.method, return_url=payment.return_url)
    except ProviderUnavailable:
        await release_lease(dependencies, payment.id)
        raise
    except ProviderRefused as refusal:
        return await _finish(dependencies, payment, refusal=refusal)
    return await _finish(dependencies, payment, intent=intent)


@run_again_on_conflict
async def _note_reference(dependencies: PaymentDependencies, payment_id: str, reference: str) -> None:
    async with dependencies.database.transaction() as session:
        await repository.note_reference(session, payment_id, reference)


@run_again_on_conflict
async def release_lease(dependencies: PaymentDependencies, subject_id: str) -> None:
    """Let the next request with the key of a payment or refund take it up at once."""
    async with dependencies.database.transaction() as session:
        await repository.release_lease(session, subject_id)


@run_again_on_conflict
async def _finish(
    dependencies: PaymentDependencies,
    payment: Payment,
    *,
    intent: Intent | None = None,
    refusal: ProviderRefused | None = None,
) -> Payment:
    """Record what the provider said and, with it, the answer that the key has from now on."""
    now = dependencies.clock()
    async with dependencies.database.transaction() as session:
        after = await required(session, payment.id)
        if intent is not None:
            after = await recording.record_intent(session, after, intent, now=now)
        # A payment that was withdrawn meanwhile is refused by the provider: that is no failure of the payment's.
        if refusal is not None and PaymentStatus(after.status) in UNDECIDED:
            failure = Failure(refusal.code, str(refusal), is_retryable=False)
            after = await recording.record_failure(session, after, failure, now=now)
        match PaymentStatus(after.status):
            case PaymentStatus.FAILED:
                outcome = DECLINED if refusal is None else REFUSED
            case PaymentStatus.CANCELLED:
                outcome = WITHDRAWN
            case _:
                outcome = ACCEPTED
        await repository.set_outcome(session, payment.id, outcome)
    return _answer(after, outcome)


def _answer(payment: Payment, outcome: str) -> Payment:
    message = payment.failure_message or "The payment was declined"
    if outcome == REFUSED:
        raise InvalidInput(message, "input", "method")
    if outcome == DECLINED:
        raise PaymentDeclined(payment.id, message, is_retryable=bool(payment.failure_is_retryable))
    if outcome == WITHDRAWN:
        raise InvalidInput(
            "This attempt was withdrawn: another one took its place, or the order cannot be paid any more", "input"
        )
    return payment
