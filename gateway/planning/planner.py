"""A plan for an operation, in five steps: needs, search, fetch nodes, batches, assembly. ALGORITHM.md tells the idea of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.errors import ClientError
from gateway.operation.model import TYPENAME, Operation, OperationKind, walk_fields
from gateway.planning.budget import (
    DEFAULT_SECONDS,
    DEFAULT_STEPS,
    SPARE_STEPS,
    SpareBudget,
    SpareBudgetSpent,
    StepBudget,
)
from gateway.planning.emit.plan_builder import assemble
from gateway.planning.fetch_graph.batch import Batch, batch_nodes
from gateway.planning.fetch_graph.build import FetchGraph
from gateway.planning.fetch_graph.reroute import rescheduled
from gateway.planning.fetch_graph.response_position import HiddenNames, Position
from gateway.planning.needs import Need, operation_needs
from gateway.planning.plan import Plan
from gateway.planning.search.contexts import with_contexts
from gateway.planning.search.federated_schema import FederatedSchema, federated_schema_of
from gateway.planning.search.location import Location
from gateway.planning.search.search import Search
from gateway.planning.search.solution import FetchStep, Solution
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
    budget = StepBudget(steps, seconds, clock)
    schema = federated_schema_of(supergraph, labels & supergraph.override_labels)
    found = _Planning(operation, supergraph, schema, budget).found()
    return assemble(found.batches, operation, schema, budget, hidden_prefix=found.names.prefix)


def solve(
    operation: Operation,
    supergraph: Supergraph,
    *,
    labels: frozenset[str] = frozenset(),
    steps: int = DEFAULT_STEPS,
) -> list[Solution]:
    """What `plan` writes into fetches: one solution for a query, one for each root field of another operation.

    Of an operation that has no plan, what was found of it.

    Raises:
        ClientError: QUERY_TOO_COMPLEX past `steps`.
    """
    planning = _Planning(
        operation, supergraph, federated_schema_of(supergraph, labels & supergraph.override_labels), StepBudget(steps)
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

    def __init__(
        self, operation: Operation, supergraph: Supergraph, schema: FederatedSchema, budget: StepBudget
    ) -> None:
        self._operation = operation
        self._schema = schema
        self._budget = budget
        self._needs = _needs(operation, supergraph, schema)
        self._search = Search(schema, budget, operation.root_type)
        self.solutions = self._solutions(self._search)

    def is_missing_something(self) -> bool:
        """Whether no subgraph resolves some field that clients see."""
        return any(any(_missing_paths(solution.missing, self._schema)) for solution in self.solutions)

    def found(self) -> _Found:
        """Return the best of the first solutions and others, if there are some: the search does not foresee batches.

        Raises:
            ClientError: QUERY_NOT_PLANNABLE if a field is missing; QUERY_TOO_COMPLEX past the budget.
        """
        found = self._fetches_of(self.solutions, self._budget)
        if self._search.can_divide and self._budget.spent <= SPARE_STEPS:
            found = self._divided(found)
        if self._search.can_choose and len(found.solutions) == 1 and len(found.batches) > 1:
            found = self._rescheduled(found)
        return found

    def _divided(self, found: _Found) -> _Found:
        """The better of what was found and what is found with shared fields divided."""
        spare = SpareBudget(SPARE_STEPS)
        dividing = Search(self._schema, spare, self._operation.root_type, divides=True)
        try:
            return min(found, self._fetches_of(self._solutions(dividing), spare), key=_Found.weight)
        except SpareBudgetSpent:
            return found
        finally:
            self._budget.spend(spare.spent)

    def _rescheduled(self, found: _Found) -> _Found:
        """What was found, or the same with subgraphs chosen again if that spares requests and is no deeper."""
        (solution,) = found.solutions
        spare = self._budget.spare()
        if spare is None:
            return found
        try:
            again = rescheduled(solution, found.batches, spare)
            if again is None:
                return found
            other = self._fetches_of([again], spare)
        except SpareBudgetSpent:
            return found
        finally:
            self._budget.spend(spare.spent)
        return other if other.spares_requests_of(found) else found

    def _solutions(self, search: Search) -> list[Solution]:
        types = frozenset({self._operation.root_type})
        start = Location(None, self._operation.root_type, types, candidates=frozenset(self._schema.services))
        if self._operation.kind is OperationKind.QUERY:
            return [search.solve(self._needs, start)]
        return [search.solve_once(need, start) for need in self._needs if need.name != TYPENAME]

    def _fetches_of(self, solutions: list[Solution], budget: StepBudget) -> _Found:
        graph = FetchGraph(self._schema, budget)
        fields = (field for field in walk_fields(self._operation.selections) if not field.name.startswith("__"))
        names = HiddenNames(field.response_name for field in fields)
        types = frozenset({self._operation.root_type})
        root = Position((), types, self._needs, is_abstract=False, is_told=True, names=names)
        for solution in solutions:
            _refuse_missing(solution, self._operation, self._schema)
            if self._operation.kind is OperationKind.QUERY:
                graph.write(solution, None, root)
            else:
                _write_next(solution, graph, root)
        return _Found(solutions, batch_nodes(graph.nodes, budget), names)


def _needs(operation: Operation, supergraph: Supergraph, schema: FederatedSchema) -> tuple[Need, ...]:
    needs = operation_needs(operation, supergraph.api, supergraph.possible_types)
    return with_contexts(needs, operation, schema) if schema.has_contexts else needs


def _write_next(solution: Solution, graph: FetchGraph, root: Position) -> None:
    """Writes a root field to run after all that is written; in the last request if that is complete with it."""
    for step in solution.steps:
        assert isinstance(step, FetchStep)
        last = graph.nodes[-1] if graph.nodes else None
        # The last fetch node may be a root type that was reached below this field's predecessor: not a place for a root field.
        is_same = last is not None and last.is_root and last.position is root and last.service == step.service
        graph.write_root(step, root, graph.unawaited(), last if is_same else None)


def _refuse_missing(solution: Solution, operation: Operation, schema: FederatedSchema) -> None:
    for names, need in _missing_paths(solution.missing, schema):
        path = ".".join(map(str, operation.answer_path(names)))
        if schema.takes_context(need.name):
            message = f"{path} takes an argument from a context (@fromContext), but no subgraphs together can bring its value here."
        elif need.runs_once and operation.kind is not OperationKind.MUTATION:
            message = f"{path} is a mutation of another subgraph, which only a mutation can enter, not a {operation.kind.value}."
        else:
            message = f"No subgraphs together can answer {path} here: no key leads to it."
        raise ClientError(message, code="QUERY_NOT_PLANNABLE", status=500)


def _missing_paths(missing: tuple[Need, ...], schema: FederatedSchema) -> Iterator[tuple[list[str], Need]]:
    """Yield (path, need) of each field that no subgraph resolves; types that clients never see do not count."""
    for need in missing:
        if need.types is not None and not need.types & schema.visible:
            continue
        name = need.response_name or need.name
        if not need.children:
            yield [name], need
        for below, lacking in _missing_paths(need.children, schema):
            yield [name, *below], need if need.runs_once and not lacking.runs_once else lacking
