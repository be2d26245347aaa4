"""The traffic of `task faults` leaves nothing behind that would still ask when the run is judged."""

import asyncio
from pathlib import Path

import aiohttp

from tests.faults.clients import Clients
from tests.faults.journal import Journal
from tests.faults.traffic import Traffic


async def test_traffic_that_is_stopped_while_it_pauses_waits_for_what_it_begins_afterwards(tmp_path: Path) -> None:
    ended = 0

    async def ask() -> None:
        nonlocal ended
        await asyncio.sleep(0.05)
        ended += 1

    journal = Journal(tmp_path / "journal.jsonl")
    async with aiohttp.ClientSession() as session:
        clients = Clients("http://127.0.0.1:1/graphql", session, journal)
        traffic = Traffic(clients, per_second=20.0, most_open=10, seed=1)
        traffic._reads, traffic._writes = {ask: 1}, {}
        running = asyncio.create_task(traffic.run())
        await asyncio.sleep(0)
        traffic.stop()
        await running
    journal.close()
    assert ended == 1
    assert not traffic._open
