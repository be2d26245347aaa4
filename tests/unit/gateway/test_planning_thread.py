"""Plans are made one after the other, beside the event loop, and nobody waits without end."""

import asyncio
import threading

import pytest

from gateway.errors import ClientError
from gateway.planning_thread import PlanningThread


def soon() -> float:
    return asyncio.get_running_loop().time() + 10


async def test_one_thing_is_made_at_a_time() -> None:
    thread = PlanningThread()
    never = threading.Event()
    under_way: list[int] = []
    most = 0

    def make(number: int) -> int:
        nonlocal most
        under_way.append(number)
        most = max(most, len(under_way))
        never.wait(0.001)
        under_way.remove(number)
        return number

    made = await asyncio.gather(*(thread.run(lambda n=n: make(n), deadline=soon()) for n in range(50)))  # type: ignore[misc]
    assert (made, most) == (list(range(50)), 1)
    thread.close()


async def test_too_many_are_told_to_come_back_and_a_late_one_to_give_up() -> None:
    thread = PlanningThread(max_waiting=2)
    may_end = threading.Event()
    first = asyncio.create_task(thread.run(lambda: may_end.wait(10), deadline=soon()))
    await asyncio.sleep(0)
    ran: list[str] = []
    late = asyncio.create_task(
        thread.run(lambda: ran.append("late"), deadline=asyncio.get_running_loop().time() + 0.01)
    )
    await asyncio.sleep(0)
    with pytest.raises(ClientError) as refused:
        await thread.run(lambda: None, deadline=soon())
    assert (refused.value.code, refused.value.status) == ("OVERLOADED", 503)
    with pytest.raises(ClientError) as given_up:
        await late
    assert given_up.value.code == "PLANNING_TIMEOUT"
    may_end.set()
    assert await first
    assert await thread.run(lambda: "free again", deadline=soon()) == "free again"
    assert ran == []
    thread.close()
