"""`python -m tests.bench [gateways|composition]`: this gateway and its peers in turn, each alone on core 0; subgraphs and load share core 1.

Prints, for each shape of request, the medians over the rounds: requests a second, p50 and p99, memory, processor time a request,
and what each gateway needs as a multiple of ours, in time and in processor time (the latter holds on a busy machine too). Exit status 1 if the answers differ, an answer is wrong, or the multiple
of ``hive rust`` on the deep query is under --mark. Then composition's time beside Apollo's (`tests.bench.composition`).
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import composition
from tests.bench.contestants import Contestant, install_peers, ours, peers
from tests.bench.load import Measured
from tests.bench.machine import group_cost, running, wait_for
from tests.bench.shop import supergraph
from tests.support.ports import free_port

FRAGMENTS = """fragment User on User { id username name } fragment Review on Review { id body }
fragment Product on Product { inStock name price shippingEstimate upc weight }"""
SHAPES = {
    "deep": FRAGMENTS
    + """ query TestQuery {
      users { ...User reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review
        product { ...Product } } } } } } }
      topProducts { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } }""",
    "single": "query Single { users { id username name birthday } }",
    "slow": "query Slow { topProducts { upc name reviews { body } warehouse } users { name reviews { id } } }",
    "list": "query List { catalog { upc name price inStock } }",
}
CONNECTIONS = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement of one gateway; memory in MiB, processor time in ms a request."""

    rate: float
    p50_ms: float
    p99_ms: float
    memory: float
    cpu_ms: float
    wrong: int


def main(arguments: list[str]) -> int:
    """Runs the bench; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "what", nargs="?", choices=("all", "gateways", "composition"), default="all", help="what is measured"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="of load, for each measurement")
    parser.add_argument("--shape", choices=SHAPES, action="append", help="only this one; may be given several times")
    parser.add_argument("--peers", type=Path, default=Path(".data/bench-peers"), help="folder of the peers from npm")
    parser.add_argument("--only", action="append", help="beside ours, only the gateways of these names")
    parser.add_argument("--mark", type=float, default=5.0)
    options = parser.parse_args(arguments)
    if options.what == "composition":
        return composition.main(options.peers.resolve())
    contestants = [ours()]
    if options.only != [contestants[0].name]:
        if (reason := install_peers(options.peers)) is not None:
            sys.stderr.write(f"measuring without peers: {reason}\n")
        contestants += [
            each for each in peers(options.peers.resolve()) if not options.only or each.name in options.only
        ]
    # So that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(contestants, options.shape or list(SHAPES), options.seconds)
    with bench:
        for number in range(1, options.rounds + 1):
            bench.run_round(number)
    sys.stdout.write(bench.table())
    status = bench.status(options.mark)
    if options.what == "all" and not options.shape and not options.only:
        sys.stdout.write("\n")
        status = max(status, composition.main(options.peers.resolve()))
    return status


class Bench:
    """The rounds and what they measured."""

    def __init__(self, contestants: list[Contestant], shapes: list[str], seconds: float) -> None:
        self._contestants = contestants
        self._shapes = shapes
        self._seconds = seconds
        self._rows: dict[tuple[str, str], list[Row]] = {}
        self._answers: dict[str, dict[str, Any]] = {shape: {} for shape in shapes}
        self._stack = ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        is_pinned = (os.cpu_count() or 1) > 1 and shutil.which("taskset") is not None
        self._gateway_core: int | None = 0 if is_pinned else None
        self._other_core: int | None = 1 if is_pinned else None

    def __enter__(self) -> "Bench":
        port = free_port()
        log = self._folder / "subgraphs.log"
        command = [sys.executable, "-m", "tests.bench.subgraph_server", str(port)]
        server = self._stack.enter_context(
            running(command, core=self._other_core, folder=Path.cwd(), log=log, environment={})
        )
        origin = f"http://127.0.0.1:{port}"
        wait_for(lambda: _is_answering(origin + "/accounts"), server, log)
        self._supergraph = self._folder / "supergraph.graphql"
        self._supergraph.write_text(supergraph(origin))
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run_round(self, number: int) -> None:
        """Starts each gateway in turn, and measures every shape on it."""
        for contestant in self._contestants:
            port = free_port()
            command = [part.format(supergraph=self._supergraph, port=port) for part in contestant.command]
            log = self._folder / f"{contestant.name}.log"
            with running(
                command, core=self._gateway_core, folder=contestant.folder, log=log, environment=contestant.environment
            ) as process:
                url = f"http://127.0.0.1:{port}/graphql"
                wait_for(lambda url=url: _is_answering(url), process, log)  # type: ignore[misc]
                for shape in self._shapes:
                    row = self._measure(contestant, shape, port, process)
                    self._rows.setdefault((contestant.name, shape), []).append(row)
                    sys.stderr.write(
                        f"round {number} {contestant.name:12} {shape:7} {row.rate:7.0f}/s p99 {row.p99_ms:7.1f} ms "
                        f"{row.cpu_ms:6.2f} ms cpu {row.memory:5.0f} MiB{' WRONG' if row.wrong else ''}\n"
                    )

    def _measure(self, contestant: Contestant, shape: str, port: int, process: "subprocess.Popen[bytes]") -> Row:
        body = json.dumps({"query": SHAPES[shape]}).encode()
        for _ in range(3):
            self._answers[shape][contestant.name] = _post(f"http://127.0.0.1:{port}/graphql", body)
        self._load(port, body, min(2.0, self._seconds))
        before, _ = group_cost(process)
        measured = self._load(port, body, self._seconds)
        after, memory = group_cost(process)
        return Row(
            rate=measured.requests / measured.seconds,
            p50_ms=measured.p50 * 1000,
            p99_ms=measured.p99 * 1000,
            memory=memory / 2**20,
            cpu_ms=(after - before) * 1000 / measured.requests,
            wrong=measured.wrong,
        )

    def _load(self, port: int, body: bytes, seconds: float) -> Measured:
        pinned = [] if self._other_core is None else ["taskset", "-c", str(self._other_core)]
        command = [*pinned, sys.executable, "-m", "tests.bench.load", str(port), str(CONNECTIONS), str(seconds)]
        done = subprocess.run(command, input=body, capture_output=True, check=True, timeout=seconds + 60)
        return Measured(**json.loads(done.stdout))

    def table(self) -> str:
        """The medians, and our multiple of each peer."""
        lines = [
            f"{'shape':8}{'gateway':14}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'MiB':>7}{'cpu ms':>8}{'ours is':>10}"
        ]
        for shape in self._shapes:
            for contestant in self._contestants:
                rows = self._rows[contestant.name, shape]
                middle = [statistics.median(getattr(row, name) for row in rows) for name in Row.__slots__[:5]]
                lines.append(
                    f"{shape:8}{contestant.name:14}{middle[0]:8.0f}{middle[1]:9.1f}{middle[2]:9.1f}{middle[3]:7.0f}"
                    f"{middle[4]:8.2f}{self.multiple(contestant.name, shape):9.2f}x"
                    f"{middle[4] / self._median_cpu(self._contestants[0].name, shape):8.2f}x"
                )
        return "\n".join(lines) + "\n"

    def multiple(self, name: str, shape: str) -> float:
        """Our median rate over that of a gateway."""
        own = self._rows.get((self._contestants[0].name, shape), [])
        other = self._rows[name, shape]
        return statistics.median(row.rate for row in own) / statistics.median(row.rate for row in other)

    def _median_cpu(self, name: str, shape: str) -> float:
        return statistics.median(row.cpu_ms for row in self._rows[name, shape])

    def status(self, mark: float) -> int:
        """0 if all answered alike and rightly, and the mark is reached."""
        status = 0
        for shape, answers in self._answers.items():
            data = [json.dumps(answer.get("data"), sort_keys=True) for answer in answers.values()]
            if len(set(data)) != 1 or any("errors" in answer for answer in answers.values()):
                sys.stdout.write(f"the answers to {shape!r} differ: {[len(text) for text in data]}\n")
                status = 1
        if any(row.wrong for rows in self._rows.values() for row in rows):
            sys.stdout.write("some answers were wrong\n")
            status = 1
        if ("hive rust", "deep") in self._rows and self.multiple("hive rust", "deep") < mark:
            sys.stdout.write(f"under the mark of {mark}\n")
            status = 1
        return status


def _post(url: str, body: bytes) -> dict[str, Any]:
    headers = {"content-type": "application/json", "accept": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as response:
        answer: dict[str, Any] = json.loads(response.read())
    return answer


def _is_answering(url: str) -> bool:
    try:
        _post(url, b'{"query":"{ __typename }"}')
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        time.sleep(0.05)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
