"""`python -m tests.attacks`: all attacks on a running gateway, and a table of what came and what it cost.

Each line: which part of the issue, what was tried, what came, the gateway's processor time and the memory that it still holds afterwards, the
attacker's processor time and the growth of its peak of memory (clients and hostile subgraphs share the attacker's process).
Exit status 1 if an attack succeeds: it got what it wanted, cost the gateway more than it may, or others were not served afterwards.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.attacks import arrivals, edge, identity, operations, processes, wire
from tests.attacks.attack import Outcome, played
from tests.attacks.world import attacked_world

MODULES = (arrivals, edge, identity, operations, processes, wire)
ATTACKS = sorted((attack for module in MODULES for attack in module.ATTACKS), key=lambda attack: attack.place)
HOSTILE = 42
"""Subgraphs; an attack on the wire uses one, some use several."""


def row(outcome: Outcome) -> str:
    """A line of the table."""
    attack = outcome.attack
    came = outcome.came if outcome.fault is None else f"SUCCEEDED: {outcome.fault}"
    ours = f"{outcome.our_ms:8.0f}{outcome.our_mib:8.1f}"
    theirs = f"{outcome.their_ms:8.0f}{outcome.their_mib:8.1f}"
    return f"{attack.line:6}{attack.name:46}{ours}{theirs}  {came}\n"


def main(arguments: list[str]) -> int:
    """Play the attacks and print the table; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("-k", default="", help="only those whose line or name has this in it")
    options = parser.parse_args(arguments)
    chosen = tuple(attack for attack in ATTACKS if options.k in f"{attack.line} {attack.name}")
    sys.stdout.write(f"{'line':6}{'attack':46}{'our ms':>8}{'MiB':>8}{'its ms':>8}{'MiB':>8}  what came\n")
    succeeded = 0
    with (
        tempfile.TemporaryDirectory(prefix="attacks-") as folder,
        attacked_world(Path(folder), hostile=HOSTILE) as world,
    ):
        for attack in chosen:
            outcome = played(attack, world)
            succeeded += outcome.fault is not None
            sys.stdout.write(row(outcome))
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} attacks, {succeeded} succeeded\n")
    return 1 if succeeded else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
