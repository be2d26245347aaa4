"""`python -m gateway check`: what new subgraphs would do to the clients of the supergraph in service.

Composition errors, changes of the API, and, given operations, those that could no longer be answered or would be answered by another
plan. A change that breaks clients is a finding unless a file accepts it by its name, a line each:

    # agreed with the mobile team, 2026-11-01
    FIELD_REMOVED: Field Query.oldSearch was removed.
"""

import argparse
import json
import sys
from pathlib import Path

from gateway.check.comparison import Report, compare
from gateway.check.operations import read_operations
from gateway.check.report import report_as_json, report_as_markdown, report_as_text
from gateway.composition.compose import compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.report import COLOURED, PLAIN
from gateway.server.supergraphs import SupergraphUnusable, load_supergraph
from gateway.sources import SourceError, load_subgraphs, read_config
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph

EXAMPLES = """\
exit status:
  0  nothing that clients could notice breaks, or all that does is accepted by name
  1  the subgraphs do not compose, a breaking change is not accepted, or an operation could no longer be answered
  2  something cannot be read

examples:
  python -m gateway check --supergraph deployed.graphql --config supergraph.yaml --operations operations/
  python -m gateway check --supergraph deployed.graphql --config supergraph.yaml --format markdown >> "$GITHUB_STEP_SUMMARY"

A file for --accept has a line for each breaking change that is agreed, as the report names it; # begins a comment:
  # agreed with the mobile team
  FIELD_REMOVED: Field Query.oldSearch was removed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("--supergraph", type=Path, required=True, metavar="FILE", help="the supergraph in service")
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="the new subgraphs, in rover's format"
    )
    parser.add_argument(
        "--operations",
        type=Path,
        metavar="PATH",
        help="what clients send: a folder of .graphql files, one such file, or a manifest of persisted documents in JSON",
    )
    parser.add_argument("--accept", type=Path, metavar="FILE", help="breaking changes that are agreed, a line each")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how it is told (text)")


def run(arguments: argparse.Namespace) -> int:
    """Checks; 1 if something would break, 2 if something cannot be read.

    Raises:
        GatewayError: the configuration, a subgraph, an operation or the supergraph cannot be read.
    """
    old = _in_service(arguments.supergraph)
    config = read_config(arguments.config)
    operations = read_operations(arguments.operations) if arguments.operations else None
    accepted = _accepted(arguments.accept) if arguments.accept else frozenset()
    try:
        composed = compose(load_subgraphs(config, arguments.config.parent))
    except CompositionFailed as failed:
        report = Report(failed.errors)
    else:
        report = compare(old, read_supergraph(composed.supergraph_sdl), operations, accepted)
    match arguments.format:
        case "json":
            print(json.dumps(report_as_json(report), indent=2))
        case "markdown":
            print(report_as_markdown(report))
        case _:
            print(report_as_text(report, COLOURED if sys.stdout.isatty() else PLAIN))
            if report.unaccepted:
                file = arguments.accept or "a file, and give it with --accept"
                print(f"To agree to a change that breaks clients, add its line, as it stands above, to {file}.")
    return 1 if report.has_findings else 0


def _in_service(path: Path) -> Supergraph:
    try:
        return load_supergraph(path).supergraph
    except SupergraphUnusable as error:
        # Whatever is wrong with it is no finding about the new subgraphs.
        raise SourceError(str(error)) from error


def _accepted(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return frozenset(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
