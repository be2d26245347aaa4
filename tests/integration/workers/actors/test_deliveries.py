"""Notification's actors in the worker process: an order's event becomes one e-mail, over real SMTP, to the real user service's address."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from local.mail_sink import MailSink
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.notification import commands
from subgraphs.notification.model import Channel, Topic
from subgraphs.notification.seed import seed as seed_texts
from subgraphs.notification.settings import MIGRATIONS
from subgraphs.notification.tables import DeliveryRow, NotificationRow
from subgraphs.order.event_streams import EventStreams
from subgraphs.user.app import create_user_app
from subgraphs.user.seed import seed as seed_users
from subgraphs.user.settings import MIGRATIONS as USER_MIGRATIONS
from subgraphs.user.settings import UserSettings
from subgraphs.user.tokens import TokenKeys
from tests.support.bank import eventually, served
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from tests.support.mail import running_mail_sink
from tests.support.orders import BUYERS, NOWHERE, write_lines
from tests.support.ports import free_port
from workers.actors import deliveries
from workers.actors.deliveries import notification_settings
from workers.run import create_worker_app
from workers.settings import RunSettings


@dataclass(frozen=True, slots=True)
class Post:
    """A worker's settings, its database, and what order tells its followers by."""

    settings: RunSettings
    database: Database
    followers: EventStreams

    async def tell(self, envelope: Envelope) -> None:
        """Say it to the worker, as the order outbox does."""
        await self.followers.tell(envelope)

    async def deliveries(self) -> list[DeliveryRow]:
        """All deliveries."""
        async with self.database.reading() as session:
            return list(await session.scalars(select(DeliveryRow)))

    async def is_settled(self) -> bool:
        """Whether there are deliveries, and none waits."""
        rows = await self.deliveries()
        return bool(rows) and all(row.settled_at is not None for row in rows)


@pytest.fixture
async def post(database_url: str, tmp_path: Path, redis_url: str) -> AsyncIterator[Post]:
    lines = write_lines(tmp_path / "market", buyers=BUYERS, sellers=[], admins=[], orders=[])
    keys = tmp_path / "keys" / "user-tokens.json"
    TokenKeys.rotate(keys)
    common: dict[str, Any] = {
        "data_dir": tmp_path,
        "service_keys": SERVICE_KEYS,
        "cursor_keys": CURSOR_KEYS,
        "config_url": NOWHERE,
        "redis_url": redis_url,
    }
    user_settings = UserSettings(**common, token_keys_file=keys)
    await upgrade(user_settings.database, USER_MIGRATIONS)
    await seed_users(user_settings, lines)
    async with AsyncExitStack() as stack:
        user_url = await stack.enter_async_context(served(create_user_app(user_settings)))
        settings = RunSettings(
            **common, user_url=f"{user_url}/graphql", notification_database_url=database_url, threads=2
        )
        await upgrade(database_url, MIGRATIONS)
        await seed_texts(notification_settings(settings), lines)
        followers, database = EventStreams(redis_url), Database(database_url)
        stack.push_async_callback(followers.close)
        stack.push_async_callback(database.close)
        yield Post(settings, database, followers)


@asynccontextmanager
async def worker(post: Post, *, smtp_url: str) -> AsyncIterator[None]:
    settings = post.settings.model_copy(update={"smtp_url": smtp_url})
    async with served(create_worker_app(settings, [deliveries.opened])):
        yield


def an_event(after: str = "SHIPPED", *, buyer: str = "buyer-1") -> Envelope:
    return Envelope(
        id=uuid7(),
        type="order.status_changed",
        version=1,
        source="order",
        subject="order-1",
        occurred_at=datetime.now(UTC),
        data={
            "before": "PAID",
            "after": after,
            "buyer_id": buyer,
            "order_id": "order-1",
            "number": "YM-1",
            "items": [],
        },
    )


def letters(sink: MailSink) -> list[tuple[str, bool]]:
    """To whom, and whether it names the order."""
    return [(each["to"], "YM-1" in each["subject"] + each["body"]) for each in sink.messages]


async def test_an_event_that_comes_three_times_is_one_letter(post: Post) -> None:
    async with running_mail_sink() as (sink, smtp_url), worker(post, smtp_url=smtp_url):
        event = an_event()
        for _ in range(3):
            await post.tell(event)
        await eventually(post.is_settled)
        await post.tell(an_event("SHIPPED", buyer="buyer-2"))
        await eventually(lambda: len(sink.messages) == 2)
        await eventually(post.is_settled)
    assert letters(sink) == [("buyer2@example.test", True), ("buyer1@example.test", True)]
    assert {row.status for row in await post.deliveries()} == {"SENT"}
    async with post.database.reading() as session:
        assert len(list(await session.scalars(select(NotificationRow)))) == 2


async def test_what_nobody_wants_is_told_in_the_app_and_never_sent(post: Post) -> None:
    await commands.choose(post.database, "buyer-1", {(Topic.ORDER, Channel.EMAIL): False})
    async with running_mail_sink() as (sink, smtp_url), worker(post, smtp_url=smtp_url):
        await post.tell(an_event())
        await eventually(post.is_settled)
        await post.tell(an_event(buyer="buyer-2"))
        await eventually(lambda: len(sink.messages) == 1)
    assert letters(sink) == [("buyer2@example.test", True)]
    assert sorted(row.status for row in await post.deliveries()) == ["SENT", "SUPPRESSED"]


async def test_an_event_that_nobody_is_told_of_is_nothing(post: Post) -> None:
    async with running_mail_sink() as (sink, smtp_url), worker(post, smtp_url=smtp_url):
        await post.tell(an_event("PENDING"))
        await post.tell(an_event("SHIPPED"))
        await eventually(lambda: len(sink.messages) == 1)
    async with post.database.reading() as session:
        assert len(list(await session.scalars(select(NotificationRow)))) == 1


async def test_a_mail_server_that_is_away_costs_time_and_the_sweeper_wakes_what_is_due(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers.actors import sweeping

    port = free_port()
    smtp_url = f"smtp://127.0.0.1:{port}"
    monkeypatch.setattr(sweeping, "PAUSE_SECONDS", 0.1)
    async with worker(post, smtp_url=smtp_url):
        await post.tell(an_event())

        async def is_postponed() -> bool:
            rows = await post.deliveries()
            return bool(rows) and rows[0].unanswered_since is not None and rows[0].lease_until is None

        await eventually(is_postponed)
        assert (await post.deliveries())[0].settled_at is None
        async with running_mail_sink(port=port) as (sink, _):
            async with post.database.transaction() as session:
                await session.execute(update(DeliveryRow).values(due_at=utc_now() - timedelta(seconds=1)))
            await eventually(lambda: len(sink.messages) == 1)
            await eventually(post.is_settled)
    assert letters(sink) == [("buyer1@example.test", True)]
