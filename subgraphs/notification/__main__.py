"""`python -m subgraphs.notification serve | migrate [--down] | seed DIR | export-schema`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run
from subgraphs.notification.settings import MIGRATIONS, NotificationSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema


def _app(settings: NotificationSettings) -> "Starlette":
    from subgraphs.notification.app import create_notification_app

    return create_notification_app(settings)


def _schema() -> "Schema":
    from subgraphs.notification.graph.schema import schema

    return schema


async def _seed(settings: NotificationSettings, folder: Path) -> int:
    from subgraphs.notification.seed import seed

    return await seed(settings, folder)


DEPLOYABLE = Deployable(
    name="notification",
    settings=NotificationSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    seed=_seed,
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
