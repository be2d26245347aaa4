"""`python -m subgraphs.order serve | migrate [--down] | seed DIR | export-schema | export-events`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.kit.graph.cli import Deployable, ExtraCommand, MigratedDatabase, run
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


def _export_events(_: list[str]) -> int:
    from subgraphs.kit.messaging.schemas import export_events
    from subgraphs.order.events import schemas

    for path in export_events(schemas()):
        print(path)
    return 0


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
    extra={"export-events": ExtraCommand("write the JSON Schemas of the events", _export_events)},
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
