"""`python -m tests.bench.arrivals`: how long new connections and probes wait while other clients keep the gateway busy.

300 clients on kept connections send the next request when they have their answer. Then, five times, 20 new clients come at once,
each with one request; /health and /ready are asked on a new connection ten times a second all along; at last 450 of 500 clients come
within one moment on a gateway that 50 keep busy. Prints the largest and middle times in ms, from `connect` to the last byte.
"""

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import uvloop

from tests.bench.machine import running, wait_for
from tests.bench.shop import supergraph
from tests.support.ports import free_ports

BODY = json.dumps({"query": "{ users { id username name birthday } }"}).encode()
QUERY = (
    b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
    % (len(BODY), BODY)
)
PROBES = {
    name: b"GET %b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % name.encode() for name in ("/health", "/ready")
}
ROUNDS = 5
NEW_CLIENTS = 20
BURST = 450
RAMP_SECONDS = 2.5


async def once(port: int, request: bytes) -> float:
    """Return the seconds from `connect` to the end of the answer.

    Raises:
        RuntimeError: the answer is no 200.
    """
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    seconds = time.perf_counter() - began
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer[:300].decode("latin-1"))
    return seconds


async def probe(port: int, request: bytes, waits: list[float]) -> None:
    """Ask ten times a second, until cancelled."""
    while True:
        waits.append(await once(port, request))
        await asyncio.sleep(0.1)


async def arrivals(port: int) -> None:
    """Measure and print."""
    waits: dict[str, list[float]] = {name: [] for name in ("20 new among 300", "/health", "/ready")}
    busy = await load(port, connections=300, seconds=10)
    probes = [asyncio.create_task(probe(port, request, waits[name])) for name, request in PROBES.items()]
    for _ in range(ROUNDS):
        waits["20 new among 300"] += await asyncio.gather(*(once(port, QUERY) for _ in range(NEW_CLIENTS)))
        await asyncio.sleep(0.5)
    for each in probes:
        each.cancel()
    await asyncio.gather(*probes, return_exceptions=True)
    lines = [await told(busy, "300 clients")]
    busy = await load(port, connections=50, seconds=5)
    waits["burst from 50 to 500"] = list(await asyncio.gather(*(once(port, QUERY) for _ in range(BURST))))
    lines.append(await told(busy, "50 clients"))
    lines += [row(name, seconds) for name, seconds in waits.items()]
    sys.stdout.write("\n".join(lines) + "\n")


async def load(port: int, *, connections: int, seconds: int) -> asyncio.subprocess.Process:
    """Start clients in a process of their own, so that the times measured here have none of theirs; return when they are at work."""
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", "1", sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(seconds),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(BODY)
    process.stdin.close()
    await asyncio.sleep(RAMP_SECONDS)
    return process


async def told(process: asyncio.subprocess.Process, who: str) -> str:
    """Return what the clients of a load saw, once they are done."""
    output, _ = await process.communicate()
    measured = json.loads(output)
    rate = measured["requests"] / measured["seconds"]
    return f"{rate:.0f} requests a second from {who}, p99 {measured['p99'] * 1000:.0f} ms, {measured['wrong']} wrong"


def row(name: str, seconds: Sequence[float]) -> str:
    """Return a line of the table."""
    ordered = sorted(seconds)
    p99 = ordered[len(ordered) * 99 // 100]
    return (
        f"{name:24}{len(ordered):6} p50 {statistics.median(ordered) * 1000:7.1f}  p99 {p99 * 1000:7.1f}"
        f"  max {ordered[-1] * 1000:7.1f} ms"
    )


def main(arguments: list[str]) -> int:
    """Start subgraphs and a gateway, and measure; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.arrivals", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="arrivals-")))
        subgraphs_port, port = free_ports(2)
        log = folder / "subgraphs.log"
        command = [sys.executable, "-m", "tests.bench.subgraph_server", str(subgraphs_port)]
        server = stack.enter_context(running(command, core=1, folder=Path.cwd(), log=log, environment={}))
        wait_for(lambda: is_listening(subgraphs_port), server, log)
        schema = folder / "supergraph.graphql"
        schema.write_text(supergraph(f"http://127.0.0.1:{subgraphs_port}"), encoding="utf-8")
        log = folder / "gateway.log"
        command = [sys.executable, "-m", "gateway", "serve", "--supergraph", str(schema), "--port", str(port)]
        environment = {"GATEWAY_LOG__REQUESTS": "none"}
        gateway = stack.enter_context(running(command, core=0, folder=Path.cwd(), log=log, environment=environment))
        wait_for(lambda: is_listening(port), gateway, log)
        uvloop.run(arrivals(port))
    return 0


def is_listening(port: int) -> bool:
    """Return whether a server accepts connections there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
