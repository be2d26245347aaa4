"""`python -m subgraphs.payment serve | migrate [--down] | seed DIR | export-schema | export-events | reconcile [--all]`."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from subgraphs.kit.graph.cli import Deployable, ExtraCommand, MigratedDatabase, run
from subgraphs.kit.runtime import logging
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


def _reconcile(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m subgraphs.payment reconcile")
    parser.add_argument("--all", action="store_true", help="compare all payments, not only those since the watermark")
    options = parser.parse_args(arguments)
    try:
        settings = PaymentSettings()
    except ValidationError as error:
        print(f"payment: the settings are not complete: {error}", file=sys.stderr)
        return 2
    logging.configure("payment", log_format=settings.log_format)
    return asyncio.run(_reconciled(settings, is_whole=options.all))


async def _reconciled(settings: PaymentSettings, *, is_whole: bool) -> int:
    from subgraphs.payment.errors import ProviderUnavailable
    from subgraphs.payment.report import lines, reconciled
    from subgraphs.payment.resources import PaymentResources

    resources = PaymentResources.open(settings)
    try:
        found = await reconciled(resources.desk, is_whole=is_whole)
    except ProviderUnavailable as error:
        print(f"{resources.desk.provider.name}: {error}", file=sys.stderr)
        return 1
    finally:
        await resources.close()
    print("\n".join(lines(found)))
    return 1 if found.differences else 0


DEPLOYABLE = Deployable(
    name="payment",
    settings=PaymentSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    seed=_seed,
    extra={
        "export-events": ExtraCommand("write the JSON Schemas of the events", _export_events),
        "reconcile": ExtraCommand("compare our payments with the provider's, mend and report", _reconcile),
    },
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
