"""`python -m subgraphs.order serve | migrate [--down] | seed DIR | export-schema`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run
from subgraphs.order.settings import ANALYTICS_MIGRATIONS, MIGRATIONS, OrderSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema


def _app(settings: OrderSettings) -> "Starlette":
    from subgraphs.order.app import create_order_app

    return create_order_app(settings)


def _schema() -> "Schema":
    from subgraphs.order.graph.schema import schema

    return schema


async def _seed(settings: OrderSettings, folder: Path) -> int:
    from subgraphs.order.seed import seed

    return await seed(settings, folder)


DEPLOYABLE = Deployable(
    name="order",
    settings=OrderSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [
        MigratedDatabase(settings.database, MIGRATIONS),
        MigratedDatabase(settings.analytics_database, ANALYTICS_MIGRATIONS),
    ],
    seed=_seed,
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
