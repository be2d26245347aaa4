"""The notification subgraph, on SQLite and on PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from subgraphs.kit.messaging import jobs
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.leases import LEASE
from subgraphs.kit.storage.migrate import downgrade, schema_differences, upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.notification import commands, queries
from subgraphs.notification.app import create_notification_app
from subgraphs.notification.channels.interface import ChannelUnavailable, Rejected
from subgraphs.notification.clients.user import Recipient
from subgraphs.notification.delivering import DeliveryDependencies, deliver
from subgraphs.notification.model import Channel, Notice, Topic
from subgraphs.notification.resources import NotificationResources
from subgraphs.notification.seed import seed
from subgraphs.notification.settings import MIGRATIONS, NotificationSettings
from subgraphs.notification.tables import Base, DeliveryRow, NotificationRow, TemplateRow
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account
from tests.support.letters import KnownPeople, RecordingChannel
from tests.support.statements import counted_statements
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

ANN, BOB, ADMIN = account("ann", "BUYER"), account("bob", "BUYER"), account("root", "ADMIN")
SUPPORT = account("sue", "SUPPORT")

INBOX = """query ($r: [_Any!]!, $first: Int, $after: String, $unread: Boolean) { _entities(representations: $r) {
  ... on Account { unreadNotificationCount notifications(first: $first, after: $after, unreadOnly: $unread) {
    pageInfo { hasNextPage endCursor } edges { node { id title topic readAt order { id number } } } } } } }"""
PREFERENCES = """query ($r: [_Any!]!) { _entities(representations: $r) {
  ... on Account { notificationPreferences { topic channel enabled locked } } } }"""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
async def resources(
    database_url: str, tmp_path: Path, redis_url: str, clock: FixedClock
) -> AsyncIterator[NotificationResources]:
    settings = NotificationSettings(
        database_url=database_url,
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url="http://127.0.0.1:9/graphql",
    )
    (tmp_path / "orders.jsonl").write_text("".join(json.dumps(an_order(number)) + "\n" for number in range(6)) + "\n")
    await upgrade(database_url, MIGRATIONS)
    await seed(settings, tmp_path)
    opened = NotificationResources.open(settings, clock=clock)
    yield opened
    await opened.close()


def an_order(number: int) -> dict[str, Any]:
    at = f"2026-01-0{number + 1}T00:00:00Z"
    return {
        "id": f"order-{number}",
        "number": f"YM-{number}",
        "buyer_id": "ann",
        "history": [{"from": None, "to": "PENDING", "at": at}, {"from": "SHIPPED", "to": "DELIVERED", "at": at}],
    }


@pytest.fixture
async def notification(resources: NotificationResources) -> AsyncIterator[SubgraphUnderTest]:
    async with running_subgraph(create_notification_app(resources.settings, resources)) as subgraph:
        yield subgraph


def of(account_id: str) -> dict[str, Any]:
    return {"r": [{"__typename": "Account", "id": account_id}]}


def a_notice(account_id: str = "ann", topic: Topic = Topic.ORDER) -> Notice:
    return Notice("order.shipped", topic, account_id, "order-9", "YM-9", {"order_number": "YM-9"})


async def told(
    resources: NotificationResources, event: str = "event-1", notice: Notice | None = None
) -> list[DeliveryRow]:
    row = await commands.tell(
        resources.database, notice or a_notice(), event_id=event, channels=[Channel.EMAIL], now=resources.clock()
    )
    if row is None:
        return []
    async with resources.database.reading() as session:
        return (await queries.deliveries(session, [row.id])).get(row.id, [])


def dependencies(
    resources: NotificationResources, channel: RecordingChannel, people: KnownPeople | None = None
) -> DeliveryDependencies:
    known = people or KnownPeople({"ann": Recipient("Ann", "de-DE", "ann@example.org", is_verified=True)})
    return replace(resources.dependencies, channels={Channel.EMAIL: channel}, recipients=known)


@asynccontextmanager
async def of_another_process(dependencies: DeliveryDependencies) -> AsyncIterator[DeliveryDependencies]:
    """What deliveries work with, and a database of its own, as another process would have it."""
    database = Database(dependencies.database.url)
    try:
        yield replace(dependencies, database=database)
    finally:
        await database.close()


async def status(resources: NotificationResources, delivery_id: str) -> tuple[str, bool, bool]:
    async with resources.database.reading() as session:
        row = await session.get_one(DeliveryRow, delivery_id)
    return row.status, row.settled_at is not None, row.dead_at is not None


async def test_migrations_make_the_tables_of_the_code_and_take_them_away(database_url: str) -> None:
    await upgrade(database_url, MIGRATIONS)
    assert await schema_differences(database_url, Base.metadata) == []
    await downgrade(database_url, MIGRATIONS)
    missing = await schema_differences(database_url, Base.metadata)
    assert {each[1].name for each in missing if each[0] == "add_table"} == set(Base.metadata.tables)


async def test_the_seed_tells_of_the_last_orders_and_a_second_time_changes_nothing(
    notification: SubgraphUnderTest, resources: NotificationResources
) -> None:
    assert await seed(resources.settings, resources.settings.data_dir) == 0
    data = await notification.data(INBOX, {**of("ann"), "first": 10}, by=ANN)
    inbox = data["_entities"][0]
    numbers = [edge["node"]["order"]["number"] for edge in inbox["notifications"]["edges"]]
    assert numbers == ["YM-5", "YM-4", "YM-3", "YM-2"]
    assert inbox["unreadNotificationCount"] == 1


async def test_an_inbox_is_its_accounts_own(notification: SubgraphUnderTest) -> None:
    others = (await notification.data(INBOX, {**of("ann"), "first": 10}, by=BOB))["_entities"][0]
    assert others["notifications"]["edges"] == []
    assert others["unreadNotificationCount"] == 0
    assert (await notification.data(PREFERENCES, of("ann"), by=BOB))["_entities"][0]["notificationPreferences"] == []
    assert "UNAUTHENTICATED" in await notification.codes(INBOX, of("ann"))


async def test_pages_go_on_where_they_ended_and_a_forged_cursor_is_refused(notification: SubgraphUnderTest) -> None:
    first = (await notification.data(INBOX, {**of("ann"), "first": 3}, by=ANN))["_entities"][0]["notifications"]
    cursor = first["pageInfo"]["endCursor"]
    rest = await notification.data(INBOX, {**of("ann"), "first": 3, "after": cursor}, by=ANN)
    assert len(rest["_entities"][0]["notifications"]["edges"]) == 1
    forged = {**of("ann"), "first": 3, "after": cursor[:-1] + ("A" if cursor[-1] != "A" else "B")}
    assert await notification.codes(INBOX, forged, by=ANN) == ["INVALID_CURSOR"]


async def test_reading_marks_own_notifications_once(notification: SubgraphUnderTest) -> None:
    mutation = """mutation ($ids: [ID!]!) { markNotificationsRead(ids: $ids) { updated account { unreadNotificationCount } } }"""
    variables = {"ids": ["order-5", "order-4", "nothing"]}
    assert (await notification.data(mutation, variables, by=BOB))["markNotificationsRead"]["updated"] == 0
    read = (await notification.data(mutation, variables, by=ANN))["markNotificationsRead"]
    assert read == {"updated": 1, "account": {"unreadNotificationCount": 0}}
    unread = await notification.data(INBOX, {**of("ann"), "unread": True}, by=ANN)
    assert unread["_entities"][0]["notifications"]["edges"] == []


async def test_choices_are_kept_all_or_none(notification: SubgraphUnderTest) -> None:
    mutation = """mutation ($p: [PreferenceInput!]!) { updateNotificationPreferences(preferences: $p) { __typename
      ... on UserError { code } } }"""
    off = {"topic": "ORDER", "channel": "EMAIL", "enabled": False}
    locked = {"topic": "SECURITY", "channel": "EMAIL", "enabled": False}
    refused = await notification.data(mutation, {"p": [off, locked]}, by=ANN)
    assert refused["updateNotificationPreferences"] == {"__typename": "ValidationError", "code": "VALIDATION_FAILED"}
    assert await preference(notification, "ORDER", "EMAIL") is True
    await notification.data(mutation, {"p": [off]}, by=ANN)
    assert await preference(notification, "ORDER", "EMAIL") is False


async def preference(notification: SubgraphUnderTest, topic: str, channel: str) -> bool:
    data = await notification.data(PREFERENCES, of("ann"), by=ANN)
    listed = {(each["topic"], each["channel"]): each for each in data["_entities"][0]["notificationPreferences"]}
    return bool(listed[topic, channel]["enabled"])


async def test_an_event_is_told_once_however_often_it_comes(resources: NotificationResources) -> None:
    told_rows = await asyncio.gather(*(told(resources) for _ in range(5)))
    assert sorted(len(rows) for rows in told_rows) == [0, 0, 0, 0, 1]


async def test_a_delivery_is_sent_once_however_often_it_is_woken(resources: NotificationResources) -> None:
    channel = RecordingChannel()
    [delivery] = await told(resources)
    await asyncio.gather(*(deliver(dependencies(resources, channel), delivery.id) for _ in range(5)))
    [message] = channel.sent
    assert (message.recipient, message.subject) == ("ann@example.org", "YM-9 is on its way")
    assert message.body.startswith("Hello Ann")
    assert await status(resources, delivery.id) == ("SENT", True, False)


async def test_nothing_is_sent_against_a_preference(resources: NotificationResources) -> None:
    await commands.choose(resources.database, "ann", {(Topic.ORDER, Channel.EMAIL): False})
    [delivery] = await told(resources)
    channel = RecordingChannel()
    await deliver(dependencies(resources, channel), delivery.id)
    assert channel.sent == []
    assert await status(resources, delivery.id) == ("SUPPRESSED", True, False)


async def test_a_provider_that_is_away_is_asked_again_later_and_in_the_end_given_up(
    resources: NotificationResources, clock: FixedClock
) -> None:
    channel = RecordingChannel(failures=[ChannelUnavailable("away")] * 145)
    [delivery] = await told(resources)
    for asked in range(145):
        assert await status(resources, delivery.id) == ("QUEUED", False, False), f"given up after {asked} tries"
        await deliver(dependencies(resources, channel), delivery.id)
        clock.advance(timedelta(minutes=10))
    assert channel.failures == [], "it is asked again for 24 hours"
    assert channel.sent == []
    assert await status(resources, delivery.id) == ("FAILED", False, True)


async def test_a_provider_that_comes_back_gets_the_message(resources: NotificationResources, clock: FixedClock) -> None:
    channel = RecordingChannel(failures=[ChannelUnavailable("away")])
    [delivery] = await told(resources)
    await deliver(dependencies(resources, channel), delivery.id)
    await deliver(dependencies(resources, channel), delivery.id)
    assert channel.sent == []
    clock.advance(timedelta(minutes=10))
    await deliver(dependencies(resources, channel), delivery.id)
    assert len(channel.sent) == 1


async def test_a_message_that_is_refused_for_good_bounces(resources: NotificationResources) -> None:
    [delivery] = await told(resources)
    await deliver(dependencies(resources, RecordingChannel(failures=[Rejected("550")])), delivery.id)
    assert await status(resources, delivery.id) == ("BOUNCED", True, False)


async def test_an_attempt_of_unknown_outcome_is_never_repeated(
    resources: NotificationResources, clock: FixedClock
) -> None:
    class Killed(Exception):
        pass

    [delivery] = await told(resources)
    with pytest.raises(Killed):
        await deliver(dependencies(resources, RecordingChannel(failures=[Killed()])), delivery.id)
    clock.advance(timedelta(minutes=10))
    channel = RecordingChannel()
    await deliver(dependencies(resources, channel), delivery.id)
    assert channel.sent == []
    assert await status(resources, delivery.id) == ("FAILED", True, False)


async def test_whoever_lost_the_lease_before_sending_neither_sends_nor_says_what_became_of_it(
    resources: NotificationResources, clock: FixedClock
) -> None:
    channel = RecordingChannel()
    for number, people in enumerate(({"ann": Recipient("Ann", "de-DE", "ann@example.org", is_verified=True)}, {})):
        [delivery] = await told(resources, f"event-{number}")

        async def another_sends_it(delivery_id: str = delivery.id) -> None:
            clock.advance(LEASE)
            async with of_another_process(dependencies(resources, channel)) as other:
                await deliver(other, delivery_id)

        slow = KnownPeople(people, meanwhile=another_sends_it)
        await deliver(dependencies(resources, channel, slow), delivery.id)
        assert await status(resources, delivery.id) == ("SENT", True, False)
    assert len(channel.sent) == 2


async def test_what_went_out_after_the_lease_was_lost_is_sent_and_never_sent_again(
    resources: NotificationResources, clock: FixedClock
) -> None:
    [delivery] = await told(resources)

    async def another_takes_it() -> None:
        clock.advance(LEASE)
        async with resources.database.transaction() as session:
            assert await jobs.claim(session, DeliveryRow, now=clock(), lease=LEASE, job_ids=[delivery.id])

    channel = RecordingChannel(meanwhile=another_takes_it)
    await deliver(dependencies(resources, channel), delivery.id)
    assert await status(resources, delivery.id) == ("SENT", False, False)
    clock.advance(LEASE)
    await deliver(dependencies(resources, channel), delivery.id)
    assert len(channel.sent) == 1
    assert await status(resources, delivery.id) == ("SENT", True, False)


@pytest.mark.parametrize(("failures", "known"), [([], "SENT"), ([Rejected("550")], "FAILED")], ids=["sent", "refused"])
async def test_a_message_that_was_given_up_while_it_was_sent_is_what_the_provider_says_when_it_went_out(
    resources: NotificationResources, clock: FixedClock, failures: list[Exception], known: str
) -> None:
    [delivery] = await told(resources)
    other = RecordingChannel()

    async def another_gives_it_up() -> None:
        clock.advance(LEASE)
        async with of_another_process(dependencies(resources, other)) as elsewhere:
            await deliver(elsewhere, delivery.id)
        assert await status(resources, delivery.id) == ("FAILED", True, False)

    await deliver(
        dependencies(resources, RecordingChannel(failures=[*failures], meanwhile=another_gives_it_up)), delivery.id
    )
    assert other.sent == []
    assert await status(resources, delivery.id) == (known, True, False)


@pytest.mark.parametrize(
    ("flaw", "error"),
    [
        (None, "LookupError: there is no text 'order.shipped' for EMAIL"),
        ("{{ 1 / 0 }}", "LookupError: there is no text"),
    ],
    ids=["no text", "a broken text"],
)
async def test_a_text_that_cannot_be_made_gives_the_delivery_back_and_in_the_end_up(
    resources: NotificationResources, clock: FixedClock, flaw: str | None, error: str
) -> None:
    [delivery] = await told(resources)
    of_text = (TemplateRow.key == "order.shipped", TemplateRow.channel == "EMAIL")
    async with resources.database.transaction() as session:
        await session.execute(
            delete(TemplateRow).where(*of_text)
            if flaw is None
            else update(TemplateRow).where(*of_text).values(body=flaw)
        )
    channel = RecordingChannel()
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        assert await status(resources, delivery.id) == ("QUEUED", False, False)
        with pytest.raises(LookupError):
            await deliver(dependencies(resources, channel), delivery.id)
        async with resources.database.reading() as session:
            row = await session.get_one(DeliveryRow, delivery.id)
        assert (row.attempts, row.lease_until) == (attempt, None)
        assert (row.last_error or "").startswith(error)
        assert row.due_at > clock()
        clock.advance(timedelta(minutes=10))
    assert channel.sent == []
    assert await status(resources, delivery.id) == ("FAILED", False, True)


async def test_a_broken_newest_text_is_left_out_and_the_older_one_is_sent(
    resources: NotificationResources, notification: SubgraphUnderTest
) -> None:
    """Rows from before texts were rendered at save are like this."""
    async with resources.database.transaction() as session:
        for channel, version in (("EMAIL", 2), ("PUSH", 2), ("EMAIL", 3)):
            session.add(
                TemplateRow(
                    id=f"broken-{channel}-{version}",
                    key="order.shipped",
                    channel=channel,
                    locale="en",
                    version=version,
                    subject="{{ order_number }}\n",
                    body="{{ 1/0 }}" if version == 2 else "{{ nothing }}",
                )
            )
    [delivery] = await told(resources)
    recorder = RecordingChannel()
    await deliver(dependencies(resources, recorder), delivery.id)
    assert len(recorder.sent) == 1
    assert await status(resources, delivery.id) == ("SENT", True, False)
    seen = await notification.data('{ notificationTemplates(key: "order.shipped") { channel problem } }', by=ADMIN)
    assert [each["problem"] is None for each in seen["notificationTemplates"]] == [False, False]


async def test_what_a_provider_breaks_with_is_kept_and_the_message_never_repeated(
    resources: NotificationResources, clock: FixedClock
) -> None:
    [delivery] = await told(resources)
    with pytest.raises(ValueError, match="no JSON"):
        await deliver(dependencies(resources, RecordingChannel(failures=[ValueError("no JSON")])), delivery.id)
    async with resources.database.reading() as session:
        row = await session.get_one(DeliveryRow, delivery.id)
    assert (row.lease_until, row.last_error) == (None, "ValueError: no JSON")
    clock.advance(timedelta(seconds=10))
    channel = RecordingChannel()
    await deliver(dependencies(resources, channel), delivery.id)
    assert channel.sent == []
    assert await status(resources, delivery.id) == ("FAILED", True, False)


async def test_a_delivery_whose_workers_all_died_is_given_up(
    resources: NotificationResources, clock: FixedClock
) -> None:
    [delivery] = await told(resources)
    for _ in range(jobs.MAX_ATTEMPTS):
        async with resources.database.transaction() as session:
            assert await jobs.claim(session, DeliveryRow, now=clock(), lease=LEASE, job_ids=[delivery.id])
        clock.advance(LEASE)
    channel = RecordingChannel()
    await deliver(dependencies(resources, channel), delivery.id)
    assert channel.sent == []
    assert await status(resources, delivery.id) == ("FAILED", False, True)
    async with resources.database.transaction() as session:
        await jobs.redrive(session, DeliveryRow, now=clock())
    await deliver(dependencies(resources, channel), delivery.id)
    assert await status(resources, delivery.id) == ("SENT", True, False)


async def test_support_sees_what_became_of_a_delivery(
    notification: SubgraphUnderTest, resources: NotificationResources
) -> None:
    [delivery] = await told(resources)
    await deliver(dependencies(resources, RecordingChannel()), delivery.id)
    query = """query ($r: [_Any!]!) { _entities(representations: $r) { ... on Notification {
      title deliveries { channel status attempts { status providerMessageId } } } } }"""
    wanted = {"r": [{"__typename": "Notification", "id": delivery.notification_id}]}
    [seen] = (await notification.data(query, wanted, by=SUPPORT))["_entities"]
    assert seen["deliveries"] == [
        {"channel": "EMAIL", "status": "SENT", "attempts": [{"status": "SENT", "providerMessageId": "provider-1"}]}
    ]
    assert await notification.codes(query, wanted, by=ANN) == ["FORBIDDEN"]
    assert (await notification.data(query, wanted, by=BOB))["_entities"] == [None]


async def test_texts_are_versioned_and_previewed(notification: SubgraphUnderTest) -> None:
    save = """mutation ($input: TemplateInput!) { saveTemplate(input: $input) { __typename
      ... on TemplateSuccess { template { version } } ... on UserError { code path } } }"""
    text = {
        "key": "order.paid",
        "channel": "EMAIL",
        "locale": "de",
        "subject": "Bezahlt: {{ order_number }}",
        "body": "Hallo {{ name }}",
    }
    assert (await notification.data(save, {"input": text}, by=ADMIN))["saveTemplate"]["template"] == {"version": 1}
    assert (await notification.data(save, {"input": text}, by=ADMIN))["saveTemplate"]["template"] == {"version": 2}
    for wrong in (
        {"body": "{{ x"},
        {"body": "{{ 1/0 }}"},
        {"body": "{{ x }}"},
        {"body": "{{ was_paid }}"},  # of order.cancelled
        {"body": "a\0"},
        {"subject": "a\nb"},
        {"key": "k" * 61},
        {"locale": "l" * 21},
    ):
        answer = (await notification.data(save, {"input": {**text, **wrong}}, by=ADMIN))["saveTemplate"]
        assert answer["__typename"] == "ValidationError", wrong
    preview = """query ($locale: String!) { previewTemplate(key: "order.paid", channel: EMAIL, locale: $locale,
      dataJson: "{\\"order_number\\": \\"YM-1\\"}") { subject missingVariables } }"""
    german = (await notification.data(preview, {"locale": "de-AT"}, by=ADMIN))["previewTemplate"]
    assert german == {"subject": "Bezahlt: YM-1", "missingVariables": ["name"]}
    other = (await notification.data(preview, {"locale": "fr"}, by=ADMIN))["previewTemplate"]
    assert other["subject"] == "We received your payment for YM-1"
    assert await notification.codes(preview, {"locale": "de"}, by=ANN) == ["FORBIDDEN"]


async def test_the_number_of_statements_does_not_grow_with_the_inbox(
    notification: SubgraphUnderTest, resources: NotificationResources
) -> None:
    query = """query ($r: [_Any!]!) { _entities(representations: $r) { ... on Notification {
      title deliveries { attempts { status } } } } }"""
    for number in range(3):
        [delivery] = await told(resources, f"event-{number}")
        await deliver(dependencies(resources, RecordingChannel()), delivery.id)
    async with resources.database.reading() as session:
        page = await session.scalars(NotificationRow.__table__.select().with_only_columns(NotificationRow.id))
        ids = [each for each in page if not each.startswith("order-")]
    counts = []
    for several in (ids[:1], ids):
        with counted_statements(resources.database) as seen:
            wanted = [{"__typename": "Notification", "id": each} for each in several]
            await notification.data(query, {"r": wanted}, by=SUPPORT)
        counts.append(len(seen))
    assert len(ids) == 3
    assert counts[0] == counts[1]


async def test_a_provider_that_says_too_much_is_kept_as_far_as_it_fits(resources: NotificationResources) -> None:
    (delivery,) = await told(resources)
    channel = RecordingChannel(failures=[Rejected("550 \0no such mailbox " + "x" * 2_000)])
    await deliver(dependencies(resources, channel), delivery.id)
    assert await status(resources, delivery.id) == ("BOUNCED", True, False)
    async with resources.database.reading() as session:
        (attempt,) = (await queries.attempts(session, [delivery.id]))[delivery.id]
    assert attempt.error is not None
    assert (attempt.error[:18], len(attempt.error)) == ("550 no such mailbo", 500)
