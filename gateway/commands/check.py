"""`python -m gateway check`: what new subgraphs would do to the clients of the supergraph in service.

Composition errors, changes of the API, and, given operations, those that could no longer be answered or would take more or fewer
fetches. A change that breaks clients is a finding unless a file accepts it by its name, a line each:

    # agreed with the mobile team, 2026-11-01
    FIELD_REMOVED: Query.oldSearch was removed.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.commands.operations import ClientOperation, Cost, cost_on, read_operations
from gateway.commands.sources import SourceError, load_subgraphs, read_config
from gateway.composition.change import Change, Severity
from gateway.composition.changes import accept, api_changes
from gateway.composition.compose import compose
from gateway.composition.errors import CompositionError, CompositionFailed
from gateway.composition.report import COLOURED, PLAIN, as_json, as_text
from gateway.server.supergraphs import load_supergraph
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph


@dataclass(frozen=True, slots=True)
class OperationChange:
    """How an operation fares, before and after."""

    operation: ClientOperation
    old: Cost
    new: Cost

    @property
    def is_broken(self) -> bool:
        """Whether it could be answered and no longer can."""
        return self.old.is_answered and not self.new.is_answered

    @property
    def is_replanned(self) -> bool:
        """Whether it takes more or fewer fetches, or a longer or shorter chain of them."""
        return self.new.is_answered and (self.old.fetches, self.old.depth) != (self.new.fetches, self.new.depth)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found."""

    errors: tuple[CompositionError, ...]
    changes: tuple[Change, ...] = ()
    operations: tuple[OperationChange, ...] = ()
    checked_operations: int = 0

    @property
    def has_findings(self) -> bool:
        """Whether the subgraphs should not be published as they are."""
        return (
            bool(self.errors)
            or any(change.severity is Severity.BREAKING and not change.is_accepted for change in self.changes)
            or any(change.is_broken for change in self.operations)
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("--supergraph", type=Path, required=True, metavar="FILE", help="the supergraph in service")
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="the new subgraphs, in rover's format"
    )
    parser.add_argument(
        "--operations", type=Path, metavar="PATH", help="what clients send: a folder, or a manifest in JSON"
    )
    parser.add_argument("--accept", type=Path, metavar="FILE", help="breaking changes that are agreed, a line each")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how it is told")


def run(arguments: argparse.Namespace) -> int:
    """Checks; 1 if something would break, 2 if something cannot be read.

    Raises:
        GatewayError: the configuration, a subgraph, an operation or the supergraph cannot be read.
    """
    old = load_supergraph(arguments.supergraph).supergraph
    config = read_config(arguments.config)
    operations = read_operations(arguments.operations) if arguments.operations else []
    accepted = _accepted(arguments.accept) if arguments.accept else frozenset()
    try:
        composed = compose(load_subgraphs(config, arguments.config.parent))
    except CompositionFailed as failed:
        report = Report(failed.errors)
    else:
        report = compare(old, read_supergraph(composed.supergraph_sdl), operations, accepted)
    _print(report, arguments.format)
    return 1 if report.has_findings else 0


def compare(
    old: Supergraph, new: Supergraph, operations: list[ClientOperation], accepted: frozenset[str] = frozenset()
) -> Report:
    """What changes between two supergraphs, for clients and for their operations."""
    costs = (OperationChange(operation, cost_on(old, operation), cost_on(new, operation)) for operation in operations)
    return Report(
        errors=(),
        changes=tuple(accept(api_changes(old, new), accepted)),
        operations=tuple(change for change in costs if change.is_broken or change.is_replanned),
        checked_operations=len(operations),
    )


def _accepted(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return frozenset(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _print(report: Report, form: str) -> None:
    match form:
        case "json":
            print(json.dumps(report_as_json(report), indent=2))
        case "markdown":
            print(report_as_markdown(report))
        case _:
            print(report_as_text(report, coloured=sys.stdout.isatty()))


def report_as_json(report: Report) -> dict[str, Any]:
    """The report for machines."""
    return {
        "ok": not report.has_findings,
        **as_json(report.errors),
        "changes": [
            {"kind": c.kind, "severity": c.severity.value, "message": c.message, "accepted": c.is_accepted}
            for c in report.changes
        ],
        "operations": [
            {
                "name": change.operation.shown,
                "source": change.operation.source,
                "broken": change.is_broken,
                "problems": list(change.new.problems),
                "fetches": [change.old.fetches, change.new.fetches],
                "depth": [change.old.depth, change.new.depth],
            }
            for change in report.operations
        ],
        "checkedOperations": report.checked_operations,
    }


def report_as_text(report: Report, *, coloured: bool = False) -> str:
    """The report for a terminal."""
    style = COLOURED if coloured else PLAIN
    if report.errors:
        return as_text(report.errors, style=style)
    colours = {Severity.BREAKING: style.red, Severity.DANGEROUS: style.yellow, Severity.SAFE: style.blue}
    lines = [
        f"{colours[c.severity]}{c.severity.value}{' (accepted)' if c.is_accepted else ''}{style.off} {c.name}"
        for c in report.changes
    ]
    lines.extend(f"{style.red if c.is_broken else style.blue}{_told(c)}{style.off}" for c in report.operations)
    lines.append(_summary(report))
    return "\n".join(lines)


def report_as_markdown(report: Report) -> str:
    """The report for a pull request."""
    parts = [f"### Schema check: {'would break' if report.has_findings else 'passed'}", _summary(report)]
    if report.errors:
        rows = (
            f"| `{error.code}` | {_cell(error.message)} | {', '.join(f'`{place}`' for place in error.places)} | {_cell(error.advice)} |"
            for error in report.errors
        )
        parts.append("\n".join(("| code | error | where | what to do |", "|---|---|---|---|", *rows)))
    if report.changes:
        rows = (
            f"| {c.severity.value}{' (accepted)' if c.is_accepted else ''} | `{c.kind}` | {_cell(c.message)} |"
            for c in report.changes
        )
        parts.append("\n".join(("| severity | change | |", "|---|---|---|", *rows)))
    if report.operations:
        rows = (
            f"| {change.operation.shown} | {change.old.fetches} / {change.old.depth} | "
            + (
                _cell("; ".join(change.new.problems))
                if change.is_broken
                else f"{change.new.fetches} / {change.new.depth}"
            )
            + " |"
            for change in report.operations
        )
        parts.append("\n".join(("| operation | fetches / depth before | after |", "|---|---|---|", *rows)))
    return "\n\n".join(parts)


def _told(change: OperationChange) -> str:
    if change.is_broken:
        return (
            f"broken operation {change.operation.shown} ({change.operation.source}): {'; '.join(change.new.problems)}"
        )
    if not change.old.is_answered:
        return f"operation {change.operation.shown} can be answered now, with {change.new.fetches} fetches"
    return (
        f"plan of {change.operation.shown}: {change.old.fetches} -> {change.new.fetches} fetches, "
        f"{change.old.depth} -> {change.new.depth} deep"
    )


def _summary(report: Report) -> str:
    if report.errors:
        return f"{len(report.errors)} composition errors: there is nothing to compare."
    counts = [f"{sum(c.severity is severity for c in report.changes)} {severity.value}" for severity in Severity]
    broken = sum(change.is_broken for change in report.operations)
    return f"{', '.join(counts)} changes; {broken} of {report.checked_operations} operations broken."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")
