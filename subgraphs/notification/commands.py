"""What the notification service does when it is told to; one function a mutation or an event, each one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter

from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.storage.session import Database, Wake, run_again_on_conflict, wake_after_commit
from subgraphs.notification import model, queries, repository, templates
from subgraphs.notification.model import Channel, DeliveryStatus, Notice, Topic
from subgraphs.notification.tables import NotificationRow, TemplateRow
from subgraphs.notification.templates import FALLBACK_LOCALE, Rendered, Text

QUEUE = "deliveries"
ACTOR_NAME = "deliver"
MAX_READ_AT_ONCE = 500
PLATFORMS = frozenset({"ios", "android", "web"})

_log = structlog.get_logger(__name__)
_left_out = Counter(
    "notification_texts_left_out", "Texts that could not be rendered, and an older one was used.", ["key", "channel"]
)


@run_again_on_conflict
async def tell(
    database: Database, notice: Notice, *, event_id: str, channels: Sequence[Channel], now: datetime
) -> NotificationRow | None:
    """The notification of an event, its deliveries queued; None if the event was told before.

    Args:
        channels: those that have a provider. A delivery against the account's preference is noted as suppressed, never sent.
    """
    async with database.transaction() as session:
        shown = await queries.template_versions(session, notice.template, Channel.PUSH, FALLBACK_LOCALE)
        _, rendered = usable(shown, notice.variables, key=notice.template, channel=Channel.PUSH)
        row = await repository.tell(session, notice, rendered, event_id=event_id, now=now)
        if row is None:
            return None
        chosen = (await queries.choices(session, [notice.account_id]))[notice.account_id]
        wanted = {(each.topic, each.channel): each.enabled for each in model.preferences(chosen)}
        for channel in channels:
            text = await queries.template(session, notice.template, channel, FALLBACK_LOCALE)
            status = DeliveryStatus.QUEUED if wanted[notice.topic, channel] else DeliveryStatus.SUPPRESSED
            version = f"{text.key}:{text.locale}:{text.version}" if text else notice.template
            delivery = repository.queue_delivery(session, row.id, channel, status=status, version=version, now=now)
            if status is DeliveryStatus.QUEUED:
                wake_after_commit(session, Wake(QUEUE, ACTOR_NAME, delivery.id))
        return row


@run_again_on_conflict
async def release_held(database: Database, account_id: str, *, now: datetime) -> int:
    """Send what was held for an account whose address is verified now, unless it is older than a week; how many messages.

    A second time changes nothing.
    """
    async with database.transaction() as session:
        known = await repository.lock_verification(session, account_id)
        known.verified_at = known.verified_at or now
        released = await repository.release_held(session, account_id, held_since=now - model.HELD_FOR, now=now)
        for delivery_id in released:
            wake_after_commit(session, Wake(QUEUE, ACTOR_NAME, delivery_id))
    return len(released)


def usable(
    rows: Sequence[TemplateRow], variables: Mapping[str, Any], *, key: str, channel: Channel
) -> tuple[TemplateRow, Rendered]:
    """Return the first text that can be rendered, and its rendering; those before it are left out, counted and logged.

    Raises:
        LookupError: when there is no text that can.
    """
    found = templates.first_rendered([Text(row.subject, row.body) for row in rows], variables)
    for row in rows[: found[0] if found is not None else len(rows)]:
        _left_out.labels(key, channel.value).inc()
        _log.error("notification.text_left_out", key=key, channel=channel.value, locale=row.locale, version=row.version)
    if found is None:
        raise LookupError(f"there is no text {key!r} for {channel.value} that can be rendered")
    return rows[found[0]], found[1]


@run_again_on_conflict
async def mark_read(database: Database, account_id: str, ids: Sequence[str], *, now: datetime) -> int:
    """Mark the account's own notifications as read; how many were unread.

    Raises:
        InvalidInput: when more than 500 are given.
    """
    if len(ids) > MAX_READ_AT_ONCE:
        raise InvalidInput(f"At most {MAX_READ_AT_ONCE} notifications are marked at once", "ids")
    async with database.transaction() as session:
        return await repository.mark_read(session, account_id, ids, now=now)


@run_again_on_conflict
async def choose(database: Database, account_id: str, chosen: Mapping[tuple[Topic, Channel], bool]) -> None:
    """Keep the account's choices.

    Raises:
        InvalidInput: when one of them is locked; none is kept then.
    """
    for (topic, channel), enabled in chosen.items():
        model.check_choice(topic, channel, enabled=enabled)
    async with database.transaction() as session:
        await repository.choose(session, account_id, chosen)


@run_again_on_conflict
async def register_device(database: Database, account_id: str, token: str, platform: str, *, now: datetime) -> None:
    """Keep a device for push messages.

    Raises:
        InvalidInput: when the token is empty or too long, or the platform is unknown.
    """
    if not 1 <= len(token) <= model.DEVICE_TOKEN.most:
        raise InvalidInput(f"A device's token has 1 to {model.DEVICE_TOKEN.most} characters", "token")
    if platform not in PLATFORMS:
        raise InvalidInput(f"A platform is one of {', '.join(sorted(PLATFORMS))}", "platform")
    async with database.transaction() as session:
        await repository.register_device(session, account_id, token, platform, now=now)


@run_again_on_conflict
async def save_template(
    database: Database, key: str, channel: Channel, locale: str, text: Text, *, now: datetime
) -> TemplateRow:
    """The text as the newest version.

    Raises:
        InvalidInput: when it is no template, cannot be rendered for the notices of its key, or has no subject where one is shown.
    """
    templates.check_text(text, key, channel)
    if text.subject is None and channel is not Channel.SMS:
        raise InvalidInput("An e-mail and an inbox need a subject", "input", "subject")
    async with database.transaction() as session:
        return await repository.save_template(session, key, channel, locale, text, now=now)
