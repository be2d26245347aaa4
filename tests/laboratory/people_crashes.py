"""Each commit of user's outbox and of notification's deliveries, with what leads to it; see `money_crashes` for the same of money.

The day of a person: to sign up, to be sent the message that verifies the address, to be told of an order, which is held, and to verify
the address, which releases it. After a crash the whole day is played again, as clients and redelivered events do.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.notification.channels.interface import ChannelUnavailable
from subgraphs.notification.model import VERIFY_EMAIL
from subgraphs.notification.tables import DeliveryRow
from subgraphs.user.given_up import redrive_events
from subgraphs.user.outgoing import deliver_due, reviving_loop
from subgraphs.user.tables import Outbox
from tests.laboratory.crashes import Crashed
from tests.support.bank import eventually
from tests.support.people import ORDER, People
from workers.actors.group import Group, JobTable
from workers.dead import redrive
from workers.settings import RunSettings

Story = Callable[[People, str], Awaitable[None]]

ROUNDS = 3
SENT_ONCE = ("SENT", 1)
SHORT_LEASE = timedelta(seconds=0.3)

UNKNOWN_OUTCOMES = {
    ("notification.delivering._send", True): ("FAILED", 0),
    ("notification.delivering._send#2", False): ("FAILED", 1),
    ("notification.delivering._give_back > write_outcome", False): ("FAILED", 0),
    ("kit.storage.leases.renew", False): ("FAILED", 0),
    ("kit.storage.leases.renew", True): ("FAILED", 0),
}
"""An attempt that began and never ended is not repeated: a lost message is better than a doubled one."""


async def play(people: People, at: str, *, is_after: bool) -> None:
    """End a process at the commit, play the day again, and check what was sent.

    Raises:
        AssertionError: when the story does not come to the commit, or something was lost or doubled.
    """
    email = f"{uuid7()}@example.org"
    people.channel.sent.clear()
    people.crash.set(at, is_after=is_after)
    story = STORIES[at]
    with suppress(Crashed), pytest.MonkeyPatch.context() as patch:
        if story is _send_for_longer_than_a_renewal:
            patch.setattr("subgraphs.kit.storage.leases.LEASE", SHORT_LEASE)
        await story(people, email)
    assert people.crash.crashed == [at], f"the story does not come to it, but to {sorted(set(people.crash.passed))}"
    people.crash.set(None)
    people.channel.failures.clear()
    await _day(people, email)
    for _ in range(ROUNDS):
        await people.work()
    account_id = await people.sign_up(email)
    assert account_id is not None
    assert await people.unfinished(account_id) == [], "something was never delivered"
    verifying = [SENT_ONCE]
    if story is _verify_before_the_message:
        verifying = [("SUPPRESSED", 0)]
    elif story is _ask_for_another_message and is_after:
        verifying = [SENT_ONCE, SENT_ONCE]  # what was asked for twice is sent twice
    elif (at, is_after) in UNKNOWN_OUTCOMES:
        verifying = [UNKNOWN_OUTCOMES[at, is_after]]
    expected = [*((VERIFY_EMAIL, *each) for each in verifying), (ORDER, *SENT_ONCE)]
    messages = await people.messages(account_id)
    assert sorted(messages) == sorted(expected), f"{messages} instead of {expected}"


async def _day(people: People, email: str) -> None:
    account_id = await people.sign_up(email)
    if account_id is None:
        return
    await people.work()
    await people.tell(account_id)
    await people.work()
    await people.verify(account_id)
    await people.work()
    await people.work()


async def _verify_before_the_message(people: People, email: str) -> None:
    account_id = await people.sign_up(email)
    if account_id is not None:
        await people.verify(account_id)
    await people.work()


async def _ask_for_another_message(people: People, email: str) -> None:
    """The first message is on its way yet: the second event finds it."""
    account_id = await people.sign_up(email)
    assert account_id is not None
    verification = replace(people.users.verification, clock=lambda: utc_now() + timedelta(minutes=2))
    await verification.ask_again(account_id)


async def _sign_up_while_notification_is_away(people: People, email: str) -> None:
    await people.sign_up(email)
    people.notification_outage.set(calls=1)
    await people.work()


async def _send_while_the_provider_is_away(people: People, email: str) -> None:
    people.channel.failures.append(ChannelUnavailable("away"))
    await _day(people, email)


async def _send_for_longer_than_a_renewal(people: People, email: str) -> None:
    async def wait_for_the_crash() -> None:
        await eventually(lambda: bool(people.crash.crashed))
        raise Crashed("with its process")

    people.channel.meanwhile = wait_for_the_crash
    await _day(people, email)


async def _stop_the_process_at_work(people: People, email: str) -> None:
    """User's process is told to stop while notification does not answer."""
    is_asked = asyncio.Event()

    async def answer_never(*_: Any, **__: Any) -> None:
        is_asked.set()
        await asyncio.Event().wait()

    await people.sign_up(email)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people.users.notification._client, "execute", answer_never)
        delivering = asyncio.create_task(
            deliver_due(people.users.database, people.users.notification, clock=people.clock)
        )
        await is_asked.wait()
        delivering.cancel()
        with suppress(asyncio.CancelledError):
            await delivering


async def _give_up(people: People, table: type[Any]) -> None:
    """Give up what is open, as after 24 hours without an answer."""
    database = people.users.database if table is Outbox else people.notices.database
    async with database.transaction() as session:
        await session.execute(update(table).where(table.settled_at.is_(None)).values(dead_at=utc_now()))


async def _revive(people: People, email: str) -> None:
    await people.sign_up(email)
    await _give_up(people, Outbox)
    await _bring_back_events(people)


async def _bring_back_events(people: People) -> None:
    for _ in range(2):  # once more by who does not see that it was done
        with suppress(Crashed):
            await reviving_loop(people.users.database, clock=people.clock).round()


async def _redrive_events(people: People, email: str) -> None:
    await people.sign_up(email)
    await _give_up(people, Outbox)
    for _ in range(2):
        with suppress(Crashed):
            await redrive_events(people.users.settings.database, [])


async def _redrive_deliveries(people: People, email: str) -> None:
    await people.sign_up(email)
    await deliver_due(people.users.database, people.users.notification, clock=people.clock)
    await _give_up(people, DeliveryRow)

    @asynccontextmanager
    async def opened(_: RunSettings) -> AsyncIterator[Group]:
        yield Group(actors=[], jobs=[JobTable("notification.deliveries", people.notices.database, DeliveryRow)])

    of = people.users.settings
    settings = RunSettings(service_keys=of.service_keys, cursor_keys=of.cursor_keys, data_dir=of.data_dir)
    for _ in range(2):
        with suppress(Crashed):
            await redrive(settings, [opened])


STORIES: dict[str, Story] = {
    "kit.storage.leases.give_back_interrupted > write_outcome": _stop_the_process_at_work,
    "kit.storage.leases.renew": _send_for_longer_than_a_renewal,
    "notification.commands.release_held": _day,
    "notification.commands.tell": _day,
    "notification.delivering._finish": _verify_before_the_message,
    "notification.delivering._give_back > write_outcome": _send_while_the_provider_is_away,
    "notification.delivering._hold": _day,
    "notification.delivering._send": _day,
    "notification.delivering._send#2": _day,
    "notification.delivering.deliver": _day,
    "user.given_up.redrive_events": _redrive_events,
    "user.outgoing.deliver_due > work_off": _day,
    "user.outgoing.deliver_due > work_off > give_back > write_outcome": _sign_up_while_notification_is_away,
    "user.outgoing.deliver_due > work_off > write_outcome": _day,
    "user.outgoing.revive": _revive,
    "user.sessions._add": _day,
    "user.verification.ask_again": _ask_for_another_message,
    "user.verification.verify": _day,
    "workers.dead.redrive": _redrive_deliveries,
}
"""What comes to each commit."""
