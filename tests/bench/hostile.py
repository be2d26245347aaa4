"""`python -m tests.bench.hostile`: what each document that is made to cost takes of processor time and memory.

A case is run three times, and the least processor time counts, since caches are shared with whatever else runs here; once more
under tracemalloc for its peak of memory, which is slower and so not timed. Exit status 1 if a case takes more than it may, or ends
otherwise than it should. The tests run the same cases and count calls instead.
"""

import argparse
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.supergraph.reader import read_supergraph
from tests.laboratory.hostile import (
    DOCUMENTS,
    OPERATIONS,
    chain_of_subgraphs,
    every_field_of_chain,
    every_type_below_every_type,
    every_type_of_interface,
    mutations_in_a_row,
    preparer_for,
    refusal_of_planning,
    refusal_of_preparing,
    wide_interface,
)
from tests.support.gateway import shop_supergraph
from tests.support.planning import GOLDENS, read_supergraph_file

RUNS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """Something to run.

    Attributes:
        run: gives the code of the refusal, or None; remembers nothing from one call to the next.
        code: what it should give.
    """

    name: str
    run: Callable[[], str | None]
    code: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """What one case took: the least processor time of the runs in ms, and the peak of memory in MB, 10^6 bytes."""

    case: Case
    code: str | None
    cpu_ms: float
    peak_mb: float


def main(arguments: list[str]) -> int:
    """Runs every case and prints a table; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hostile", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--max-ms", type=float, default=250.0, help="of processor time, for each case")
    parser.add_argument("--max-mb", type=float, default=100.0, help="of memory at its peak, for each case")
    options = parser.parse_args(arguments)
    sys.stdout.write(f"{'case':44}{'outcome':28}{'cpu ms':>8}{'peak MB':>9}\n")
    status = 0
    for case in cases():
        row = measured(case)
        complaints = [
            text
            for text, is_wrong in (
                (f"should be {case.code or 'answered'}", row.code != case.code),
                ("too slow", row.cpu_ms > options.max_ms),
                ("too large", row.peak_mb > options.max_mb),
            )
            if is_wrong
        ]
        outcome = row.code or "answered"
        line = f"{case.name:44}{outcome:28}{row.cpu_ms:8.1f}{row.peak_mb:9.1f}  {', '.join(complaints)}"
        sys.stdout.write(line.rstrip() + "\n")
        status |= bool(complaints)
    return status


def cases() -> Iterator[Case]:
    """Every hostile document, prepared; every hostile operation, normalised and planned."""
    shop = read_supergraph(shop_supergraph())
    for name, (text, code) in DOCUMENTS.items():
        yield Case(f"prepare {name}", lambda text=text: refusal_of_preparing(preparer_for(shop), text), code)  # type: ignore[misc]
    benchmark = read_supergraph_file(GOLDENS / "benchmark" / "supergraph.graphql")
    for name, (text, code) in OPERATIONS.items():
        yield Case(f"plan {name}", lambda text=text: refusal_of_planning(benchmark, text), code)  # type: ignore[misc]
    mutations = read_supergraph_file(GOLDENS / "mutations" / "supergraph.graphql")
    row = mutations_in_a_row(100)
    yield Case("plan two hundred mutations in a row", lambda: refusal_of_planning(mutations, row), None)
    chain = chain_of_subgraphs(20)
    every_field = every_field_of_chain(20)
    yield Case("plan a chain of twenty keys", lambda: refusal_of_planning(chain, every_field), None)
    wide = wide_interface(120)
    yield Case("plan 120 types of an interface", lambda: refusal_of_planning(wide, every_type_of_interface(120)), None)
    nested = every_type_below_every_type(70, 7)
    yield Case("plan ten types below each of 70", lambda: refusal_of_planning(wide, nested), None)


def measured(case: Case) -> Row:
    """A case, run and measured; the collector rests meanwhile, so that what others left is not counted as the case's."""
    spent: list[float] = []
    code: str | None = None
    gc.disable()
    try:
        for _ in range(RUNS):
            gc.collect()
            began = time.process_time()
            code = case.run()
            spent.append(time.process_time() - began)
        gc.collect()
        tracemalloc.start()
        case.run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    return Row(case, code, min(spent) * 1000, peak / 1e6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
