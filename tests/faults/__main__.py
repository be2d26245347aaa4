"""`task faults`: play faults on a running market under the clients' operations, and count what was lost, doubled, wrong or stuck.

    python -m tests.faults [--database sqlite|postgresql] [--short] [--seed N] [--rate N] [--only NAME] [--keep DIR]

The market is started by `python -m local up` in a temporary folder, on free ports, and stopped in the end. The journal of all requests
is `journal.jsonl` beside its data. Exit status 1 when the oracle finds anything, or the market does not recover from a fault.
"""

import argparse
import asyncio
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from local.deployables import OWNERS_OF_TABLES
from tests.faults import databases, oracle
from tests.faults.clients import Clients
from tests.faults.injection import Fault, Patient, faults
from tests.faults.journal import Journal, Outcome
from tests.faults.oracle import Pieces, Verdict
from tests.faults.probe import seconds_to_recover
from tests.faults.report import Played, findings, table
from tests.faults.traffic import Traffic
from tests.support.databases import make_postgres_database, running_postgres
from tests.support.market import LocalMarket, running_market

PER_SECOND, SHORT_PER_SECOND = 12.0, 6.0
"""The short form runs beside other work on two cores, where 12 operations a second and their repetitions are more than the market can do."""

WARM_SECONDS, SHORT_WARM_SECONDS = 30.0, 8.0
AFTER_SECONDS, SHORT_AFTER_SECONDS = 15.0, 4.0
RECOVERY_SECONDS = 180.0
REST_SECONDS = 90.0
"""The market is stuck when its open work did not become less for so long: an undecided payment is asked for after a minute."""

HOLD_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    database: str
    is_short: bool
    seed: int
    per_second: float
    only: str
    keep: Path | None


def main() -> int:
    """Play, print, and return the exit status."""
    options = _options()
    print(f"seed {options.seed}, {options.database}, {options.per_second:g} operations a second", flush=True)
    with ExitStack() as stack:
        data_dir = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yarmarka-faults-")))
        data_dir.mkdir(parents=True, exist_ok=True)
        urls = stack.enter_context(_database_urls(options.database))
        # One account sends most of the traffic; how it is limited is tested elsewhere.
        settings = {"ORDER_HOLD_SECONDS": str(HOLD_SECONDS), "YARMARKA_RATE_LIMITS": "measure"}
        began = time.monotonic()
        market = stack.enter_context(running_market(data_dir, database_urls=urls, settings=settings))
        print(f"the market is ready after {time.monotonic() - began:.0f} s", flush=True)
        return asyncio.run(_play(options, market, urls))


async def _play(options: Options, market: LocalMarket, urls: dict[str, str]) -> int:
    began = datetime.now(UTC)
    journal = Journal(market.data_dir / "journal.jsonl")
    try:
        async with (
            databases.opened(market.data_dir, urls) as opened,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            traffic = Traffic(
                Clients(market.gateway_url, session, journal), per_second=options.per_second, seed=options.seed
            )
            await traffic.prepare()
            before = await oracle.pieces(opened, [each["id"] for each in traffic.shelf.products])
            patient = Patient(market, opened)
            every = faults(is_short=options.is_short, is_sqlite=options.database == "sqlite", hold_seconds=HOLD_SECONDS)
            chosen = [each for each in every if options.only in each.name]
            played = await _under_load(options, traffic, Clients(market.gateway_url, session, journal), patient, chosen)
            verdict, rest_seconds = await _at_rest(traffic, opened, before=before, since=began)
    finally:
        journal.close()
    print(table(played, journal))
    counted = {outcome: journal.count(outcome, 0, time.monotonic()) for outcome in Outcome}
    print(", ".join(f"{number} {outcome.value}" for outcome, number in counted.items()), "requests;", end=" ")
    print(", ".join(f"{number} {status}" for status, number in sorted(verdict.orders.items())), "orders;", end=" ")
    print(f"at rest after {rest_seconds:.0f} s")
    print(findings(verdict))
    return 0 if verdict.is_clean and all(each.recovery_seconds is not None for each in played) else 1


async def _under_load(
    options: Options, traffic: Traffic, clients: Clients, patient: Patient, chosen: Sequence[Fault]
) -> list[Played]:
    sending = asyncio.create_task(traffic.run(), name="traffic")
    played: list[Played] = []
    try:
        await asyncio.sleep(SHORT_WARM_SECONDS if options.is_short else WARM_SECONDS)
        before = traffic.began
        for fault in chosen:
            each = await _one(options, traffic, clients, patient, fault, before=before)
            before = each.ended + (each.recovery_seconds or 0.0)
            played.append(each)
    finally:
        await traffic.finish()
        await sending
    return played


async def _one(
    options: Options, traffic: Traffic, clients: Clients, patient: Patient, fault: Fault, *, before: float
) -> Played:
    print(f"{datetime.now(UTC):%H:%M:%S}  {fault.name} ..", end=" ", flush=True)
    traffic.journal.event(fault.name)
    traffic.may_lose_behaviour |= fault.empties_redis
    begun = time.monotonic()
    async with fault.inject(patient):
        await asyncio.sleep(fault.seconds)
    ended = time.monotonic()
    recovered = await seconds_to_recover(clients, traffic, within=RECOVERY_SECONDS)
    print("not recovered" if recovered is None else f"recovered after {recovered:.1f} s", flush=True)
    await asyncio.sleep(SHORT_AFTER_SECONDS if options.is_short else AFTER_SECONDS)
    return Played(fault.name, before, begun, ended, time.monotonic(), recovered)


async def _at_rest(
    traffic: Traffic, opened: databases.Databases, *, before: dict[str, Pieces], since: datetime
) -> tuple[Verdict, float]:
    """The verdict once nothing is left to do, or nothing more is done; and the seconds that it took."""
    began = moved_at = time.monotonic()
    least = math.inf
    while True:
        waiting = await oracle.open_work(opened, since=since)
        books = await oracle.read(opened, traffic.journal, since=since, product_ids=before)
        verdict = oracle.judge(books, traffic.journal, before=before, may_lose_behaviour=traffic.may_lose_behaviour)
        left = sum(waiting.values()) + verdict.missing
        if not left:
            return verdict, time.monotonic() - began
        if left < least:
            least, moved_at = left, time.monotonic()
        if time.monotonic() - moved_at > REST_SECONDS:
            verdict.stuck += [f"{number} {what}" for what, number in waiting.items() if number]
            return verdict, time.monotonic() - began
        await asyncio.sleep(2.0)


@contextmanager
def _database_urls(database: str) -> Iterator[dict[str, str]]:
    if database == "sqlite":
        yield {}
        return
    with running_postgres() as port:
        names = (*OWNERS_OF_TABLES, "order_analytics")
        yield {f"{name.upper()}_DATABASE_URL": make_postgres_database(port) for name in names}


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--short", action="store_true", help="five minutes at most: fewer faults")
    parser.add_argument("--seed", type=int, default=None, help="of the traffic; drawn and printed when absent")
    parser.add_argument("--rate", type=float, default=None, metavar="PER_SECOND", help="12, and 6 in the short form")
    parser.add_argument("--only", default="", metavar="TEXT", help="the faults whose name has this")
    parser.add_argument("--keep", type=Path, default=None, metavar="DIR", help="the market's data, kept afterwards")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    per_second = asked.rate or (SHORT_PER_SECOND if asked.short else PER_SECOND)
    return Options(asked.database, asked.short, seed, per_second, asked.only, asked.keep)


if __name__ == "__main__":
    sys.exit(main())
