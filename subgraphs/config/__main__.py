"""`python -m subgraphs.config serve | migrate [--down] | seed DIR | export-schema`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.config.settings import MIGRATIONS, ConfigSettings
from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema


def _app(settings: ConfigSettings) -> "Starlette":
    from subgraphs.config.app import create_config_app

    return create_config_app(settings)


def _schema() -> "Schema":
    from subgraphs.config.graph.schema import schema

    return schema


async def _seed(settings: ConfigSettings, folder: Path) -> int:
    from subgraphs.config.seed import seed

    return await seed(settings, folder)


DEPLOYABLE = Deployable(
    name="config",
    settings=ConfigSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    seed=_seed,
    uses_redis=False,
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
