"""What the notification service reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from subgraphs.kit.storage.pagination import Cursors, Page, PageRequest, SortKey, fetch_pages
from subgraphs.kit.storage.rows_by_key import grouped, rows_by
from subgraphs.notification.model import Channel, Topic
from subgraphs.notification.tables import (
    AttemptRow,
    DeliveryRow,
    NotificationRow,
    PreferenceRow,
    TemplateRow,
)
from subgraphs.notification.templates import FALLBACK_LOCALE

MAX_VERSIONS_TRIED = 10

Choices = dict[tuple[Topic, Channel], bool]


@dataclass(frozen=True, slots=True)
class InboxRequest:
    """A page of an inbox."""

    page: PageRequest
    only_unread: bool


async def notifications_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, NotificationRow]:
    """Notifications by id, whosever they are."""
    return await rows_by(session, NotificationRow, NotificationRow.id, ids)


async def inboxes(
    session: AsyncSession, account_ids: Sequence[str], wanted: InboxRequest, *, cursors: Cursors
) -> dict[str, Page[NotificationRow]]:
    """A page of each account's notifications, the newest first."""
    return await fetch_pages(
        session,
        NotificationRow,
        owner=NotificationRow.account_id,
        owners=account_ids,
        where=[NotificationRow.read_at.is_(None)] if wanted.only_unread else (),
        keys=[SortKey(NotificationRow.created_at, is_descending=True), SortKey(NotificationRow.id, is_descending=True)],
        page=wanted.page,
        cursors=cursors,
        scope=f"inbox:{wanted.only_unread}",
    )


async def unread_counts(session: AsyncSession, account_ids: Sequence[str]) -> dict[str, int]:
    """How many notifications each account has not read."""
    rows = await session.execute(
        select(NotificationRow.account_id, func.count())
        .where(NotificationRow.account_id.in_(account_ids), NotificationRow.read_at.is_(None))
        .group_by(NotificationRow.account_id)
    )
    return {row[0]: row[1] for row in rows}


async def choices(session: AsyncSession, account_ids: Sequence[str]) -> dict[str, Choices]:
    """What each account chose."""
    found: dict[str, Choices] = {account_id: {} for account_id in account_ids}
    rows = await session.scalars(select(PreferenceRow).where(PreferenceRow.account_id.in_(account_ids)))
    for row in rows:
        found[row.account_id][Topic(row.topic), Channel(row.channel)] = row.enabled
    return found


async def deliveries(session: AsyncSession, notification_ids: Sequence[str]) -> dict[str, list[DeliveryRow]]:
    """The deliveries of each notification, by channel."""
    rows = await session.scalars(
        select(DeliveryRow).where(DeliveryRow.notification_id.in_(notification_ids)).order_by(DeliveryRow.channel)
    )
    return grouped((row.notification_id, row) for row in rows)


async def attempts(session: AsyncSession, delivery_ids: Sequence[str]) -> dict[str, list[AttemptRow]]:
    """The attempts of each delivery, in order."""
    rows = await session.scalars(
        select(AttemptRow).where(AttemptRow.delivery_id.in_(delivery_ids)).order_by(AttemptRow.at, AttemptRow.id)
    )
    return grouped((row.delivery_id, row) for row in rows)


async def newest_templates(session: AsyncSession, *, key: str | None = None) -> list[TemplateRow]:
    """The newest version of each text, by key, channel and locale."""
    number = (
        func.row_number()
        .over(
            partition_by=(TemplateRow.key, TemplateRow.channel, TemplateRow.locale),
            order_by=TemplateRow.version.desc(),
        )
        .label("number")
    )
    statement = select(TemplateRow, number)
    if key is not None:
        statement = statement.where(TemplateRow.key == key)
    numbered = statement.subquery()
    row_of = aliased(TemplateRow, numbered)
    rows = await session.scalars(
        select(row_of).where(numbered.c.number == 1).order_by(row_of.key, row_of.channel, row_of.locale)
    )
    return list(rows)


async def template(session: AsyncSession, key: str, channel: Channel, locale: str) -> TemplateRow | None:
    """Return the newest text for the locale, else for its language, else in English."""
    return next(iter(await template_versions(session, key, channel, locale)), None)


async def template_versions(session: AsyncSession, key: str, channel: Channel, locale: str) -> list[TemplateRow]:
    """Return texts in the order in which they are tried: the locale's, its language's, the English ones; each from the newest on."""
    wanted = list(dict.fromkeys([locale, locale.split("-", maxsplit=1)[0], FALLBACK_LOCALE]))
    number = (
        func.row_number().over(partition_by=TemplateRow.locale, order_by=TemplateRow.version.desc()).label("number")
    )
    numbered = (
        select(TemplateRow, number)
        .where(TemplateRow.key == key, TemplateRow.channel == channel.value, TemplateRow.locale.in_(wanted))
        .subquery()
    )
    row_of = aliased(TemplateRow, numbered)
    rows = await session.scalars(select(row_of).where(numbered.c.number <= MAX_VERSIONS_TRIED))
    return sorted(rows, key=lambda row: (wanted.index(row.locale), -row.version))


async def told_since(session: AsyncSession, account_id: str, since: datetime) -> list[NotificationRow]:
    """What an account was told at or after an instant, the oldest first."""
    rows = await session.scalars(
        select(NotificationRow)
        .where(NotificationRow.account_id == account_id, NotificationRow.created_at >= since)
        .order_by(NotificationRow.created_at, NotificationRow.id)
    )
    return list(rows)
