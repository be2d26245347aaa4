"""A plan for an operation, in five steps: needs, search, drafts, batches, assembly. ALGORITHM.md tells the idea of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.errors import ClientError
from gateway.operation.model import TYPENAME, Operation, OperationKind, walk_fields
from gateway.planning.assembly import assemble
from gateway.planning.contexts import with_contexts
from gateway.planning.drafting import Drafting
from gateway.planning.fuel import DEFAULT_SECONDS, DEFAULT_STEPS, SPARE_STEPS, Fuel, SpareFuel, SpareFuelSpent
from gateway.planning.lookups import Lookups, lookups_for
from gateway.planning.needs import Need, operation_needs
from gateway.planning.passes.batching import Batch, batch_drafts
from gateway.planning.places import Here
from gateway.planning.plan import Plan
from gateway.planning.schedule import rescheduled
from gateway.planning.search import Search
from gateway.planning.solution import Enter, Solution
from gateway.planning.tree import HiddenNames, Position
from gateway.supergraph.model import Supergraph


def plan(
    operation: Operation,
    supergraph: Supergraph,
    *,
    labels: frozenset[str] = frozenset(),
    steps: int = DEFAULT_STEPS,
    seconds: float = DEFAULT_SECONDS,
    clock: Callable[[], float] | None = None,
) -> Plan:
    """The plan of an operation; the same for the same arguments.

    Args:
        labels: the override labels that are active for this request.
        steps: of the search and of writing, that the plan may cost.
        seconds: of processor time, that it may cost.
        clock: that measures them; None bounds the plan by steps alone.

    Raises:
        ClientError: QUERY_TOO_COMPLEX past `steps` or `seconds`; QUERY_NOT_PLANNABLE if no subgraphs together can answer it.
    """
    fuel = Fuel(steps, seconds, clock)
    lookups = lookups_for(supergraph, labels & supergraph.override_labels)
    found = _Planning(operation, supergraph, lookups, fuel).found()
    return assemble(found.batches, operation, lookups, fuel, hidden_prefix=found.names.prefix)


def solve(
    operation: Operation,
    supergraph: Supergraph,
    *,
    labels: frozenset[str] = frozenset(),
    steps: int = DEFAULT_STEPS,
) -> list[Solution]:
    """What `plan` drafts: one solution for a query, one for each root field of another operation.

    Of an operation that has no plan, what was found of it.

    Raises:
        ClientError: QUERY_TOO_COMPLEX past `steps`.
    """
    planning = _Planning(
        operation, supergraph, lookups_for(supergraph, labels & supergraph.override_labels), Fuel(steps)
    )
    return planning.solutions if planning.is_missing_something() else planning.found().solutions


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found for an operation: the solutions, and the requests that they take."""

    solutions: list[Solution]
    batches: list[Batch]
    names: HiddenNames

    def weight(self) -> tuple[int, int]:
        """Less is better: first requests, then how many of them wait for each other."""
        return len(self.batches), max((batch.earliest for batch in self.batches), default=0)

    def spares_requests_of(self, other: "_Found") -> bool:
        """Whether it takes fewer requests and is no deeper."""
        requests, depth = self.weight()
        return requests < other.weight()[0] and depth <= other.weight()[1]


class _Planning:
    """The search for one operation, and the requests that its solutions take.

    Attributes:
        solutions: The first that were found, each place weighed by itself.
    """

    def __init__(self, operation: Operation, supergraph: Supergraph, lookups: Lookups, fuel: Fuel) -> None:
        self._operation = operation
        self._lookups = lookups
        self._fuel = fuel
        self._needs = _needs(operation, supergraph, lookups)
        self._search = Search(lookups, fuel, operation.root_type)
        self.solutions = self._solutions(self._search)

    def is_missing_something(self) -> bool:
        """Whether no subgraph resolves some field that clients see."""
        return any(any(_missing_paths(solution.missing, self._lookups)) for solution in self.solutions)

    def found(self) -> _Found:
        """Return the best of the first solutions and others, if there are some: the search does not foresee batches.

        Raises:
            ClientError: QUERY_NOT_PLANNABLE if a field is missing; QUERY_TOO_COMPLEX past the budget.
        """
        found = self._drafted(self.solutions, self._fuel)
        if self._search.can_divide and self._fuel.spent <= SPARE_STEPS:
            found = self._divided(found)
        if self._search.can_choose and len(found.solutions) == 1 and len(found.batches) > 1:
            found = self._rescheduled(found)
        return found

    def _divided(self, found: _Found) -> _Found:
        """The better of what was found and what is found with shared fields divided."""
        spare = SpareFuel(SPARE_STEPS)
        dividing = Search(self._lookups, spare, self._operation.root_type, divides=True)
        try:
            return min(found, self._drafted(self._solutions(dividing), spare), key=_Found.weight)
        except SpareFuelSpent:
            return found
        finally:
            self._fuel.burn(spare.spent)

    def _rescheduled(self, found: _Found) -> _Found:
        """What was found, or the same with subgraphs chosen again if that spares requests and is no deeper."""
        (solution,) = found.solutions
        spare = self._fuel.spare()
        if spare is None:
            return found
        try:
            again = rescheduled(solution, found.batches, spare)
            if again is None:
                return found
            other = self._drafted([again], spare)
        except SpareFuelSpent:
            return found
        finally:
            self._fuel.burn(spare.spent)
        return other if other.spares_requests_of(found) else found

    def _solutions(self, search: Search) -> list[Solution]:
        types = frozenset({self._operation.root_type})
        start = Here(None, self._operation.root_type, types, candidates=frozenset(self._lookups.services))
        if self._operation.kind is OperationKind.QUERY:
            return [search.solve(self._needs, start)]
        return [search.solve_once(need, start) for need in self._needs if need.name != TYPENAME]

    def _drafted(self, solutions: list[Solution], fuel: Fuel) -> _Found:
        drafting = Drafting(self._lookups, fuel)
        fields = (field for field in walk_fields(self._operation.selections) if not field.name.startswith("__"))
        names = HiddenNames(field.response_name for field in fields)
        types = frozenset({self._operation.root_type})
        root = Position((), types, self._needs, is_abstract=False, is_told=True, names=names)
        for solution in solutions:
            _refuse_missing(solution, self._operation, self._lookups)
            if self._operation.kind is OperationKind.QUERY:
                drafting.write(solution, None, root)
            else:
                _draft_next(solution, drafting, root)
        return _Found(solutions, batch_drafts(drafting.drafts, fuel), names)


def _needs(operation: Operation, supergraph: Supergraph, lookups: Lookups) -> tuple[Need, ...]:
    needs = operation_needs(operation, supergraph.api, supergraph.possible_types)
    return with_contexts(needs, operation, lookups) if lookups.has_contexts else needs


def _draft_next(solution: Solution, drafting: Drafting, root: Position) -> None:
    """Drafts a root field to run after all that is drafted; in the last request if that is complete with it."""
    for step in solution.steps:
        assert isinstance(step, Enter)
        last = drafting.drafts[-1] if drafting.drafts else None
        # The last draft may be a root type that was reached below this field's predecessor: not a place for a root field.
        is_same = last is not None and last.is_root and last.position is root and last.service == step.service
        drafting.write_root(step, root, drafting.unawaited(), last if is_same else None)


def _refuse_missing(solution: Solution, operation: Operation, lookups: Lookups) -> None:
    for names, need in _missing_paths(solution.missing, lookups):
        path = ".".join(map(str, operation.answer_path(names)))
        if lookups.takes_context(need.name):
            message = f"{path} takes an argument from a context (@fromContext), but no subgraphs together can bring its value here."
        elif need.runs_once and operation.kind is not OperationKind.MUTATION:
            message = f"{path} is a mutation of another subgraph, which only a mutation can enter, not a {operation.kind.value}."
        else:
            message = f"No subgraphs together can answer {path} here: no key leads to it."
        raise ClientError(message, code="QUERY_NOT_PLANNABLE", status=500)


def _missing_paths(missing: tuple[Need, ...], lookups: Lookups) -> Iterator[tuple[list[str], Need]]:
    """Yield (path, need) of each field that no subgraph resolves; types that clients never see do not count."""
    for need in missing:
        if need.types is not None and not need.types & lookups.visible:
            continue
        name = need.response_name or need.name
        if not need.children:
            yield [name], need
        for below, lacking in _missing_paths(need.children, lookups):
            yield [name, *below], need if need.runs_once and not lacking.runs_once else lacking
