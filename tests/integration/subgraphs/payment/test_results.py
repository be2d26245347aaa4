"""Results on their way to the order service."""

from datetime import timedelta

import dramatiq

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.task_queue import make_broker
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.payment import events, recording
from subgraphs.payment.providers.interface import Failure
from subgraphs.payment.tables import Outbox
from subgraphs.payment.withdrawing import required
from tests.support.payments import Shop


async def test_a_capture_wakes_the_actor_with_the_row_that_it_can_claim(shop: Shop) -> None:
    payment = (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]
    woken: list[str] = []
    broker = make_broker(shop.redis_url)

    @dramatiq.actor(broker=broker, queue_name="payments", actor_name="payment_result")
    def payment_result(job_id: str) -> None:
        woken.append(job_id)

    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    worker.start()
    try:
        broker.join("payments", timeout=10_000)
        worker.join()
    finally:
        worker.stop()
        broker.close()
        broker.client.close()

    async with shop.resources.database.transaction() as session:
        (claim,) = await jobs.claim(session, Outbox, now=utc_now(), lease=timedelta(seconds=1), job_ids=woken)
        row = await session.get(Outbox, claim.job_id)
    assert row is not None
    assert row.envelope["id"] == woken[0]
    assert row.envelope["type"] == events.TYPES[events.PaymentCaptured]
    assert events.PaymentCaptured.model_validate(row.envelope["data"]).payment_id == payment["id"]


async def test_a_failure_in_more_words_than_fit_is_recorded_all_the_same(shop: Shop) -> None:
    payment = (await shop.start(shop.orders.add(shop.buyer_id), "card_3ds"))["payment"]
    failure = Failure("code" * 100, "No\0money " * 100, is_retryable=False)
    async with shop.resources.database.transaction() as session:
        current = await required(session, payment["id"])
        after = await recording.record_failure(session, current, failure, now=utc_now())
    assert (after.status, after.failure_code) == ("FAILED", "code" * 20)
    assert after.failure_message == ("Nomoney " * 100)[:500]
