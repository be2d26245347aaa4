"""One delivery, at most once.

    claim     a lease on the row, the attempt counted, committed
    begin     an attempt is noted, committed, before the provider is asked, and only while the lease is ours
    send      outside of any transaction
    end       the attempt's outcome and the delivery's are one transaction

Whoever finds an attempt that began and never ended does not send again: the message may have gone out, and a lost message is better
than a doubled one. Such a delivery fails with the error that says so. Whatever else goes wrong after the claim gives the row back with
its error: due again later, dead after the last attempt.

An address is verified before anything but the message that verifies it is sent there. Until then a message is held: its delivery is
settled as HELD, and due again when the user service tells that the address is verified (`commands.release_held`).

A lease may run out at any moment, and the delivery is another worker's then. Whoever lost it writes nothing of the delivery but the one
thing that cannot be otherwise: that the message went out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.jobs import Claim
from subgraphs.kit.runtime.client import ServiceError
from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.storage.answers import is_unanswered
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.leases import claim_one, renewed, write_outcome
from subgraphs.kit.storage.session import Database
from subgraphs.notification import commands, queries, repository
from subgraphs.notification.channels.interface import ChannelClient, ChannelUnavailable, Message, Rejected
from subgraphs.notification.clients.user import Recipient, Recipients
from subgraphs.notification.model import VERIFY_EMAIL, Channel, DeliveryStatus
from subgraphs.notification.tables import DeliveryRow, NotificationRow

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveryDependencies:
    """What a delivery needs.

    Attributes:
        web_url: of the market's web client, whose page takes the token of a verifying message.
    """

    database: Database
    channels: Mapping[Channel, ChannelClient]
    recipients: Recipients
    clock: Clock
    web_url: str


async def deliver(dependencies: DeliveryDependencies, delivery_id: str) -> None:
    """Deliver what is due; nothing happens if the delivery is done, dead, not due yet, or in other hands.

    Raises:
        Exception: whatever nobody foresaw (a missing text, a broken provider), after the delivery was given back with it.
    """
    async with dependencies.database.transaction() as session:
        now = await database_now(session, dependencies.clock)
        held = await claim_one(session, dependencies.database, DeliveryRow, delivery_id, now=now)
        if held is None:
            await repository.note_given_up(session, delivery_id)
    if held is None:
        return
    async with renewed(dependencies.database, DeliveryRow, held, clock=dependencies.clock):
        try:
            await _deliver(dependencies, held)
        except Exception as error:
            await _give_back(dependencies, held, error)
            raise


async def _deliver(dependencies: DeliveryDependencies, held: Claim) -> None:
    async with dependencies.database.reading() as session:
        delivery = await session.get_one(DeliveryRow, held.job_id)
        notification = await session.get_one(NotificationRow, delivery.notification_id)
        earlier = await repository.outcomes(session, held.job_id)
    if DeliveryStatus.SENT in earlier:
        await _finish(dependencies, held, DeliveryStatus.SENT, error="an earlier attempt went out")
        return
    if DeliveryStatus.QUEUED in earlier:
        await _finish(dependencies, held, DeliveryStatus.FAILED, error="an earlier attempt may have gone out")
        return
    try:
        recipient = await dependencies.recipients.find(notification.account_id)
    except ServiceError as error:
        await _give_back(dependencies, held, error)
        return
    if recipient is None:
        await _finish(dependencies, held, DeliveryStatus.FAILED, error="nobody is behind the account")
        return
    channel, variables = Channel(delivery.channel), {**notification.variables, "name": recipient.name}
    if channel is Channel.EMAIL and notification.template_key == VERIFY_EMAIL:
        try:
            token = await dependencies.recipients.verification_token(notification.account_id)
        except ServiceError as error:
            await _give_back(dependencies, held, error)
            return
        if token is None:
            await _finish(dependencies, held, DeliveryStatus.SUPPRESSED, error="the address is verified already")
            return
        # After the #, so that the token reaches no log of a web server.
        variables["verification_link"] = f"{dependencies.web_url}/verify-email#token={token}"
    elif channel is Channel.EMAIL and not recipient.is_verified:
        await _hold(dependencies, held, notification.account_id)
        return
    message = await _message(dependencies, delivery, notification, recipient, variables)
    await _send(dependencies, held, message, channel)


async def _hold(dependencies: DeliveryDependencies, held: Claim, account_id: str) -> None:
    """Hold a delivery until its address is verified; one that was verified since the user service was asked is due now."""
    async with dependencies.database.transaction() as session:
        known = await repository.lock_verification(session, account_id)
        now = await database_now(session, dependencies.clock)
        if known.verified_at is not None:
            await jobs.release(session, DeliveryRow, held, now=now)
        elif await jobs.settle(session, DeliveryRow, held, now=now):
            await repository.set_delivery_status(session, held.job_id, DeliveryStatus.HELD)
    _log.info("notification.held", delivery=held.job_id, is_held=known.verified_at is None)


async def _message(
    dependencies: DeliveryDependencies,
    delivery: DeliveryRow,
    notification: NotificationRow,
    recipient: Recipient,
    variables: Mapping[str, Any],
) -> Message:
    key, channel = notification.template_key, Channel(delivery.channel)
    async with dependencies.database.reading() as session:
        rows = await queries.template_versions(session, key, channel, recipient.locale)
    _, rendered = commands.usable(rows, variables, key=key, channel=channel)
    return Message(delivery.id, recipient.email, rendered.subject or notification.title, rendered.body)


async def _send(dependencies: DeliveryDependencies, held: Claim, message: Message, channel: Channel) -> None:
    async with dependencies.database.transaction() as session:
        if not await jobs.is_held(session, DeliveryRow, held):
            _log.warning("notification.lease_lost", delivery=held.job_id, attempt=held.attempt)
            return
        attempt = await repository.begin_attempt(session, held.job_id, now=dependencies.clock())
    try:
        provider_id = await dependencies.channels[channel].send(message)
    except ChannelUnavailable as error:
        await _give_back(dependencies, held, error, attempt_id=attempt.id)
    except Rejected as error:
        await _finish(dependencies, held, DeliveryStatus.BOUNCED, error=str(error), attempt_id=attempt.id)
    else:
        async with dependencies.database.transaction() as session:
            await repository.end_attempt(session, attempt.id, DeliveryStatus.SENT, provider_message_id=provider_id)
            await repository.set_delivery_status(session, held.job_id, DeliveryStatus.SENT)
            is_ours = await jobs.settle(session, DeliveryRow, held, now=dependencies.clock())
        _log.info("notification.sent", delivery=held.job_id, channel=channel.value, is_ours=is_ours)


async def _finish(
    dependencies: DeliveryDependencies,
    held: Claim,
    status: DeliveryStatus,
    *,
    error: str,
    attempt_id: str | None = None,
) -> None:
    async with dependencies.database.transaction() as session:
        if attempt_id is not None:
            await repository.end_attempt(session, attempt_id, status, error=error)
        is_ours = await jobs.settle(session, DeliveryRow, held, now=dependencies.clock())
        if is_ours:
            await repository.set_delivery_status(session, held.job_id, status)
    _log.warning("notification.finished", delivery=held.job_id, status=status.value, error=error, is_ours=is_ours)


async def _give_back(
    dependencies: DeliveryDependencies, held: Claim, error: Exception, *, attempt_id: str | None = None
) -> None:
    """Give the delivery back: a provider, user service or database that is away costs time, anything else an attempt."""
    message = f"{type(error).__name__}: {error}"
    is_away = isinstance(error, ChannelUnavailable) or is_unanswered(error)

    async def write(session: AsyncSession) -> None:
        if attempt_id is not None:
            await repository.end_attempt(session, attempt_id, DeliveryStatus.FAILED, error=message)
        give = jobs.postpone if is_away else jobs.fail
        now = await database_now(session, dependencies.clock)
        is_dead = await give(session, DeliveryRow, held, now=now, error=message)
        if is_dead:
            await repository.set_delivery_status(session, held.job_id, DeliveryStatus.FAILED)
        _log.warning(
            "notification.postponed", delivery=held.job_id, error=message, is_answered=not is_away, is_dead=is_dead
        )

    await write_outcome(dependencies.database, write)
