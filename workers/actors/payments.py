"""Payment's actor: hands the results in its outbox to the order service, which takes each in once. Queue `payments`.

The row is payment's and stays open until order has answered: order being away costs time, not a result. Neither reads the other's tables.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.outbox_work import work_off
from subgraphs.kit.storage.session import Database
from subgraphs.payment import events
from subgraphs.payment.tables import Outbox
from workers.actors.draining import DRAIN_TIMEOUT_SECONDS, drain
from workers.actors.group import Actor, Group, JobTable
from workers.settings import RunSettings

TIMEOUT_SECONDS = 5.0

_RECORD = "mutation TellOrder($result: PaymentResultInput!) { recordPaymentResult(input: $result) }"
_OUTCOMES = {"payment.captured": "CAPTURED", "payment.failed": "FAILED", "payment.refunded": "REFUNDED"}


@asynccontextmanager
async def opened(settings: RunSettings) -> AsyncIterator[Group]:
    """Payment's actors, with its database and the order service."""
    tokens = ServiceTokens(settings.service_key_ring)
    database = Database(settings.payment_database, synchronous="FULL")
    order = GraphQLClient(settings.order_url, service="order", caller="payment", tokens=tokens)

    one = partial(deliver_result, database, order)

    async def payment_result(job_id: str | None = None) -> int:
        return await one(job_id) if job_id is not None else await drain(database, Outbox, one)

    try:
        yield Group(
            actors=[Actor(events.QUEUE, events.ACTOR_NAME, payment_result, DRAIN_TIMEOUT_SECONDS)],
            checks={"payment_database": database.ready},
            jobs=[JobTable("payment.outbox", database, Outbox)],
        )
    finally:
        await order.close()
        await database.close()


async def deliver_result(database: Database, order: GraphQLClient, job_id: str, *, clock: Clock = utc_now) -> bool:
    """Hand one result of payment's outbox to the order service; False when it is not due.

    Args:
        clock: of a test; the process's own gives way to the database's.
    """

    async def tell_order(envelope: Envelope) -> None:
        await order.execute(_RECORD, {"result": result_of(envelope)}, attempts=2, timeout_seconds=TIMEOUT_SECONDS)

    return await work_off(database, Outbox, job_id, tell_order, clock=clock)


def result_of(envelope: Envelope) -> dict[str, object]:
    """The `PaymentResultInput` that tells order what the envelope tells."""
    data = envelope.data
    return {
        "eventId": envelope.id,
        "outcome": _OUTCOMES[envelope.type],
        "orderId": data["order_id"],
        "paymentId": data["payment_id"],
        "amount": data.get("refunded_amount", data["amount"]),
        "capturedAmount": data.get("captured_amount", data["amount"] if envelope.type == "payment.captured" else 0),
        "currency": data["currency"],
    }
