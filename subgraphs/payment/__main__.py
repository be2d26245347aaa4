"""`python -m subgraphs.payment serve | migrate [--down] | seed DIR | export-schema | export-events`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.kit.graph.cli import Deployable, ExtraCommand, MigratedDatabase, run
from subgraphs.payment.settings import MIGRATIONS, PaymentSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema


def _app(settings: PaymentSettings) -> "Starlette":
    from subgraphs.payment.app import create_payment_app

    return create_payment_app(settings)


def _schema() -> "Schema":
    from subgraphs.payment.graph.schema import schema

    return schema


async def _seed(settings: PaymentSettings, folder: Path) -> int:
    from subgraphs.payment.sandbox.settings import BankSettings
    from subgraphs.payment.seed import seed

    return await seed(settings, folder, bank=BankSettings() if settings.provider == "bank" else None)


def _export_events(_: list[str]) -> int:
    from subgraphs.kit.messaging.schemas import export_events
    from subgraphs.payment.events import schemas

    for path in export_events(schemas()):
        print(path)
    return 0


DEPLOYABLE = Deployable(
    name="payment",
    settings=PaymentSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    seed=_seed,
    extra={"export-events": ExtraCommand("write the JSON Schemas of the events", _export_events)},
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
