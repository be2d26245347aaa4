"""The queue of passwords."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from subgraphs.user.errors import PasswordsBusy
from subgraphs.user.passwords import AT_ONCE, Passwords


class HeldHasher(PasswordHasher):
    """A hasher whose work waits until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go_on = threading.Event()
        self.running = threading.Semaphore(0)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.running.release()
        assert self.go_on.wait(20)
        return super().hash(password, salt=salt)


@pytest.fixture
async def hasher() -> AsyncIterator[HeldHasher]:
    held = HeldHasher()
    yield held
    held.go_on.set()


async def until_running(hasher: HeldHasher, count: int) -> None:
    for _ in range(count):
        assert await asyncio.to_thread(hasher.running.acquire, timeout=20)


async def test_a_full_queue_refuses_at_once_and_serves_those_that_wait(hasher: HeldHasher) -> None:
    passwords = Passwords(hasher, max_waiting=3)
    waiting = [asyncio.ensure_future(passwords.hash(f"password {n}")) for n in range(AT_ONCE + 3)]
    await until_running(hasher, AT_ONCE)
    with pytest.raises(PasswordsBusy):
        passwords.check_room()
    with pytest.raises(PasswordsBusy):
        await passwords.hash("one too many")
    hasher.go_on.set()
    assert len(set(await asyncio.gather(*waiting))) == AT_ONCE + 3
    assert await passwords.hash("after")
    passwords.close()


async def test_a_caller_that_gives_up_frees_its_place_but_not_a_running_thread(hasher: HeldHasher) -> None:
    passwords = Passwords(hasher, max_waiting=1)
    running = [asyncio.ensure_future(passwords.hash(f"password {n}")) for n in range(AT_ONCE)]
    await until_running(hasher, AT_ONCE)
    waiting = asyncio.ensure_future(passwords.hash("waits"))
    await asyncio.sleep(0)
    for each in (*running, waiting):
        each.cancel()
    await asyncio.gather(*running, waiting, return_exceptions=True)
    again = asyncio.ensure_future(passwords.hash("takes the free place"))
    await asyncio.sleep(0)
    with pytest.raises(PasswordsBusy):
        passwords.check_room()
    assert not hasher.running.acquire(blocking=False)
    hasher.go_on.set()
    assert await again
    passwords.close()
