"""Keeping our payments equal to the provider's, whatever was lost between the two.

    every 15 seconds   payments that have been undecided for a minute, and refunds without an answer, are asked for
    every 15 seconds   closed orders with money or a payment left are settled
    once an hour       the provider's list, from a watermark on, is compared with our payments, and ours with the list

A difference is first asked for, which mends what a lost message left behind. One that stays is logged, counted by the metric `payment_differences`, and
printed by `task reconcile`; the watermark stays before it, so it is found again until it is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import func, or_, select, update

from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.payment import inquiries, queries, repository
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.errors import ProviderRefused, ProviderUnavailable
from subgraphs.payment.model import TOOK_MONEY, UNDECIDED, PaymentStatus
from subgraphs.payment.providers.interface import Intent
from subgraphs.payment.tables import Payment, Reconciliation

UNDECIDED_AFTER = timedelta(minutes=1)
ASKED_AT_ONCE = 50
COMPARE_EVERY = timedelta(hours=1)
COMPARE_AGAIN_AFTER_FAILURE = timedelta(minutes=5)
OVERLAP = timedelta(days=2)
"""A payment is compared again for so long after it was made: until then it may change at the provider, as by a refund."""
CLOCK_SKEW = timedelta(minutes=5)
PAGE = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger(__name__)
_asked = Counter("payment_inquiries", "Payments that the provider was asked for, by outcome.", ["outcome"])
_undecided_seconds = Gauge(
    "payment_undecided_seconds", "The age of the oldest payment that the provider has not decided."
)
_differences = Gauge("payment_differences", "Differences from the provider's list that stayed, by kind.", ["kind"])


class DifferenceKind(Enum):
    """What differs between the provider and us."""

    STATUS = "STATUS"
    CAPTURED_AMOUNT = "CAPTURED_AMOUNT"
    REFUNDED_AMOUNT = "REFUNDED_AMOUNT"
    NOT_AT_THE_PROVIDER = "NOT_AT_THE_PROVIDER"
    NOT_OURS = "NOT_OURS"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference that asking the provider did not mend.

    Args:
        payment_id: ours; empty for money at the provider that belongs to no payment of ours.
        reference: the provider's name for it.
    """

    kind: DifferenceKind
    payment_id: str
    reference: str
    ours: str
    theirs: str


@dataclass(slots=True)
class Comparison:
    """What a comparison found."""

    since: datetime
    compared: int = 0
    mended: int = 0
    differences: list[Difference] = field(default_factory=list)


async def ask_undecided(dependencies: PaymentDependencies) -> int:
    """Ask the provider for the payments that it has not decided for a minute; how many moved on."""
    now = dependencies.clock()
    moved = 0
    for payment in await _claim_unasked(dependencies, now=now):
        outcome = await _asked_for(dependencies, payment)
        _asked.labels(outcome).inc()
        moved += outcome == "moved"
        if outcome == "no_answer":
            break  # the others would wait for the same answer
    async with dependencies.database.reading() as session:
        oldest = await session.scalar(
            select(func.min(Payment.created_at)).where(Payment.status.in_([status.value for status in UNDECIDED]))
        )
    _undecided_seconds.set(max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0)
    return moved


@run_again_on_conflict
async def _claim_unasked(dependencies: PaymentDependencies, *, now: datetime) -> list[Payment]:
    async with dependencies.database.transaction() as session:
        return await repository.claim_unasked(session, now=now, older_than=UNDECIDED_AFTER, limit=ASKED_AT_ONCE)


async def _asked_for(dependencies: PaymentDependencies, payment: Payment) -> str:
    try:
        after = await inquiries.ask(dependencies, payment)
    except ProviderUnavailable:
        return "no_answer"
    except (ProviderRefused, InvalidInput) as error:
        _log.error("payment.inquiry_refused", payment_id=payment.id, error=str(error))
        return "refused"
    return "same" if after.version == payment.version else "moved"


async def compare_when_due(dependencies: PaymentDependencies) -> int:
    """Compare with the provider's list when an hour has passed since some replica did; how many differences were mended.

    Raises:
        ProviderUnavailable: when the provider does not answer; it is tried again in five minutes.
    """
    since = await _claim_comparison(dependencies)
    if since is None:
        return 0
    return (await compare(dependencies, since=since)).mended


@run_again_on_conflict
async def _claim_comparison(dependencies: PaymentDependencies) -> datetime | None:
    """Return the watermark to compare from; None while another replica compares, or did within the hour."""
    now = dependencies.clock()
    row = {"provider": dependencies.provider.name, "compared_from": EPOCH, "due_at": now}
    async with dependencies.database.transaction() as session:
        await insert_missing(session, Reconciliation, [row])
        claimed = await session.execute(
            update(Reconciliation)
            .where(Reconciliation.provider == dependencies.provider.name, Reconciliation.due_at <= now)
            .values(due_at=now + COMPARE_AGAIN_AFTER_FAILURE)
            .returning(Reconciliation.compared_from)
            .execution_options(synchronize_session=False)
        )
        return claimed.scalar_one_or_none()


async def watermark(dependencies: PaymentDependencies) -> datetime:
    """Return the instant from which on payments are compared."""
    async with dependencies.database.reading() as session:
        row = await session.get(Reconciliation, dependencies.provider.name)
    return row.compared_from if row is not None else EPOCH


async def compare(dependencies: PaymentDependencies, *, since: datetime) -> Comparison:
    """Compare the payments that were made since then with the provider's list, mend what asking mends, and move the watermark.

    Raises:
        ProviderUnavailable: when the provider does not answer; the watermark stays.
    """
    started, comparison, seen = dependencies.clock(), Comparison(since), set[str]()
    after: str | None = None
    while True:
        page = await dependencies.provider.listed(since=since - CLOCK_SKEW, after=after, limit=PAGE)
        await _compare_page(dependencies, page.intents, comparison)
        seen.update(intent.payment_id for intent in page.intents)
        after = page.next_after
        if after is None:
            break
    await _find_unlisted(dependencies, seen, comparison)
    await _move_watermark(dependencies, comparison, started=started)
    for kind in DifferenceKind:
        found = [each for each in comparison.differences if each.kind is kind]
        _differences.labels(kind.value).set(len(found))
    for each in comparison.differences:
        _log.error(
            "payment.difference",
            kind=each.kind.value,
            payment_id=each.payment_id,
            reference=each.reference,
            ours=each.ours,
            theirs=each.theirs,
        )
    _log.info("payment.compared", compared=comparison.compared, mended=comparison.mended, since=since.isoformat())
    return comparison


async def _compare_page(dependencies: PaymentDependencies, intents: Iterable[Intent], comparison: Comparison) -> None:
    intents = list(intents)
    async with dependencies.database.reading() as session:
        ours = await queries.payments_by_id(session, [intent.payment_id for intent in intents])
    for intent in intents:
        payment = ours.get(intent.payment_id)
        comparison.compared += 1
        if payment is None:
            kept = intent.captured_amount - intent.refunded_amount
            if kept > 0:
                found = Difference(DifferenceKind.NOT_OURS, "", intent.reference, "nothing", f"{kept} taken")
                comparison.differences.append(found)
            continue
        if not list(_differences_of(payment, intent)):
            continue
        left = await _left_after_asking(dependencies, payment)
        comparison.differences.extend(left)
        comparison.mended += not left


async def _left_after_asking(dependencies: PaymentDependencies, payment: Payment) -> list[Difference]:
    """Return what still differs after the provider's word was recorded."""
    try:
        after = await inquiries.ask(dependencies, payment)
        if after.provider_reference is None:
            return []
        return list(_differences_of(after, await dependencies.provider.get(after.provider_reference)))
    except (ProviderRefused, InvalidInput) as error:
        reference = payment.provider_reference or ""
        return [Difference(DifferenceKind.NOT_AT_THE_PROVIDER, payment.id, reference, payment.status, str(error))]


def _differences_of(payment: Payment, intent: Intent) -> Iterable[Difference]:
    status = PaymentStatus(payment.status)
    compared = PaymentStatus.CAPTURED if status in TOOK_MONEY else status
    sums = {
        # Without a reference nothing was confirmed: the provider's intent waits for a request that was cut off.
        DifferenceKind.STATUS: (compared.value, intent.status.value),
        DifferenceKind.CAPTURED_AMOUNT: (str(payment.captured_amount), str(intent.captured_amount)),
        DifferenceKind.REFUNDED_AMOUNT: (str(payment.refunded_amount), str(intent.refunded_amount)),
    }
    for kind, (ours, theirs) in sums.items():
        if ours != theirs:
            yield Difference(kind, payment.id, intent.reference, ours, theirs)


async def _find_unlisted(dependencies: PaymentDependencies, seen: set[str], comparison: Comparison) -> None:
    """Ask for our payments that the list lacks, a page at a time."""
    last = ""
    while True:
        async with dependencies.database.reading() as session:
            page = list(
                await session.scalars(
                    select(Payment)
                    .where(
                        Payment.provider == dependencies.provider.name,
                        Payment.provider_reference.is_not(None),
                        Payment.created_at >= comparison.since,
                        Payment.id > last,
                    )
                    .order_by(Payment.id)
                    .limit(PAGE)
                )
            )
        for payment in page:
            if payment.id not in seen:
                left = await _left_after_asking(dependencies, payment)
                comparison.differences.extend(left)
        if len(page) < PAGE:
            return
        last = page[-1].id


@run_again_on_conflict
async def _move_watermark(dependencies: PaymentDependencies, comparison: Comparison, *, started: datetime) -> None:
    """Set the watermark before what may still change, and before each difference that stayed."""
    differing = [each.payment_id for each in comparison.differences if each.payment_id]
    is_open = Payment.status.in_([status.value for status in UNDECIDED])
    async with dependencies.database.transaction() as session:
        oldest = await session.scalar(
            select(func.min(Payment.created_at)).where(
                or_(is_open, Payment.refunding_amount > 0, Payment.id.in_(differing[:PAGE])),
                Payment.created_at >= comparison.since,
            )
        )
        has_strangers = any(not each.payment_id for each in comparison.differences)
        least = comparison.since if has_strangers else started - OVERLAP
        reached = max(comparison.since, min(least, oldest or started))
        await insert_missing(
            session,
            Reconciliation,
            [{"provider": dependencies.provider.name, "compared_from": reached, "due_at": started}],
        )
        await session.execute(
            update(Reconciliation)
            .where(Reconciliation.provider == dependencies.provider.name)
            .values(compared_from=reached, due_at=started + COMPARE_EVERY)
            .execution_options(synchronize_session=False)
        )
