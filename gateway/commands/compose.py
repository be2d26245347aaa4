"""`python -m gateway compose`: the subgraphs of a configuration become a supergraph.

The supergraph goes to `--output`, or to standard output; errors and hints go to standard error, or, with `--format json`, all goes
to standard output as one object.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from gateway.composition.compose import Composed, compose
from gateway.composition.contracts import Contract, all_tags
from gateway.composition.errors import CompositionError, CompositionFailed, Hint, HintLevel
from gateway.composition.report import COLOURED, PLAIN, as_json, as_text
from gateway.files import write_atomically
from gateway.sources import SourceError, load_subgraphs, read_config

EXAMPLES = """\
examples:
  python -m gateway compose --config supergraph.yaml --output supergraph.graphql
  python -m gateway compose --config supergraph.yaml --contract exclude=internal --output public.graphql
      what is tagged "internal" is hidden from clients; the gateway still uses it
  python -m gateway compose --config supergraph.yaml --contract include=partner,mobile,exclude=beta --hide-unreachable-types
      only fields tagged "partner" or "mobile", without those tagged "beta"

exit status:
  0  composed    1  the subgraphs do not compose    2  something cannot be read or written
"""

LEVELS = {"none": (), "warn": (HintLevel.WARN,), "info": (HintLevel.WARN, HintLevel.INFO), "debug": tuple(HintLevel)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="the subgraphs, in rover's format (supergraph.yaml)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where the supergraph goes; standard output if not given"
    )
    parser.add_argument("--api", type=Path, metavar="FILE", help="where the API schema goes, if it is wanted")
    parser.add_argument(
        "--contract",
        type=contract,
        metavar="TAGS",
        help="show clients only what these tags leave, e.g. include=partner,exclude=internal",
    )
    parser.add_argument(
        "--hide-unreachable-types",
        action="store_true",
        help="with --contract: hide types as well that nothing visible leads to",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how errors and hints are shown (text)"
    )
    parser.add_argument(
        "--hints", choices=tuple(LEVELS), default="warn", help="the least level of hints to show (warn)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Composes; 1 if the subgraphs do not compose.

    Raises:
        SourceError: the subgraphs cannot be read, the output cannot be written, or the contract is none.
    """
    chosen = _chosen(arguments)
    subgraphs = load_subgraphs(read_config(arguments.config), arguments.config.parent)
    try:
        composed = compose(subgraphs, contract=chosen)
    except CompositionFailed as failed:
        _show(arguments, failed.errors, failed.hints, supergraph=None)
        return 1
    try:
        _write(arguments, composed)
    except OSError as error:
        raise SourceError(f"{error.filename}: {error.strerror}") from error
    hints = (*composed.hints, *(_unheard(chosen, composed) if chosen is not None else ()))
    _show(arguments, (), hints, supergraph=composed.supergraph_sdl)
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
    both = sorted(chosen["include"] & chosen["exclude"])
    if both:
        raise argparse.ArgumentTypeError(f'"{both[0]}" cannot be included and excluded at once')
    return Contract(frozenset(chosen["include"]), frozenset(chosen["exclude"]))


def _chosen(arguments: argparse.Namespace) -> Contract | None:
    given: Contract | None = arguments.contract
    if not arguments.hide_unreachable_types:
        return given
    if given is None:
        raise SourceError("--hide-unreachable-types is a part of a contract: give --contract as well")
    return replace(given, hides_unreachable=True)


def _unheard(chosen: Contract, composed: Composed) -> list[Hint]:
    """A warning for each tag of the contract that nothing carries: misspelt, it would show what it is to hide."""
    known = all_tags(composed.supergraph)
    said = f"known are {', '.join(sorted(known))}" if known else "there are no tags at all"
    return [
        Hint("CONTRACT_TAG_UNUSED", HintLevel.WARN, f'Nothing carries the tag "{tag}" of the contract; {said}.')
        for tag in sorted((chosen.include | chosen.exclude) - known)
    ]


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
        if arguments.contract is not None and any("INACCESSIBLE" in error.code for error in errors):
            sys.stderr.write(
                "What is called @inaccessible here may be so by the contract's tags: tag a type and the fields of it alike.\n"
            )
    elif supergraph is not None and arguments.output is None:
        sys.stdout.write(supergraph)
