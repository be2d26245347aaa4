"""How composition's time grows, beside Apollo's: `python -m tests.contract.composition.speed`.

Prints processor time for ours and wall time for Apollo's, which runs in a Node process of its own (`COMPOSITION_PEER`), each the
better of two runs after a first one that warms up.
"""

import sys
import time
from collections.abc import Callable

from gateway.composition.compose import compose
from tests.support.composition_peer import Peer, peer_folder
from tests.support.large_schemas import large_subgraphs

SIZES = ((5, 50, 10), (20, 200, 10), (20, 200, 30), (50, 800, 10), (100, 2000, 10))
RUNS = 2


def best(run: Callable[[], object], clock: Callable[[], float]) -> float:
    """The least time of some runs, in seconds."""
    times: list[float] = []
    for _ in range(RUNS):
        began = clock()
        run()
        times.append(clock() - began)
    return min(times)


def main() -> None:
    """Prints the table."""
    folder = peer_folder()
    sys.stdout.write("subgraphs  types  fields   ours s   Apollo s\n")
    for subgraphs, types, fields in SIZES:
        sources = large_subgraphs(subgraphs=subgraphs, types=types, fields=fields)
        ours = best(lambda sources=sources: compose(sources), time.process_time)  # type: ignore[misc]
        theirs = "-"
        if folder is not None:
            with Peer(folder) as peer:
                sdls = {source.name: source.sdl for source in sources}
                peer.compose({"warm": "type Query { up: Int }"})
                theirs = f"{best(lambda sdls=sdls, peer=peer: peer.compose(sdls), time.perf_counter):.2f}"  # type: ignore[misc]
        total = sum(source.sdl.count(": ") for source in sources)
        sys.stdout.write(f"{subgraphs:>9}  {types:>5}  {total:>6}  {ours:>7.2f}  {theirs:>9}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
