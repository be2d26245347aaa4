"""What the notification service writes. Nothing here commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.rules import fitted
from subgraphs.kit.storage.upserts import insert_into, upsert
from subgraphs.notification.model import Channel, DeliveryStatus, Notice, Topic
from subgraphs.notification.tables import (
    ERROR_CHARACTERS,
    MESSAGE_ID_CHARACTERS,
    AttemptRow,
    DeliveryRow,
    DeviceRow,
    NotificationRow,
    PreferenceRow,
    TemplateRow,
    VerificationRow,
)
from subgraphs.notification.templates import Rendered, Text


async def tell(
    session: AsyncSession, notice: Notice, shown: Rendered, *, event_id: str, now: datetime
) -> NotificationRow | None:
    """The notification that an event makes, in the account's inbox; None if the event has made it before."""
    written = await session.scalars(
        insert_into(session, NotificationRow)
        .values(
            id=uuid7(now),
            event_id=event_id,
            account_id=notice.account_id,
            template_key=notice.template,
            topic=notice.topic.value,
            title=shown.subject or "",
            body=shown.body,
            variables=dict(notice.variables),
            order_id=notice.order_id,
            order_number=notice.order_number,
            created_at=now,
            read_at=None,
        )
        .on_conflict_do_nothing()
        .returning(NotificationRow)
    )
    return written.one_or_none()


def queue_delivery(
    session: AsyncSession,
    notification_id: str,
    channel: Channel,
    *,
    status: DeliveryStatus,
    version: str,
    now: datetime,
) -> DeliveryRow:
    """A delivery of a notification; one that is suppressed is settled from the start."""
    is_suppressed = status is DeliveryStatus.SUPPRESSED
    row = DeliveryRow(
        id=uuid7(now),
        attempts=0,
        created_at=now,
        due_at=now,
        settled_at=now if is_suppressed else None,
        notification_id=notification_id,
        channel=channel.value,
        status=status.value,
        template_version=version,
    )
    session.add(row)
    return row


async def begin_attempt(session: AsyncSession, delivery_id: str, *, now: datetime) -> AttemptRow:
    """Note that the provider is about to be asked."""
    row = AttemptRow(id=uuid7(now), delivery_id=delivery_id, at=now, status=DeliveryStatus.QUEUED.value)
    session.add(row)
    await session.flush()
    return row


async def end_attempt(
    session: AsyncSession,
    attempt_id: str,
    status: DeliveryStatus,
    *,
    provider_message_id: str | None = None,
    error: str | None = None,
) -> None:
    """Note what came of asking the provider."""
    await session.execute(
        update(AttemptRow)
        .where(AttemptRow.id == attempt_id)
        .values(
            status=status.value,
            provider_message_id=provider_message_id and fitted(provider_message_id, MESSAGE_ID_CHARACTERS),
            error=error and fitted(error, ERROR_CHARACTERS),
        )
        .execution_options(synchronize_session=False)
    )


async def outcomes(session: AsyncSession, delivery_id: str) -> set[DeliveryStatus]:
    """What the attempts so far came to; QUEUED for one that began and nobody knows how it ended."""
    rows = await session.scalars(select(AttemptRow.status).where(AttemptRow.delivery_id == delivery_id).distinct())
    return {DeliveryStatus(each) for each in rows}


async def set_delivery_status(session: AsyncSession, delivery_id: str, status: DeliveryStatus) -> None:
    """Note what became of a delivery; one that was sent stays so, whoever else gave it up meanwhile."""
    await session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery_id, DeliveryRow.status != DeliveryStatus.SENT.value)
        .values(status=status.value)
        .execution_options(synchronize_session=False)
    )


async def lock_verification(session: AsyncSession, account_id: str) -> VerificationRow:
    """What is known of an account's address, locked until the transaction ends where the database locks rows."""
    new = insert_into(session, VerificationRow).values(account_id=account_id, verified_at=None)
    await session.execute(new.on_conflict_do_nothing())
    found = select(VerificationRow).where(VerificationRow.account_id == account_id)
    return (await session.scalars(found.with_for_update().execution_options(populate_existing=True))).one()


async def release_held(session: AsyncSession, account_id: str, *, held_since: datetime, now: datetime) -> list[str]:
    """Make the held deliveries of an account due that are not older than `held_since`, suppress the others; the ids of the due ones."""
    of_account = select(NotificationRow.id).where(NotificationRow.account_id == account_id)
    held = (DeliveryRow.notification_id.in_(of_account), DeliveryRow.status == DeliveryStatus.HELD.value)
    due = await session.scalars(
        update(DeliveryRow)
        .where(*held, DeliveryRow.created_at >= held_since)
        .values(status=DeliveryStatus.QUEUED.value, settled_at=None, due_at=now, attempts=0)
        .returning(DeliveryRow.id)
        .execution_options(synchronize_session=False)
    )
    released = list(due)
    await session.execute(
        update(DeliveryRow)
        .where(*held)
        .values(status=DeliveryStatus.SUPPRESSED.value)
        .execution_options(synchronize_session=False)
    )
    return released


async def note_given_up(session: AsyncSession, delivery_id: str) -> None:
    """Note that a delivery has failed, if its job is dead and nothing became of it."""
    await session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.id == delivery_id,
            DeliveryRow.dead_at.is_not(None),
            DeliveryRow.status == DeliveryStatus.QUEUED.value,
        )
        .values(status=DeliveryStatus.FAILED.value)
        .execution_options(synchronize_session=False)
    )


async def mark_read(session: AsyncSession, account_id: str, ids: Sequence[str], *, now: datetime) -> int:
    """Mark the account's own unread notifications among the ids; how many that were."""
    marked = await session.execute(
        update(NotificationRow)
        .where(NotificationRow.id.in_(ids), NotificationRow.account_id == account_id, NotificationRow.read_at.is_(None))
        .values(read_at=now)
        .returning(NotificationRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(marked.all())


async def choose(session: AsyncSession, account_id: str, chosen: Mapping[tuple[Topic, Channel], bool]) -> None:
    """Keep an account's choices."""
    rows = [
        {"account_id": account_id, "topic": topic.value, "channel": channel.value, "enabled": enabled}
        for (topic, channel), enabled in chosen.items()
    ]
    await upsert(session, PreferenceRow, rows)


async def register_device(session: AsyncSession, account_id: str, token: str, platform: str, *, now: datetime) -> None:
    """Keep a device; a device belongs to the account that registered it last."""
    row = {"token": token, "account_id": account_id, "platform": platform, "registered_at": now}
    await upsert(session, DeviceRow, [row])


async def save_template(
    session: AsyncSession, key: str, channel: Channel, locale: str, text: Text, *, now: datetime
) -> TemplateRow:
    """The text as the newest version of its key, channel and locale.

    The number is read and written by one statement. Two that read the same number meet at the unique key: the second
    writes nothing, and takes the next number, which it sees once the first has committed.
    """
    same = (TemplateRow.key == key, TemplateRow.channel == channel.value, TemplateRow.locale == locale)
    next_version = select(func.coalesce(func.max(TemplateRow.version), 0) + 1).where(*same).scalar_subquery()
    while True:
        written = await session.scalars(
            insert_into(session, TemplateRow)
            .values(
                id=uuid7(now),
                key=key,
                channel=channel.value,
                locale=locale,
                version=next_version,
                subject=text.subject,
                body=text.body,
            )
            .on_conflict_do_nothing(index_elements=["key", "channel", "locale", "version"])
            .returning(TemplateRow)
        )
        row: TemplateRow | None = written.one_or_none()
        if row is not None:
            return row
