"""The payment service as an application: the schema, its resources' life, the relay of results, the provider's webhooks, and what reconciles.

Reconciling runs here and not in a worker: it is what is left when messages and workers are away.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.applications import Starlette

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan, Loop
from subgraphs.kit.storage.relay import relay_loop
from subgraphs.payment import closing, reconciling
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.graph.schema import schema
from subgraphs.payment.loaders import make_loaders
from subgraphs.payment.resources import PaymentResources
from subgraphs.payment.settings import PaymentSettings
from subgraphs.payment.tables import Outbox
from subgraphs.payment.webhooks import webhook_route

PAUSE_SECONDS = 15.0
ROUND_TIMEOUT_SECONDS = 600.0


def create_payment_app(settings: PaymentSettings, resources: PaymentResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or PaymentResources.open(settings)

    dependencies = opened.dependencies
    loops = [opened.config.loop, relay_loop("payment.relay", opened.database, Outbox, opened.queue)]
    if settings.reconciles:
        loops += [
            _loop("payment.ask_undecided", reconciling.ask_undecided, dependencies),
            _loop("payment.settle_due", closing.settle_due, dependencies),
            _loop("payment.compare", reconciling.compare_when_due, dependencies),
        ]

    return create_app(
        name="payment",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        ended_sessions=opened.ended_sessions,
        loaders=lambda of, _: make_loaders(of.database),
        # Not the provider: without it orders are still shown, and a payment says what is the matter.
        checks={"database": opened.database.ready, "queue": opened.queue.ping, "config": opened.config.ready},
        lifespan=Lifespan(*loops, close=opened.close),
        routes=[webhook_route(dependencies)],
        max_body_bytes=settings.max_body_bytes,
        metrics_token=settings.metrics_token_here,
    )


def _loop(name: str, work: Callable[[PaymentDependencies], Awaitable[int]], dependencies: PaymentDependencies) -> Loop:
    """Return a loop of the reconciliation. The provider's being away fails its rounds, and leaves the service ready."""
    return Loop(
        name,
        partial(work, dependencies),
        pause_seconds=PAUSE_SECONDS,
        timeout_seconds=ROUND_TIMEOUT_SECONDS,
        is_required=False,
    )
