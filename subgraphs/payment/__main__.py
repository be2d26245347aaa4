"""`python -m subgraphs.payment serve | migrate [--down] | seed DIR | export-schema | export-events | reconcile [--all]`."""

import argparse
import asyncio
import sys
from typing import Any

from pydantic import ValidationError

from subgraphs.kit.graph.cli import Deployable, ExtraCommand, MigratedDatabase, run
from subgraphs.kit.runtime import logging
from subgraphs.payment.settings import MIGRATIONS, PaymentSettings


def _bank(settings: PaymentSettings) -> dict[str, Any]:
    from subgraphs.payment.sandbox.settings import BankSettings

    return {"bank": BankSettings() if settings.provider == "bank" else None}


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
        found = await reconciled(resources.dependencies, is_whole=is_whole)
    except ProviderUnavailable as error:
        print(f"{resources.dependencies.provider.name}: {error}", file=sys.stderr)
        return 1
    finally:
        await resources.close()
    print("\n".join(lines(found)))
    return 1 if found.differences else 0


DEPLOYABLE = Deployable(
    name="payment",
    settings=PaymentSettings,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    more_to_seed=_bank,
    extra={"reconcile": ExtraCommand("compare our payments with the provider's, mend and report", _reconcile)},
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
