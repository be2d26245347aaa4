"""The command line that every subgraph has: `serve | migrate [--down] | seed DIR | export-schema`."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from subgraphs.kit.runtime.cli import configured
from subgraphs.kit.runtime.settings import ServiceSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


@dataclass(frozen=True, slots=True)
class MigratedDatabase:
    """A database and the folder of its migrations."""

    url: str
    migrations: Path


@dataclass(frozen=True, slots=True)
class ExtraCommand:
    """A command of one service's own: it gets its arguments and answers its exit status."""

    help: str
    run: Callable[[list[str]], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployable(Generic[SettingsT]):
    """What the commands need of a subgraph. The callables import late: `export-schema` opens no database, `migrate` builds no schema.

    Args:
        settings: built from the environment, once.
        uses_redis: whether it enqueues, appends or counts there; `serve` then refuses a server that is too old.
        databases: in the order they are migrated; empty for a service without one.
        seed: reads the folder of JSON Lines and answers how many rows it wrote; None when there is nothing to seed.
    """

    name: str
    settings: Callable[[], SettingsT]
    app: Callable[[SettingsT], "Starlette"]
    schema: Callable[[], "Schema"]
    databases: Callable[[SettingsT], list[MigratedDatabase]]
    seed: Callable[[SettingsT, Path], Awaitable[int]] | None = None
    uses_redis: bool = True
    extra: Mapping[str, ExtraCommand] = field(default_factory=dict)


def run(deployable: Deployable[SettingsT], arguments: list[str] | None = None) -> int:
    """Run one command; the process's exit status: 0, 1 when it failed, 2 when it was called or configured wrongly."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] in deployable.extra:
        return deployable.extra[given[0]].run(given[1:])
    options = _parser(deployable).parse_args(given)
    if options.command == "export-schema":
        from subgraphs.kit.graph.export import export

        print(export(deployable.schema(), deployable.name, folder=options.to))
        return 0
    settings = configured(deployable.name, deployable.settings)
    if settings is None:
        return 2
    match options.command:
        case "serve":
            return _serve(deployable, settings)
        case "migrate":
            asyncio.run(_migrate(deployable.databases(settings), is_down=options.down))
        case "seed":
            return _seed(deployable, settings, options.folder)
    return 0


def _parser(deployable: Deployable[SettingsT]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m subgraphs.{deployable.name}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer requests until stopped")
    migrate = commands.add_parser("migrate", help="bring the database to the newest revision")
    migrate.add_argument("--down", action="store_true", help="take it back to nothing instead")
    seed = commands.add_parser("seed", help="fill the database from JSON Lines; a second time changes nothing")
    seed.add_argument("folder", type=Path)
    export_schema = commands.add_parser("export-schema", help="write the SDL")
    export_schema.add_argument("--to", type=Path, default=Path("schema/subgraphs"))
    for name, extra in deployable.extra.items():
        commands.add_parser(name, help=extra.help)
    return parser


def _serve(deployable: Deployable[SettingsT], settings: SettingsT) -> int:
    from subgraphs.kit.messaging.server_version import ServerTooOld, refuse_unsupported
    from subgraphs.kit.runtime.server import serve

    if deployable.uses_redis:
        try:
            refuse_unsupported(settings.redis_url)
        except ServerTooOld as refusal:
            print(f"{deployable.name}: {refusal}", file=sys.stderr)
            return 2
    app = deployable.app(settings)
    return serve(app, host=settings.host, port=settings.port, on_drain=app.state.on_drain)


async def _migrate(databases: list[MigratedDatabase], *, is_down: bool) -> None:
    from subgraphs.kit.storage.migrate import downgrade, upgrade

    for database in databases:
        await (downgrade if is_down else upgrade)(database.url, database.migrations)


def _seed(deployable: Deployable[SettingsT], settings: SettingsT, folder: Path) -> int:
    if deployable.seed is None:
        print(f"{deployable.name} has nothing to seed")
        return 0
    if not folder.is_dir():
        print(f"{deployable.name}: {folder} is not a folder", file=sys.stderr)
        return 2
    written = asyncio.run(_awaited(deployable.seed(settings, folder)))
    print(f"{deployable.name}: {written} rows")
    return 0


async def _awaited(work: Awaitable[int]) -> int:
    return await work
