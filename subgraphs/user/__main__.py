"""`python -m subgraphs.user serve | migrate [--down] | seed DIR | export-schema | export-events | make-keys DIR | dead | redrive [ID ..]`."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from subgraphs.kit.graph.cli import Deployable, ExtraCommand, MigratedDatabase, run
from subgraphs.kit.runtime.cli import configured, report_unknown_ids
from subgraphs.user.settings import MIGRATIONS, UserSettings


def _make_keys(arguments: list[str]) -> int:
    from subgraphs.user.tokens import TokenKeys

    if len(arguments) != 1:
        print("make-keys needs the folder to write user-tokens.json to", file=sys.stderr)
        return 2
    print(TokenKeys.rotate(Path(arguments[0]) / "user-tokens.json"))
    return 0


def _dead(_: list[str]) -> int:
    return _with_settings(_print_dead)


def _redrive(ids: list[str]) -> int:
    return _with_settings(lambda settings: _print_redriven(settings, ids))


def _print_dead(settings: UserSettings) -> int:
    from subgraphs.user.given_up import dead_events

    found = asyncio.run(dead_events(settings.database))
    for each in found:
        print(each.line)
    print(f"user: {len(found) or 'nothing was'} given up")
    return 0


def _print_redriven(settings: UserSettings, ids: list[str]) -> int:
    from subgraphs.user.given_up import PLACE, redrive_events

    count = asyncio.run(redrive_events(settings.database, ids))
    if ids and not count:
        return report_unknown_ids(ids)
    print(f"{PLACE}: {count} brought back")
    return 0


def _with_settings(command: Callable[[UserSettings], int]) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from subgraphs.kit.storage.faults import DatabaseUnavailable

    settings = configured("user", UserSettings)
    if settings is None:
        return 2
    try:
        return command(settings)
    except (DatabaseUnavailable, SQLAlchemyError) as error:
        print(f"user: the database cannot be asked: {error}", file=sys.stderr)
        return 1


DEPLOYABLE = Deployable(
    name="user",
    settings=UserSettings,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    extra={
        "make-keys": ExtraCommand("put a new signing key for the clients' tokens in front of the old ones", _make_keys),
        "dead": ExtraCommand("list the events that were given up, with their causes", _dead),
        "redrive": ExtraCommand("bring dead events back with fresh attempts, slowly", _redrive),
    },
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
