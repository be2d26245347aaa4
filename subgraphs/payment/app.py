"""The payment service as an application: the schema, its resources' life, the relay of results, and the provider's webhooks."""

from starlette.applications import Starlette

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan
from subgraphs.kit.storage.relay import relay_loop
from subgraphs.payment.graph.schema import schema
from subgraphs.payment.loaders import make_loaders
from subgraphs.payment.resources import PaymentResources
from subgraphs.payment.settings import PaymentSettings
from subgraphs.payment.tables import Outbox
from subgraphs.payment.webhooks import webhook_route


def create_payment_app(settings: PaymentSettings, resources: PaymentResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or PaymentResources.open(settings)

    relay = relay_loop("payment.relay", opened.database, Outbox, opened.queue)
    return create_app(
        name="payment",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        loaders=lambda of, _: make_loaders(of.database),
        # Not the provider: without it orders are still shown, and a payment says what is the matter.
        checks={"database": opened.database.ready, "queue": opened.queue.ping, "config": opened.config.ready},
        lifespan=Lifespan(opened.config.loop, relay, close=opened.close),
        routes=[webhook_route(opened.desk)],
        max_body_bytes=settings.max_body_bytes,
        metrics_token=settings.metrics_token.get_secret_value(),
    )
