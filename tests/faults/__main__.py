"""`task faults`: play faults on a running market under the clients' operations, and count what was lost, doubled, wrong or stuck.

    python -m tests.faults [--database sqlite|postgresql] [--short] [--seed N] [--rate N] [--open N] [--only NAME ..] [--keep DIR]

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
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from subgraphs import DATABASES
from tests.faults import clocks, databases, oracle
from tests.faults.clients import Clients
from tests.faults.injection import Patient
from tests.faults.journal import Journal, Outcome
from tests.faults.oracle import Pieces, Verdict
from tests.faults.plan import Fault, long_form, short_form
from tests.faults.probe import seconds_to_recover
from tests.faults.report import Played, findings, table
from tests.faults.traffic import Traffic
from tests.support.databases import make_postgres_database
from tests.support.market import running_market
from tests.support.postgres import PostgresServer, running_postgres

PER_SECOND, SHORT_PER_SECOND = 12.0, 3.0
MOST_OPEN, SHORT_MOST_OPEN = 400, 20
"""More than 400 would measure this process. The short form runs beside other work on two cores: a machine that cannot do more gets no more, and recovers."""

WARM_SECONDS, SHORT_WARM_SECONDS = 30.0, 8.0
AFTER_SECONDS, SHORT_AFTER_SECONDS = 10.0, 4.0
RECOVERY_SECONDS = 600.0
REST_SECONDS = 240.0
"""The market is stuck when its open work did not become less for so long: an undecided payment is asked for after a minute, and busy machines are slow."""

HOLD_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    database: str
    is_short: bool
    seed: int
    per_second: float
    most_open: int
    only: tuple[str, ...]
    keep: Path | None


def main() -> int:
    """Play, print, and return the exit status."""
    options = _options()
    print(f"seed {options.seed}, {options.database}, {options.per_second:g} operations a second", flush=True)
    with ExitStack() as stack:
        data_dir = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yarmarka-faults-")))
        data_dir.mkdir(parents=True, exist_ok=True)
        postgres = stack.enter_context(running_postgres(is_durable=True)) if options.database == "postgresql" else None
        urls = _database_urls(postgres)
        settings = _settings(data_dir / "clocks", is_short=options.is_short)
        began = time.monotonic()
        market = stack.enter_context(running_market(data_dir, database_urls=urls, settings=settings))
        print(f"the market is ready after {time.monotonic() - began:.0f} s", flush=True)
        patient = Patient(market, databases.database_urls(data_dir, urls), data_dir / "clocks", postgres)
        return asyncio.run(_play(options, patient))


async def _play(options: Options, patient: Patient) -> int:
    began, market = datetime.now(UTC), patient.market
    journal = Journal(market.data_dir / "journal.jsonl")
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            clients = Clients(market.gateway_url, session, journal)
            traffic = Traffic(clients, per_second=options.per_second, most_open=options.most_open, seed=options.seed)
            await traffic.prepare()
            async with databases.opened(market.data_dir, patient.urls) as opened:
                before = await oracle.pieces(opened, [each["id"] for each in traffic.shelf.products])
            played = await _under_load(options, traffic, clients, patient)
        # Opened anew: the connections of before do not survive every fault.
        async with databases.opened(market.data_dir, patient.urls) as opened:
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


async def _under_load(options: Options, traffic: Traffic, clients: Clients, patient: Patient) -> list[Played]:
    is_sqlite = options.database == "sqlite"
    whole = (
        short_form(is_sqlite=is_sqlite)
        if options.is_short
        else long_form(is_sqlite=is_sqlite, hold_seconds=HOLD_SECONDS)
    )
    chosen = [fault for fault in whole if any(part in fault.name for part in options.only)]
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
        traffic.stop()
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
        left = sum(waiting.values()) + verdict.found
        if not left:
            return verdict, time.monotonic() - began
        if left < least:
            least, moved_at = left, time.monotonic()
        if time.monotonic() - moved_at > REST_SECONDS:
            verdict.stuck += [f"{number} {what}" for what, number in waiting.items() if number]
            return verdict, time.monotonic() - began
        await asyncio.sleep(2.0)


def _settings(told: Path, *, is_short: bool) -> dict[str, str]:
    """The market's settings.

    Args:
        told: Where its processes read what time they are told.
    """
    # One account sends most of the traffic; how it is limited is tested elsewhere.
    always = {"ORDER_HOLD_SECONDS": str(HOLD_SECONDS), "YARMARKA_RATE_LIMITS": "measure", **clocks.settings(told)}
    if not is_short:
        return always
    # Where the short form runs a read may take longer than the market's time-outs without any fault, and would never be whole.
    patient = ("YARMARKA_READ_TIMEOUT_SECONDS", "YARMARKA_DECORATION_TIMEOUT_SECONDS")
    return {**always, **dict.fromkeys(patient, "6"), "YARMARKA_LIVENESS_TIMEOUT_SECONDS": "3"}


def _database_urls(postgres: PostgresServer | None) -> dict[str, str]:
    if postgres is None:
        return {}
    return {f"{name.upper()}_DATABASE_URL": make_postgres_database(postgres.port) for name in DATABASES}


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--short", action="store_true", help="five minutes: each kind of fault once, as CI plays them")
    parser.add_argument("--seed", type=int, default=None, help="of the traffic; drawn and printed when absent")
    parser.add_argument("--rate", type=float, default=None, metavar="PER_SECOND", help="12, and 3 in the short form")
    parser.add_argument(
        "--open", type=int, default=None, metavar="N", help="requests that wait at once: 400, and 20 in the short form"
    )
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="TEXT", help="the faults whose names have one of these"
    )
    parser.add_argument("--keep", type=Path, default=None, metavar="DIR", help="the market's data, kept afterwards")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    per_second = asked.rate or (SHORT_PER_SECOND if asked.short else PER_SECOND)
    most_open = asked.open or (SHORT_MOST_OPEN if asked.short else MOST_OPEN)
    return Options(asked.database, asked.short, seed, per_second, most_open, tuple(asked.only), asked.keep)


if __name__ == "__main__":
    sys.exit(main())
