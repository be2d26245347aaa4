"""Nothing but the message that verifies an address is sent to an unverified one, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.migrate import downgrade, upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.notification import commands
from subgraphs.notification.app import create_notification_app
from subgraphs.notification.clients.user import Recipient
from subgraphs.notification.delivering import DeliveryDependencies, deliver
from subgraphs.notification.model import HELD_FOR, VERIFY_EMAIL, Channel, Notice, Topic
from subgraphs.notification.resources import NotificationResources
from subgraphs.notification.seed import seed
from subgraphs.notification.settings import MIGRATIONS, NotificationSettings
from subgraphs.notification.tables import DeliveryRow, NotificationRow, TemplateRow
from subgraphs.notification.templates import STARTING_TEXTS
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account, service
from tests.support.letters import KnownPeople, RecordingChannel
from tests.support.subgraphs import running_subgraph

UNVERIFIED = Recipient("Ann", "en", "ann@example.org", is_verified=False)
SHIPPED = Notice("order.shipped", Topic.ORDER, "ann", "order-9", "YM-9", {"order_number": "YM-9"})
RECORD = "mutation ($event: AccountEventInput!) { recordAccountEvent(input: $event) }"
USER = service("user")


@dataclass(frozen=True, slots=True)
class Post:
    """A notification service whose people and channel are fakes."""

    resources: NotificationResources
    people: KnownPeople
    channel: RecordingChannel
    clock: FixedClock

    @property
    def dependencies(self) -> DeliveryDependencies:
        """What deliveries work with, with the fakes."""
        return replace(self.resources.dependencies, channels={Channel.EMAIL: self.channel}, recipients=self.people)

    async def tell(self, event: str, notice: Notice = SHIPPED) -> None:
        """Have the account told of an event."""
        await commands.tell(self.resources.database, notice, event_id=event, channels=[Channel.EMAIL], now=self.clock())

    async def deliver_all(self) -> list[str]:
        """Deliver whatever is due; every delivery's status, in the order in which they were told of."""
        for row in await self._rows():
            await deliver(self.dependencies, row.id)
        return [row.status for row in await self._rows()]

    async def _rows(self) -> list[DeliveryRow]:
        async with self.resources.database.reading() as session:
            found = select(DeliveryRow).join(NotificationRow).order_by(NotificationRow.event_id)
            return list(await session.scalars(found))

    @property
    def subjects(self) -> list[str]:
        """The subjects of what was sent."""
        return [message.subject for message in self.channel.sent]


@pytest.fixture
async def post(database_url: str, tmp_path: Path, redis_url: str) -> AsyncIterator[Post]:
    clock = FixedClock(datetime.now(UTC))
    settings = NotificationSettings(
        database_url=database_url,
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url="http://127.0.0.1:9/graphql",
        web_url="https://market.example",
    )
    (tmp_path / "orders.jsonl").touch()
    await upgrade(database_url, MIGRATIONS)
    await seed(settings, tmp_path)
    resources = NotificationResources.open(settings, clock=clock)
    yield Post(resources, KnownPeople({"ann": UNVERIFIED}), RecordingChannel(), clock)
    await resources.close()


def verified(post: Post) -> None:
    post.people.people["ann"] = replace(UNVERIFIED, is_verified=True)


async def test_mail_waits_until_its_address_is_verified_and_is_then_sent_once(post: Post) -> None:
    await post.tell("1")
    assert await post.deliver_all() == ["HELD"]
    assert await post.deliver_all() == ["HELD"]
    assert post.channel.sent == []
    verified(post)
    for _ in range(2):
        await commands.release_held(post.resources.database, "ann", now=post.clock())
        assert await post.deliver_all() == ["SENT"]
    assert [message.recipient for message in post.channel.sent] == ["ann@example.org"]


async def test_the_inbox_does_not_wait(post: Post) -> None:
    await post.tell("1")
    await post.deliver_all()
    async with post.resources.database.reading() as session:
        assert [row.title for row in await session.scalars(select(NotificationRow))] == ["Order YM-9 is on its way"]


async def test_an_address_that_is_verified_while_a_message_is_held_gets_the_message(post: Post) -> None:
    """The user service answered before the verification, and the deliverer writes after it."""
    await post.tell("1")

    async def verify_meanwhile() -> None:
        await commands.release_held(post.resources.database, "ann", now=post.clock())

    post.people.meanwhile = verify_meanwhile
    assert await post.deliver_all() == ["QUEUED"]
    verified(post)
    assert await post.deliver_all() == ["SENT"]


async def test_a_message_that_was_held_too_long_is_not_sent(post: Post) -> None:
    await post.tell("1")
    await post.deliver_all()
    post.clock.advance(HELD_FOR + timedelta(seconds=1))
    verified(post)
    assert await commands.release_held(post.resources.database, "ann", now=post.clock()) == 0
    assert await post.deliver_all() == ["SUPPRESSED"]
    assert post.channel.sent == []


async def test_the_message_that_verifies_is_sent_with_a_fresh_link_and_kept_without_it(post: Post) -> None:
    post.people.tokens["ann"] = "secret-token"
    notice = Notice(VERIFY_EMAIL, Topic.SECURITY, "ann", None, None, {})
    await post.tell("1", notice)
    assert await post.deliver_all() == ["SENT"]
    (sent,) = post.channel.sent
    assert "https://market.example/verify-email#token=secret-token" in sent.body
    async with post.resources.database.reading() as session:
        row = (await session.scalars(select(NotificationRow))).one()
    assert "secret-token" not in f"{row.title} {row.body} {row.variables}"


async def test_a_message_that_verifies_is_not_sent_when_it_is_not_needed(post: Post) -> None:
    await post.tell("1", Notice(VERIFY_EMAIL, Topic.SECURITY, "ann", None, None, {}))
    assert await post.deliver_all() == ["SUPPRESSED"]
    assert post.channel.sent == []


async def test_what_the_user_service_tells_is_recorded_once(post: Post) -> None:
    post.people.tokens["ann"] = "token"
    await post.tell("1")
    resources = post.resources
    async with running_subgraph(create_notification_app(resources.settings, resources)) as notification:
        for type_ in ("VERIFICATION_ASKED", "VERIFICATION_ASKED"):
            given = {"eventId": "2", "type": type_, "accountId": "ann"}
            assert (await notification.data(RECORD, {"event": given}, by=USER))["recordAccountEvent"] is True
        assert await notification.codes(RECORD, {"event": given}, by=account("ann", "ADMIN")) == ["FORBIDDEN"]
        assert await post.deliver_all() == ["HELD", "SENT"]
        verified(post)
        for _ in range(2):
            given = {"eventId": "3", "type": "EMAIL_VERIFIED", "accountId": "ann"}
            await notification.data(RECORD, {"event": given}, by=USER)
            assert await post.deliver_all() == ["SENT", "SENT"]
    assert post.subjects == ["Confirm your e-mail address", "YM-9 is on its way"]


OLD_CANCELLED = {
    "PUSH": "You owe nothing for it.",
    "EMAIL": "Hello {{ name }},\n\nyour order {{ order_number }} is cancelled. What you paid comes back to you.\n\nYarmarka",
}


@pytest.mark.parametrize("is_edited", [False, True], ids=["as-seeded", "edited"])
async def test_a_database_from_before_has_the_new_texts(database_url: str, is_edited: bool) -> None:
    await upgrade(database_url, MIGRATIONS)
    await downgrade(database_url, MIGRATIONS, revision="0002")
    insert = sa.insert(TemplateRow)
    rows: list[dict[str, Any]] = [
        {"id": channel, "key": "order.cancelled", "channel": channel, "locale": "en", "version": 1, "subject": "S"}
        for channel in OLD_CANCELLED
    ]
    bodies = {channel: "Ours." if is_edited else body for channel, body in OLD_CANCELLED.items()}
    old = Database(database_url)
    async with old.transaction() as session:
        await session.execute(insert, [{**row, "body": bodies[row["channel"]]} for row in rows])
    await old.close()
    await upgrade(database_url, MIGRATIONS)
    database = Database(database_url)
    async with database.reading() as session:
        found = await session.scalars(select(TemplateRow).order_by(TemplateRow.version))
        newest = {(row.key, row.channel): row.body for row in found}
    await database.close()
    for channel in OLD_CANCELLED:
        fresh = STARTING_TEXTS["order.cancelled", channel].body
        assert newest["order.cancelled", channel] == ("Ours." if is_edited else fresh)
        assert newest[VERIFY_EMAIL, channel] == STARTING_TEXTS[VERIFY_EMAIL, channel].body
