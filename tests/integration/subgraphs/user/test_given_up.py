"""Events of the user service's outbox that were given up: counted, listed and brought back, on SQLite and on PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, update

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.jobs import MAX_ATTEMPTS
from subgraphs.kit.runtime.client import ServiceError
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.user import events, repository
from subgraphs.user.clients.notification import NotificationService
from subgraphs.user.outgoing import counting_loop, deliver_due
from subgraphs.user.resources import UserResources
from subgraphs.user.tables import Outbox
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS


class Refusing(NotificationService):
    """Refuses every event."""

    def __init__(self) -> None:
        """Open nothing."""

    async def record(self, envelope: Envelope) -> None:
        """See `NotificationService.record`."""
        raise ServiceError("notification", f"refused {envelope.type}")


@pytest.fixture
async def given_up(resources: UserResources, clock: FixedClock) -> str:
    """The id of an event that notification refused as often as it may; another one is due."""
    database = resources.database
    try:
        async with database.transaction() as session:
            repository.publish(session, events.VerificationAsked(account_id="ann"), now=clock())
        async with database.transaction() as session:
            await session.execute(update(Outbox).values(attempts=MAX_ATTEMPTS - 1))
        assert await deliver_due(database, Refusing(), clock=clock) == 0
        async with database.transaction() as session:
            repository.publish(session, events.EmailVerified(account_id="bob"), now=clock())
        async with database.reading() as session:
            (dead,) = await session.scalars(select(Outbox.id).where(Outbox.dead_at.is_not(None)))
        await counting_loop(database).round()
    finally:
        await resources.close()
    return dead


def test_an_event_that_was_given_up_is_counted_listed_and_brought_back(
    given_up: str, database_url: str, tmp_path: Path
) -> None:
    assert [REGISTRY.get_sample_value("user_outbox_jobs", {"state": each}) for each in ("due", "dead")] == [1, 1]
    listed = command("dead", database_url, tmp_path)
    line, total = listed.stdout.splitlines()
    assert (listed.returncode, total) == (0, "user: 1 given up")
    assert line.startswith(f"user.outbox  {given_up}  user.verification_asked ann  dead since ")
    assert line.endswith("refused user.verification_asked")
    other = command("redrive", database_url, tmp_path, "no-such-id")
    assert (other.returncode, other.stdout) == (3, "")
    assert other.stderr == "nothing dead has the id no-such-id\n"
    brought_back = command("redrive", database_url, tmp_path, given_up)
    assert (brought_back.returncode, brought_back.stdout) == (0, "user.outbox: 1 brought back\n")
    assert command("dead", database_url, tmp_path).stdout == "user: nothing was given up\n"


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    for name in ("dead", "redrive"):
        run = command(name, f"sqlite+aiosqlite:///{tmp_path}/missing/user.db", tmp_path)
        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr.startswith("user: the database cannot be asked: ")
        assert "Traceback" not in run.stderr


def test_settings_that_are_refused_are_named_without_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SERVICE_KEYS", "no-key-ring")
    for name in ("dead", "redrive"):
        run = command(name, "", tmp_path)
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr.startswith("user: the settings are not complete\n  YARMARKA_SERVICE_KEYS: ")
        assert "no-key-ring" not in run.stderr


def command(name: str, database_url: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "YARMARKA_DATA_DIR": str(folder),
        "YARMARKA_SERVICE_KEYS": str(SERVICE_KEYS),
        "YARMARKA_CURSOR_KEYS": str(CURSOR_KEYS),
        "USER_DATABASE_URL": database_url,
    }
    return subprocess.run(
        [sys.executable, "-m", "subgraphs.user", name, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
