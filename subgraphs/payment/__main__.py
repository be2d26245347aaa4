"""`python -m subgraphs.payment serve | migrate [--down] | seed DIR | export-schema`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run
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


DEPLOYABLE = Deployable(
    name="payment",
    settings=PaymentSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    seed=_seed,
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
