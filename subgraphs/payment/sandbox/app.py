"""The bank put together: one Starlette app with its store, its counter and its background task."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from subgraphs.kit.runtime.background import checks_of, running
from subgraphs.kit.runtime.health import health_routes
from subgraphs.payment.sandbox.api import bank_routes
from subgraphs.payment.sandbox.bank import Bank
from subgraphs.payment.sandbox.clearing import Clearing
from subgraphs.payment.sandbox.settings import BankSettings
from subgraphs.payment.sandbox.store import Store
from subgraphs.payment.sandbox.webhooks import Webhooks


def make_app(settings: BankSettings) -> Starlette:
    """The bank, open for business while its lifespan runs."""
    store = Store(settings.file)
    bank = Bank(store, origin=settings.origin, slow_seconds=settings.slow_seconds)
    webhooks = Webhooks(store, url=settings.webhook_url, secret=settings.webhook_secret.get_secret_value().encode())
    clearing = Clearing(store, bank, webhooks)

    async def database_answers() -> None:
        async with store.transaction():
            return

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await store.open()
        try:
            async with running(clearing.loop):
                yield
        finally:
            await store.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            *health_routes("bank", {"database": database_answers, **checks_of(clearing.loop)}),
            *bank_routes(bank, api_key=settings.api_key.get_secret_value(), webhooks=webhooks, wake=clearing.wake),
        ],
    )
