"""`task load`: HomeFeed on a running market from 20 clients at once; prints requests a second, p50, p95, p99 and refusals.

    python -m tests.load [--url http://127.0.0.1:4000/graphql] [--clients 20] [--seconds 15] [--operation HomeFeed]

All of it comes from one account, which the market's rate limits refuse: start the market with YARMARKA_RATE_LIMITS=measure.

Each client sends the next request when it has the answer to the last. Bounded in time and to loopback.
"""

import argparse
import asyncio
import statistics
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from tests.support.market import OPERATIONS, Client

VARIABLES = {"HomeFeed": {"first": 20}, "AppBoot": {"ctx": {"platform": "web", "appVersion": "1.0"}}, "SellerDesk": {}}


@dataclass(slots=True)
class Tally:
    """What the clients saw: milliseconds of each good answer, and the number of answers with errors."""

    milliseconds: list[float] = field(default_factory=list)
    refused: int = 0


def main() -> int:
    """Measure and print; 1 if any answer had errors."""
    options = arguments()
    if urlsplit(options.url).hostname not in {"127.0.0.1", "localhost", "::1"}:
        print("load goes to loopback only", file=sys.stderr)
        return 2
    person = Client(options.url)
    person.sign_in("buyer@yarmarka.test")
    asyncio.run(run(options, person.headers, seconds=2.0, tally=Tally()))
    tally = Tally()
    asyncio.run(run(options, person.headers, seconds=options.seconds, tally=tally))
    if not tally.milliseconds:
        print(f"no answer without errors; {tally.refused} with")
        return 1
    cuts = statistics.quantiles(tally.milliseconds, n=100)
    print(
        f"{options.operation}, {options.clients} clients, {options.seconds:g} s: "
        f"{len(tally.milliseconds) / options.seconds:.0f} requests/s, p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, "
        f"p99 {cuts[98]:.1f} ms, {tally.refused} answers with errors"
    )
    return 1 if tally.refused else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:4000/graphql")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--operation", default="HomeFeed", choices=sorted(VARIABLES))
    return parser.parse_args()


async def run(options: argparse.Namespace, headers: dict[str, str], *, seconds: float, tally: Tally) -> None:
    """Run all clients for a while and count into the tally."""
    body = {
        "query": (OPERATIONS / f"{options.operation}.graphql").read_text(),
        "variables": VARIABLES[options.operation],
    }
    deadline = time.perf_counter() + seconds
    connector = aiohttp.TCPConnector(limit=options.clients)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session, asyncio.TaskGroup() as clients:
        for _ in range(options.clients):
            clients.create_task(one_client(session, options.url, body, deadline=deadline, tally=tally))


async def one_client(
    session: aiohttp.ClientSession, url: str, body: dict[str, object], *, deadline: float, tally: Tally
) -> None:
    """Send requests one after the other until the deadline."""
    while time.perf_counter() < deadline:
        started = time.perf_counter()
        async with session.post(url, json=body) as response:
            answer = await response.json(content_type=None)
        if response.status == 200 and "errors" not in answer:
            tally.milliseconds.append((time.perf_counter() - started) * 1000)
        else:
            tally.refused += 1


if __name__ == "__main__":
    sys.exit(main())
