"""The report of `check` for a terminal, for machines, and for a pull request."""

import html
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.check.change import Change, Severity
from gateway.check.comparison import OperationChange, Report
from gateway.check.operations import Cost
from gateway.composition.errors import CompositionError
from gateway.composition.report import PLAIN, Style, as_json, as_text


def report_as_text(report: Report, style: Style = PLAIN) -> str:
    """The report for a terminal: what breaks first, the verdict last."""
    if report.errors:
        return f"{as_text(report.errors, style=style)}\n\n{_verdict(report, style)}"
    parts = [
        *(_section(title, changes, style) for title, changes in _by_severity(report.changes) if changes),
        *_operations_as_text(report, style),
    ]
    if report.unused_acceptances:
        lines = "\n".join(f"  {name}" for name in report.unused_acceptances)
        parts.append(f"Accepted, but not found (these lines can go)\n{lines}")
    parts.append(_verdict(report, style))
    return "\n\n".join(parts)


def report_as_json(report: Report) -> dict[str, Any]:
    """The report for machines."""
    return {
        "ok": not report.has_findings,
        "errors": as_json(report.errors)["errors"],
        "changes": [
            {"kind": c.kind, "severity": c.severity.value, "message": c.message, "accepted": c.is_accepted}
            for c in report.changes
        ],
        "operations": [
            {
                "name": change.operation.name,
                "source": change.operation.source,
                "outcome": change.outcome,
                "old": _cost_as_json(change.old),
                "new": _cost_as_json(change.new),
            }
            for change in report.operations
        ],
        "checkedOperations": report.checked_operations,
        "unusedAcceptances": list(report.unused_acceptances),
    }


def report_as_markdown(report: Report) -> str:
    """The report for a pull request: the verdict first, what matters as tables, the harmless rest folded away."""
    parts = [f"### Schema check {'failed' if report.has_findings else 'passed'}", _verdict(report, PLAIN)]
    if report.errors:
        parts.append(_table(("error", "where", "what to do"), (_error_row(error) for error in report.errors)))
    if report.operations:
        header = ("operation", "", "fetches (steps)", "subgraphs")
        parts.append(_table(header, (_operation_row(change) for change in report.operations)))
    for title, changes in _by_severity(report.changes):
        if changes:
            table = _table(("change", ""), ((f"`{c.kind}`", _cell(c.message)) for c in changes))
            is_folded = all(c.severity is Severity.SAFE for c in changes)
            parts.append(_folded(title, len(changes), table) if is_folded else f"#### {title}\n\n{table}")
    if report.unused_acceptances:
        lines = "\n".join(f"- `{name}`" for name in report.unused_acceptances)
        parts.append(f"#### Accepted, but not found (these lines can go)\n\n{lines}")
    return "\n\n".join(parts)


def _by_severity(changes: tuple[Change, ...]) -> list[tuple[str, list[Change]]]:
    return [
        ("Breaks clients", [c for c in changes if c.severity is Severity.BREAKING and not c.is_accepted]),
        ("Breaks clients, and is accepted", [c for c in changes if c.severity is Severity.BREAKING and c.is_accepted]),
        ("May surprise clients", [c for c in changes if c.severity is Severity.DANGEROUS]),
        ("Safe", [c for c in changes if c.severity is Severity.SAFE]),
    ]


def _section(title: str, changes: list[Change], style: Style) -> str:
    """The changes under a heading, each as a file of accepted changes would name it."""
    colour = {Severity.BREAKING: style.red, Severity.DANGEROUS: style.yellow, Severity.SAFE: style.blue}[
        changes[0].severity
    ]
    return "\n".join((f"{colour}{title}{style.off}", *(f"  {change.name}" for change in changes)))


def _operations_as_text(report: Report, style: Style) -> Iterator[str]:
    headings = {
        "broken": f"{style.red}Operations that can no longer be answered{style.off}",
        "unanswered": f"{style.yellow}Operations that cannot be answered, neither before nor after{style.off}",
        "replanned": f"{style.blue}Operations that are answered by another plan{style.off}",
        "mended": f"{style.blue}Operations that can be answered now{style.off}",
    }
    for outcome, heading in headings.items():
        found = [change for change in report.operations if change.outcome == outcome]
        if found:
            yield "\n".join((heading, *(line for change in found for line in _told(change))))


def _told(change: OperationChange) -> Iterator[str]:
    operation = change.operation
    where = f" ({operation.source})" if operation.name else ""
    match change.outcome:
        case "broken" | "unanswered":
            yield f"  {operation.shown}{where}"
            yield from (f"    {problem}" for problem in change.new.problems)
        case "mended":
            yield f"  {operation.shown}{where}: {_fetches(change.new)}"
        case _:
            yield f"  {operation.shown}{where}: {_difference(change)}"


def _difference(change: OperationChange) -> str:
    old, new = change.old, change.new
    text = f"{_fetches(old)} -> {_fetches(new)}" if change.costs_otherwise else f"{_fetches(new)}, as before"
    if old.services != new.services:
        return f"{text}; asks {_counted(old.services)} -> {_counted(new.services)}"
    return text if change.costs_otherwise else f"{text}, but for other fields"


def _fetches(cost: Cost) -> str:
    """Steps are fetches that wait for each other."""
    steps = f" in {cost.depth} steps" if cost.depth > 1 else ""
    return f"{_count(cost.fetches, 'fetch', 'fetches')}{steps}"


def _counted(services: tuple[str, ...]) -> str:
    """``(a, b, b)`` as "a, b twice"."""
    times = {1: "", 2: " twice"}
    counts = {name: services.count(name) for name in dict.fromkeys(services)}
    return ", ".join(f"{name}{times.get(count, f' {count} times')}" for name, count in counts.items()) or "nobody"


def _verdict(report: Report, style: Style) -> str:
    if report.errors:
        return f"{style.red}The subgraphs do not compose{style.off}: {_count(len(report.errors), 'error', 'errors')}, and nothing to compare."
    colour, word = (style.red, "Failed") if report.has_findings else (style.bold, "Passed")
    counts = [
        _count(sum(change.severity is severity for change in report.changes), f"{severity.value} change")
        for severity in Severity
    ]
    accepted = sum(change.is_accepted for change in report.changes if change.severity is Severity.BREAKING)
    if accepted:
        counts[0] += f" ({accepted} accepted)"
    match report.checked_operations:
        case None:
            operations = "no operations were given to look at"
        case number:
            operations = f"of {_count(number, 'operation')}, {len(report.broken)} would break"
    return f"{colour}{word}{style.off}: {', '.join(counts)}; {operations}."


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _cost_as_json(cost: Cost) -> dict[str, Any]:
    if not cost.is_answered:
        return {"answered": False, "problems": list(cost.problems)}
    return {"answered": True, "fetches": cost.fetches, "depth": cost.depth, "subgraphs": list(cost.services)}


def _error_row(error: CompositionError) -> tuple[str, ...]:
    places = "<br>".join(f"`{place}` ({place.subgraph})" for place in error.places)
    return f"`{error.code}`<br>{_cell(error.message)}", places, _cell(error.advice)


def _operation_row(change: OperationChange) -> tuple[str, ...]:
    name = _cell(change.operation.shown)
    old, new = change.old, change.new
    if not new.is_answered:
        outcome = "**would break**" if old.is_answered else "is broken already"
        return name, f"{outcome}: {_cell('; '.join(new.problems))}", "", ""
    after = f"{new.fetches} ({new.depth})"
    if not old.is_answered:
        return name, "can be answered now", after, _counted(new.services)
    before = f"{old.fetches} ({old.depth})"
    return (
        name,
        "another plan",
        f"{before} → {after}" if before != after else after,
        " → ".join(dict.fromkeys((_counted(old.services), _counted(new.services)))),
    )


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _folded(title: str, count: int, table: str) -> str:
    return f"<details><summary>{title}: {_count(count, 'change')}</summary>\n\n{table}\n\n</details>"


def _cell(text: str) -> str:
    return html.escape(text, quote=False).replace("|", "\\|").replace("\n", "<br>")
