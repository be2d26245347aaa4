"""`python -m local.deployables migrate | seed DIR`: one command of every subgraph that owns tables, in one process.

A process of its own for each would spend most of its time on imports.
"""

import sys
from importlib import import_module
from typing import Any

from subgraphs import SERVICES
from subgraphs.kit.graph.cli import Deployable, run

OWNERS_OF_TABLES = tuple(name for name, subgraph in SERVICES.items() if subgraph.databases)


def deployable(name: str) -> Deployable[Any]:
    """What a subgraph's command line runs."""
    found = import_module(f"subgraphs.{name}.__main__").DEPLOYABLE
    assert isinstance(found, Deployable)
    return found


def main(arguments: list[str]) -> int:
    """Run the command for each owner; the first exit status that is not 0, and then the rest is not run."""
    for name in OWNERS_OF_TABLES:
        status = run(deployable(name), arguments)
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
