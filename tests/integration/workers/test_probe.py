"""The proof that workers consume, on real servers of the queue, with actors that claim and actors that cannot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dramatiq
import pytest

from subgraphs.kit.messaging import task_queue as stq
from subgraphs.kit.runtime.background import running
from subgraphs.kit.runtime.health import failing_checks
from tests.support.bank import eventually
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from workers import probe as probing
from workers.actors.group import Actor
from workers.probe import NO_JOB, NotConsuming, Probe, threads_alive
from workers.run import working
from workers.settings import RunSettings

DEADLINE_SECONDS = 60.0


@dataclass(slots=True)
class Jobs:
    """An actor's work: which ids it was woken for, and whether it can claim."""

    asked: list[str] = field(default_factory=list)
    error: Exception | None = None
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def work_off(self, job_id: str) -> None:
        self.asked.append(job_id)
        if self.error is not None:
            raise self.error

    async def work_for_long(self) -> None:
        await self.goes_on.wait()


@dataclass(slots=True)
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stq, "SOCKET_TIMEOUT_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setattr(probing, "PAUSE_SECONDS", 0.5)


@pytest.fixture
def settings(redis_url: str, tmp_path: Path) -> RunSettings:
    return RunSettings(
        redis_url=redis_url, data_dir=tmp_path, service_keys=SERVICE_KEYS, cursor_keys=CURSOR_KEYS, threads=4
    )


@asynccontextmanager
async def probed(settings: RunSettings, *actors: Actor, clock: Clock | None = None) -> AsyncIterator[Probe]:
    probe = Probe(settings.redis_url, actors, sender="a-test", **({"clock": clock} if clock else {}))
    try:
        async with working(settings, [*actors, *probe.actors()]), running(probe.loop()):
            yield probe
    finally:
        await probe.close()


async def failing(probe: Probe) -> set[str]:
    return set(await failing_checks(probe.checks()))


async def test_every_queue_is_proven_and_asked_for_no_work(settings: RunSettings) -> None:
    orders, slates = Jobs(), Jobs()
    actors = [Actor("orders", "order_event", orders.work_off), Actor("slates", "rank", slates.work_off)]
    unproven = Probe(settings.redis_url, actors, sender="nobody")
    assert await failing(unproven) == {"consumes_orders", "consumes_slates", "consumes_probe"}
    await unproven.close()
    async with probed(settings, *actors) as probe:
        await eventually(lambda: _nothing_fails(probe), seconds=DEADLINE_SECONDS)
    assert set(orders.asked) == set(slates.asked) == {NO_JOB}


async def test_an_actor_that_cannot_claim_fails_its_own_queue_until_it_can(settings: RunSettings) -> None:
    orders = Jobs(error=ValueError("not enough values to unpack (expected 3, got 2)"))
    async with probed(
        settings, Actor("orders", "order_event", orders.work_off), Actor("slates", "rank", Jobs().work_off)
    ) as probe:

        async def only_orders_fails() -> bool:
            return await failing(probe) == {"consumes_orders"} and bool(probe._reports.get("orders"))

        await eventually(only_orders_fails, seconds=DEADLINE_SECONDS)
        with pytest.raises(NotConsuming, match="order_event:ValueError"):
            await probe.checks()["consumes_orders"]()
        orders.error = None
        await eventually(lambda: _nothing_fails(probe), seconds=DEADLINE_SECONDS)


async def test_an_actor_at_long_work_consumes_and_is_not_begun_twice(
    settings: RunSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "CLAIM_SECONDS", 0.05)
    jobs = Jobs()
    async with probed(settings, Actor("behaviour", "behaviour_tracked", jobs.work_for_long)) as probe:
        await eventually(lambda: _nothing_fails(probe), seconds=DEADLINE_SECONDS)
        assert not probe._trials["behaviour_tracked"].done()


async def test_a_proof_gets_old(settings: RunSettings) -> None:
    clock = Clock()
    probe = Probe(settings.redis_url, [], sender="a-test", clock=clock)
    async with working(settings, probe.actors()):
        await probe.send()
        await probe.take_report(DEADLINE_SECONDS)
    assert await failing(probe) == set()
    clock.now = probing.LATE_SECONDS + 0.1
    assert await failing(probe) == {"consumes_probe"}
    await probe.close()


async def test_a_consuming_thread_that_has_ended_is_told(settings: RunSettings) -> None:
    async with working(settings, [Actor("orders", "order_event", Jobs().work_off)]) as worker:
        assert isinstance(worker, dramatiq.Worker)
        check = {"threads": threads_alive(worker)}
        assert await failing_checks(check) == {}
        consumer = worker.consumers["orders"]
        await asyncio.to_thread(consumer.stop)
        await asyncio.to_thread(consumer.join, DEADLINE_SECONDS)
        assert (await failing_checks(check)).keys() == {"threads"}


async def _nothing_fails(probe: Probe) -> bool:
    return not await failing(probe)
