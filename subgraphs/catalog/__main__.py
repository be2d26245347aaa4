"""`python -m subgraphs.catalog serve | migrate [--down] | seed DIR | export-schema`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.catalog.settings import MIGRATIONS, CatalogSettings
from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema


def _app(settings: CatalogSettings) -> "Starlette":
    from subgraphs.catalog.app import create_catalog_app

    return create_catalog_app(settings)


def _schema() -> "Schema":
    from subgraphs.catalog.graph.schema import schema

    return schema


async def _seed(settings: CatalogSettings, folder: Path) -> int:
    from subgraphs.catalog.seed import seed

    return await seed(settings, folder)


DEPLOYABLE = Deployable(
    name="catalog",
    settings=CatalogSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    seed=_seed,
    uses_redis=False,
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
