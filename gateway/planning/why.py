"""Why a plan goes the way it goes: for each decision the route taken, and those rejected with their cost.

top.price (at shop)
  go to prices                 1 fetch, 1 deep, weight of fields 3 (score 1103)
  not reviews                  2 fetches, 2 deep, weight of fields 6 (score 2206)
  not archive                  no key that leads there can be had here
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.operation.model import Operation
from gateway.planning.planner import solve
from gateway.planning.solution import Cost, Decision, Enter, Route, Selected, Solution
from gateway.supergraph.model import Supergraph


@dataclass(frozen=True, slots=True)
class Explained:
    """One decision of the search.

    Attributes:
        path: names of the fields from the root to the one that was decided on; with ``key`` or ``requirement`` before what
            is needed for those.
        service: where the search stood; None at the root.
        decision: what was weighed.
    """

    path: tuple[str, ...]
    service: str | None
    decision: Decision


def explain(
    operation: Operation, supergraph: Supergraph, *, labels: frozenset[str] = frozenset()
) -> tuple[Explained, ...]:
    """Every decision behind the plan of an operation, from the root down; also of one that has no plan.

    Raises:
        ClientError: QUERY_TOO_COMPLEX.
    """
    solutions = solve(operation, supergraph, labels=labels)
    return tuple(explained for solution in solutions for explained in _walk(solution, (), None))


def _walk(solution: Solution, path: tuple[str, ...], service: str | None) -> Iterator[Explained]:
    for decision in solution.decisions:
        need = decision.need
        yield Explained((*path, need.response_name or need.name), service, decision)
    told: set[int] = set()
    for step in solution.steps:
        if not isinstance(step, Enter):
            yield from _walk_selected(step.selected, path, service, service)
            continue
        for ways, selected in step.selected:
            for way in ways:
                if way.key_solution is not None and id(way.key_solution) not in told:
                    told.add(id(way.key_solution))
                    yield from _walk(way.key_solution, (*path, f"key of {step.service}"), service)
            yield from _walk_selected(selected, path, service, step.service)


def _walk_selected(
    selected: Selected, path: tuple[str, ...], left: str | None, service: str | None
) -> Iterator[Explained]:
    """What was decided for the field's requirement, at the place that is left, and for what is below it."""
    name = selected.need.response_name or selected.need.name
    if selected.requirement is not None:
        yield from _walk(selected.requirement, (*path, f"requirement of {name}"), left)
    if selected.below is not None:
        yield from _walk(selected.below, (*path, name), service)


def print_why(decisions: tuple[Explained, ...]) -> str:
    """The decisions as text, one block each."""
    return "\n".join("\n".join(_block(explained)) for explained in decisions) + "\n"


def _block(explained: Explained) -> Iterator[str]:
    where = f" (at {explained.service})" if explained.service is not None else ""
    yield f"{'.'.join(explained.path)}{where}"
    taken = explained.decision.taken
    yield _line(_named("stay", "go to", taken), taken) if taken is not None else "  no way leads there"
    for route in explained.decision.rejected:
        yield _line(_named("not staying", "not", route), route)


def _named(staying: str, going: str, route: Route) -> str:
    return staying if route.service is None else f"{going} {route.service}"


def _line(what: str, route: Route) -> str:
    if route.cost is None:
        return f"  {what:<28} no key that leads there can be had here"
    missing = f", leaves {route.missing} to others" if route.missing else ""
    return f"  {what:<28} {_cost(route.cost)}{missing}"


def _cost(cost: Cost) -> str:
    fetches = f"{cost.fetches} {'fetch' if cost.fetches == 1 else 'fetches'}"
    return f"{fetches}, {cost.depth} deep, weight of fields {cost.fields} (score {cost.score})"
