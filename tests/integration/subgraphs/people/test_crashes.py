"""A process that ends before or after any commit of user's outbox and notification's deliveries loses and doubles no message.

CRASH_AT=notification.delivering._hold python -m pytest tests/integration/subgraphs/people/test_crashes.py

plays that commit alone.
"""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.laboratory.crashes import commits_of
from tests.laboratory.people_crashes import STORIES, play
from tests.support.people import People, running_people

CRASH_AT = os.environ.get("CRASH_AT", "")


@pytest.fixture
def notification_url(more_databases: Callable[[str], str]) -> str:
    return more_databases("notification")


@pytest.fixture
async def people(tmp_path: Path, database_url: str, notification_url: str, redis_url: str) -> AsyncIterator[People]:
    async with running_people(
        tmp_path, user_database_url=database_url, notification_database_url=notification_url, redis_url=redis_url
    ) as running:
        yield running


def test_there_is_a_story_for_each_commit() -> None:
    assert sorted(STORIES) == commits_of("people")


@pytest.mark.parametrize("redis_port", ["embedded"], indirect=True)
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
async def test_no_message_is_lost_or_doubled_when_a_process_ends_at_a_commit(people: People, is_after: bool) -> None:
    wrong: dict[str, str] = {}
    for at in commits_of("people"):
        if CRASH_AT not in {"", at}:
            continue
        try:
            await play(people, at, is_after=is_after)
        except AssertionError as error:
            wrong[at] = str(error).partition("\n")[0]
    assert not wrong
