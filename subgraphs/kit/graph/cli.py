"""The command line that every subgraph has: `serve | migrate [--down] | seed DIR | export-schema`, and `export-events` where it publishes any.

A subgraph's `__main__` says what differs. The rest is found by name in its package, and imported by the command that needs it:
`export-schema` opens no database, `migrate` builds no schema.

    app.create_<name>_app(settings)     the application
    graph.schema.schema                 the schema
    seed.seed(settings, folder)         fills the databases from JSON Lines; returns how many rows it wrote
    events.schemas()                    the JSON Schemas of what it publishes
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from subgraphs import SERVICES
from subgraphs.kit.runtime.cli import configured
from subgraphs.kit.runtime.settings import PublishedServiceSettings, ServiceSettings

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


def _no_databases(_: ServiceSettings) -> list[MigratedDatabase]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployable(Generic[SettingsT]):
    """What the commands need of a subgraph and cannot find by name.

    Attributes:
        name: Of its package, below `subgraphs`.
        settings: Builds them from the environment, once.
        databases: In the order in which they are migrated.
        more_to_seed: Arguments of its `seed` besides settings and folder.
        extra: Commands of its own, by name.
    """

    name: str
    settings: Callable[[], SettingsT]
    databases: Callable[[SettingsT], list[MigratedDatabase]] = _no_databases
    more_to_seed: Callable[[SettingsT], dict[str, Any]] = lambda _: {}
    extra: Mapping[str, ExtraCommand] = field(default_factory=dict)

    def app(self, settings: SettingsT) -> "Starlette":
        """Return the application."""
        app: Starlette = getattr(self._module("app"), f"create_{self.name}_app")(settings)
        return app

    def schema(self) -> "Schema":
        """Return the schema."""
        schema: Schema = self._module("graph.schema").schema
        return schema

    async def seed(self, settings: SettingsT, folder: Path) -> int:
        """Fill the databases; return how many rows were written."""
        written: int = await self._module("seed").seed(settings, folder, **self.more_to_seed(settings))
        return written

    def event_schemas(self) -> dict[str, dict[str, Any]]:
        """Return the JSON Schemas of the events, by type."""
        schemas: dict[str, dict[str, Any]] = self._module("events").schemas()
        return schemas

    def _module(self, name: str) -> Any:
        return import_module(f"subgraphs.{self.name}.{name}")


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
    if options.command == "export-events":
        from subgraphs.kit.messaging.schemas import export_events

        for path in export_events(deployable.event_schemas()):
            print(path)
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
    if SERVICES[deployable.name].publishes_events:
        commands.add_parser("export-events", help="write the JSON Schemas of the events")
    for name, extra in deployable.extra.items():
        commands.add_parser(name, help=extra.help)
    return parser


def _serve(deployable: Deployable[SettingsT], settings: SettingsT) -> int:
    from subgraphs.kit.messaging.server_version import ServerTooOld, refuse_unsupported
    from subgraphs.kit.runtime.metrics_port import MetricsPortTaken
    from subgraphs.kit.runtime.server import serve

    try:
        refuse_unsupported(settings.redis_url)
    except ServerTooOld as refusal:
        print(f"{deployable.name}: {refusal}", file=sys.stderr)
        return 2
    app = deployable.app(settings)
    try:
        with _metrics_served(settings):
            return serve(app, host=settings.host, port=settings.port, on_drain=app.state.on_drain)
    except MetricsPortTaken as refusal:
        print(f"{deployable.name}: {refusal}", file=sys.stderr)
        return 2


def _metrics_served(settings: ServiceSettings) -> AbstractContextManager[None]:
    """Serve /metrics on a port of its own during the block, if the settings give one."""
    from subgraphs.kit.runtime.metrics_port import metrics_served

    if not isinstance(settings, PublishedServiceSettings):
        return nullcontext()
    token = settings.metrics_token.get_secret_value()
    return metrics_served(settings.metrics_port, host=settings.metrics_host, token=token)


async def _migrate(databases: list[MigratedDatabase], *, is_down: bool) -> None:
    from subgraphs.kit.storage.migrate import downgrade, upgrade

    for database in databases:
        await (downgrade if is_down else upgrade)(database.url, database.migrations)


def _seed(deployable: Deployable[SettingsT], settings: SettingsT, folder: Path) -> int:
    if not SERVICES[deployable.name].databases:
        print(f"{deployable.name} has nothing to seed")
        return 0
    if not folder.is_dir():
        print(f"{deployable.name}: {folder} is not a folder", file=sys.stderr)
        return 2
    written = asyncio.run(deployable.seed(settings, folder))
    print(f"{deployable.name}: {written} rows")
    return 0
