"""Results on their way to the order service: leased, settled once, given back."""

from datetime import timedelta

import dramatiq

from subgraphs.kit.messaging.stq import make_broker
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.payment import events, results
from tests.support.payments import Shop


async def test_a_capture_wakes_the_actor_with_the_row_that_it_can_take(shop: Shop) -> None:
    payment = (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]
    woken: list[str] = []
    broker = make_broker(shop.redis_url)

    @dramatiq.actor(broker=broker, queue_name=events.QUEUE, actor_name=events.ACTOR_NAME)
    def payment_result(job_id: str) -> None:
        woken.append(job_id)

    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    worker.start()
    try:
        broker.join(events.QUEUE, timeout=10_000)
        worker.join()
    finally:
        worker.stop()
        broker.close()
        broker.client.close()

    (result,) = await results.take(shop.resources.database, now=utc_now(), result_ids=woken)
    assert (result.envelope.type, result.envelope.data["payment_id"]) == ("payment.captured", payment["id"])
    assert result.envelope.id == woken[0]


async def test_a_leased_result_is_not_taken_twice_and_a_settled_one_never_again(shop: Shop) -> None:
    database = shop.resources.database
    await shop.start(shop.orders.add(shop.buyer_id))
    now = utc_now()
    (result,) = await results.take(database, now=now)
    assert await results.take(database, now=now) == []
    later = now + results.LEASE
    (again,) = await results.take(database, now=later)
    assert again.claim.attempt == 2
    assert not await results.settle(database, result, now=later)
    assert await results.settle(database, again, now=later)
    assert await results.take(database, now=later + timedelta(days=1)) == []


async def test_a_result_that_was_given_back_is_due_after_a_pause(shop: Shop) -> None:
    database = shop.resources.database
    await shop.start(shop.orders.add(shop.buyer_id))
    now = utc_now()
    (result,) = await results.take(database, now=now)
    assert not await results.give_back(database, result, now=now, error="the order service is away")
    assert await results.take(database, now=now) == []
    assert len(await results.take(database, now=now + timedelta(seconds=2))) == 1
