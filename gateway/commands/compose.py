"""`python -m gateway compose`: the subgraphs of a configuration become a supergraph.

The supergraph goes to `--output`, or to standard output; errors and hints go to standard error, or, with `--format json`, all goes
to standard output as one object.
"""

import argparse
import json
import sys
from pathlib import Path

from gateway.commands.files import write_atomically
from gateway.commands.sources import SourceError, load_subgraphs, read_config
from gateway.composition.compose import Composed, compose
from gateway.composition.contracts import Contract
from gateway.composition.errors import CompositionError, CompositionFailed, Hint, HintLevel
from gateway.composition.report import COLOURED, PLAIN, as_json, as_text

LEVELS = {"none": (), "warn": (HintLevel.WARN,), "info": (HintLevel.WARN, HintLevel.INFO), "debug": tuple(HintLevel)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("--config", type=Path, required=True, help="a supergraph configuration in rover's format")
    parser.add_argument("--output", type=Path, help="where the supergraph goes; standard output if not given")
    parser.add_argument("--api", type=Path, help="where the API schema goes, if it is wanted")
    parser.add_argument(
        "--contract", type=contract, metavar="include=A,exclude=B", help="show clients only what these tags leave"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how errors and hints are shown")
    parser.add_argument("--hints", choices=tuple(LEVELS), default="warn", help="the least level of hints to show")


def run(arguments: argparse.Namespace) -> int:
    """Composes; 1 if the subgraphs do not compose, 2 if they, or the output, cannot be reached."""
    try:
        config = read_config(arguments.config)
        subgraphs = load_subgraphs(config, arguments.config.parent)
        composed = compose(subgraphs, contract=arguments.contract)
        _write(arguments, composed)
    except SourceError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return 2
    except CompositionFailed as failed:
        _show(arguments, failed.errors, failed.hints, supergraph=None)
        return 1
    _show(arguments, (), composed.hints, supergraph=composed.supergraph_sdl)
    return 0


def contract(text: str) -> Contract:
    """A contract from ``include=a,include=b,exclude=c``; a name without ``=`` belongs to what stands before it.

    Raises:
        argparse.ArgumentTypeError: if something else is written.
    """
    chosen: dict[str, set[str]] = {"include": set(), "exclude": set()}
    kind = ""
    for part in text.split(","):
        kind, tag = part.split("=", 1) if "=" in part else (kind, part)
        if kind not in chosen or not tag:
            raise argparse.ArgumentTypeError(f'"{part}" is neither include=TAG nor exclude=TAG')
        chosen[kind].add(tag)
    return Contract(frozenset(chosen["include"]), frozenset(chosen["exclude"]))


def _write(arguments: argparse.Namespace, composed: Composed) -> None:
    if arguments.output is not None:
        write_atomically(arguments.output, composed.supergraph_sdl)
    if arguments.api is not None:
        write_atomically(arguments.api, composed.api_sdl)


def _show(
    arguments: argparse.Namespace,
    errors: tuple[CompositionError, ...],
    hints: tuple[Hint, ...],
    *,
    supergraph: str | None,
) -> None:
    shown = [hint for hint in hints if hint.level in LEVELS[arguments.hints]]
    if arguments.format == "json":
        answer = as_json(errors, shown)
        if arguments.output is None:
            answer["supergraph"] = supergraph
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
        return
    style = COLOURED if sys.stderr.isatty() else PLAIN
    text = as_text(errors, shown, style=style)
    if text:
        sys.stderr.write(f"{text}\n")
    if errors:
        sys.stderr.write(f"\n{len(errors)} error{'s' if len(errors) > 1 else ''}: no supergraph was made.\n")
    elif supergraph is not None and arguments.output is None:
        sys.stdout.write(supergraph)
