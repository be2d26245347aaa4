"""The command line: ``python -m gateway COMMAND``. Each command is a module of `gateway.commands`, imported when it is chosen.

Exit status: 0 success, 1 findings (a schema that cannot be served or composed, breaking changes), 2 wrong usage.

A command's module has `add_arguments(parser)` and `run(arguments) -> int`; it may raise `GatewayError`, which is told on
standard error and ends with its `exit_status` if it has one, or else 1.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from gateway.errors import GatewayError

INTERRUPTED = 130
"""What shells call a program that Ctrl-C ended."""

COMMANDS = {
    "serve": "serve a supergraph over HTTP",
    "plan": "print the query plan of an operation; nothing is run",
    "compose": "compose subgraphs into a supergraph",
    "check": "compare new subgraphs with the supergraph in service",
    "dev": "compose, watch, mock what is down, reload",
}


def main(arguments: Sequence[str]) -> int:
    """Run a command; its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway",
        description="A federated GraphQL gateway.",
        epilog=_listed(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    if not arguments or arguments[0] in ("-h", "--help") or arguments[0] not in COMMANDS:
        parser.parse_args(arguments[:1])
    try:
        return _run(arguments[0], arguments[1:])
    except GatewayError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(getattr(error, "exit_status", 1))
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(name: str, arguments: Sequence[str]) -> int:
    command = importlib.import_module(f"gateway.commands.{name}")
    parser = argparse.ArgumentParser(
        prog=f"python -m gateway {name}",
        description=COMMANDS[name],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    status: int = command.run(parser.parse_args(arguments))
    return status


def _listed() -> str:
    lines = "\n".join(f"  {name:<9}{about}" for name, about in COMMANDS.items())
    return f"commands:\n{lines}\n\n`python -m gateway COMMAND --help` tells what each takes, with examples."
