"""How composition's time grows, beside Apollo's on the same subgraphs: `python -m tests.bench composition`.

The times are of the processor, so that they hold on a busy machine too; each set is composed twice after a small one that warms up,
and the better time counts. Apollo's composition runs in a Node process of its own, from the folder `COMPOSITION_PEER` or from that of the bench's peers; without it, ours is timed alone.

Exit status 1 if ours takes longer than it may, or more than twice as long a field for the largest set as for the smallest.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from tests.laboratory.composition_peer import Peer, peer_folder
from tests.laboratory.large_schemas import large_subgraphs

RUNS = 2
MAX_GROWTH = 2.0  # of the time a field takes, from the smallest set to the largest


@dataclass(frozen=True, slots=True)
class Size:
    """A set of subgraphs, and how many seconds it may take us."""

    subgraphs: int
    types: int
    fields: int
    may_take: float | None = None


SIZES = (Size(5, 50, 10), Size(20, 200, 10, 2.0), Size(20, 200, 30), Size(50, 800, 10), Size(100, 2000, 10, 20.0))


def main(peers: Path) -> int:
    """Prints the table; gives the exit status.

    Args:
        peers: where the bench installs what it measures against.
    """
    os.environ.setdefault("COMPOSITION_PEER", str(peers))
    folder = peer_folder()
    if folder is None:
        sys.stderr.write(f"composing without Apollo's composition: it is not in {os.environ['COMPOSITION_PEER']}\n")
    sys.stdout.write("subgraphs  types  fields    ours s  us/field  apollo s   ours is\n")
    status, costs = 0, []
    with ExitStack() as stack:
        ours_and_theirs: list[Callable[[list[Subgraph]], float]] = [_ours]
        if folder is not None:
            ours_and_theirs.append(_theirs(stack.enter_context(Peer(folder))))
        for compose_once in ours_and_theirs:
            compose_once(large_subgraphs(subgraphs=2, types=10, fields=4))
        for size in SIZES:
            sources = large_subgraphs(subgraphs=size.subgraphs, types=size.types, fields=size.fields)
            fields = sum(source.sdl.count(": ") for source in sources)
            ours, *others = (min(run(sources) for _ in range(RUNS)) for run in ours_and_theirs)
            costs.append(ours / fields)
            beside = f"{others[0]:>10.2f}{others[0] / ours:>9.2f}x" if others else f"{'-':>10}{'-':>10}"
            sys.stdout.write(
                f"{size.subgraphs:>9}{size.types:>7}{fields:>8}{ours:>10.2f}{costs[-1] * 1e6:>10.0f}{beside}\n"
            )
            sys.stdout.flush()
            if size.may_take is not None and ours > size.may_take:
                sys.stdout.write(f"over the {size.may_take:.0f} s that this set may take\n")
                status = 1
    if costs[-1] > MAX_GROWTH * costs[0]:
        sys.stdout.write(
            f"a field takes {costs[-1] / costs[0]:.1f} times as long in the largest set as in the smallest\n"
        )
        status = 1
    return status


def _ours(sources: list[Subgraph]) -> float:
    began = time.process_time()
    compose(sources)
    return time.process_time() - began


def _theirs(peer: Peer) -> Callable[[list[Subgraph]], float]:
    def run(sources: list[Subgraph]) -> float:
        verdict = peer.compose({source.name: source.sdl for source in sources})
        assert not verdict.codes, verdict.codes
        return verdict.cpu_seconds

    return run
