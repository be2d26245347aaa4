"""The map of a request: prepare, plan, execute, project. Only calls.

    text, name      -> PreparedOperation   parsed, limited, validated           (remembered by text)
    + variables     -> coerced values
    + caller        -> access bits
    all of these    -> Executable          normalised, planned, compiled         (remembered by what it depends on)
    + deadline      -> Answer              fetched, merged, projected, encoded

A plan depends on the text, the operation's name, the values of the variables in `@skip` and `@include`, those of the caller's
rights that the operation's fields demand, and the override labels that are active; all of it is in the key (decision 0002).
"""

import hashlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import ClientError
from gateway.execution.executor import Executable, Executor
from gateway.execution.request import NO_HEADERS, Answer, ExecutionRequest, HeaderLines
from gateway.operation.access import ANONYMOUS, AccessRules, Caller, Right
from gateway.operation.cache import BoundedCache
from gateway.operation.cost.estimate import OperationCost
from gateway.operation.model import Field, Operation, OperationKind, walk_selections
from gateway.operation.normalize import normalize
from gateway.operation.prepare import MEMORY_PER_CHARACTER, PreparedOperation, Preparer
from gateway.planning.plan import Plan
from gateway.planning_thread import PlanningThread
from gateway.supergraph.model import Supergraph

MakePlan = Callable[[Operation, frozenset[str]], Plan]
"""The planner of one supergraph: from an operation and the active override labels to its plan; pure."""

WeighOperation = Callable[[Operation], OperationCost]
"""What an operation of one supergraph costs; pure."""

ShowPlan = Callable[[Plan], dict[str, Any]]
"""A plan as ``extensions.queryPlan`` shows it."""


@dataclass(slots=True)
class Request:
    """What a client asks, with everything decided that is not GraphQL's. Not frozen: one is made a request, and freezing costs a microsecond.

    Attributes:
        text: the document.
        variables: as decoded from JSON; None is {}.
        deadline: when the answer is due, by the loop's clock.
        headers: of every subgraph request: who asks.
        hop_headers: of every subgraph request: trace context.
        labels: active override labels.
        shows_plan: add ``extensions.queryPlan``.
        is_traced: add ``extensions.trace``.
    """

    text: str
    operation_name: str | None
    variables: Mapping[str, Any] | None
    deadline: float
    caller: Caller = ANONYMOUS
    headers: HeaderLines = NO_HEADERS
    hop_headers: HeaderLines = NO_HEADERS
    labels: frozenset[str] = frozenset()
    shows_plan: bool = False
    is_traced: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A plan that is ready to execute.

    Attributes:
        digest: short and stable, for logs: equal plans of one text have equal digests.
        root_fields: Coordinates such as ``Mutation.signIn`` with the number of times that each is executed.
        cost: What it costs; None if costs are not counted.
    """

    executable: Executable
    digest: str
    root_fields: Mapping[str, int]
    cost: OperationCost | None


MEMORY_PER_SELECTION = 2_000
"""Bytes that a selection of a normalised operation takes, about: of the market's operations 1.5 to 3.6 kB, with its part of the fetches."""

MEMORY_PER_CHARACTER_SENT = 200
"""Bytes that a plan takes, about, by the length of the documents that it sends: selections, compiled code, templates of requests."""

PlanKey = tuple[PreparedOperation, tuple[Any, ...], int, frozenset[str]]
"""What a plan depends on: the operation, the values of its conditions, the access bits that count, the active labels."""


@dataclass(frozen=True, slots=True)
class Hot:
    """A plan that is worth making again for another schema.

    Attributes:
        rights: of the callers that it is for, as far as its fields demand any.
    """

    text: str
    operation_name: str | None
    conditions: tuple[Any, ...]
    rights: frozenset[Right]
    labels: frozenset[str]


@dataclass(slots=True)
class Ready:
    """A request that only needs executing.

    Attributes:
        kind: decides how the answer is sent.
        cost: What it costs at most; None if costs are not counted.
    """

    request: Request
    operation: PreparedOperation
    variables: Mapping[str, Any]
    planned: Planned
    cost: int | None = None
    extensions: Mapping[str, Any] | None = None

    @property
    def kind(self) -> OperationKind:
        return self.operation.kind

    @property
    def is_beyond_limit(self) -> bool:
        """Whether it costs more than the limit, which is only measured."""
        return self.cost is not None and self.planned.cost is not None and self.planned.cost.beyond(self.cost)


class Pipeline:
    """One supergraph in service. A new supergraph gets a new pipeline; requests under way finish with the old one.

    The event loop looks up what the planning thread remembers. What they share is either never changed once it is made (prepared
    operations, plans, costs but for the estimates that they remember), or a `BoundedCache`, in which only the planning thread puts.

    Args:
        weigh: None if costs are not counted.
        max_plans: how many plans, and refusals of operations, are remembered.
        max_plan_bytes: about how much memory they may take.
    """

    def __init__(
        self,
        supergraph: Supergraph,
        *,
        rules: AccessRules,
        preparer: Preparer,
        make_plan: MakePlan,
        weigh: WeighOperation | None,
        show_plan: ShowPlan,
        executor: Executor,
        planning: PlanningThread,
        max_plans: int,
        max_plan_bytes: int,
    ) -> None:
        self.supergraph = supergraph
        self._rules = rules
        self._preparer = preparer
        self._make_plan = make_plan
        self._weigh = weigh
        self._show_plan = show_plan
        self._executor = executor
        self._planning = planning
        self._plans: BoundedCache[PlanKey, Planned | OperationCost | ClientError] = BoundedCache(
            max_entries=max_plans, max_bytes=max_plan_bytes
        )

    async def answer(self, request: Request) -> Answer:
        """The answer to a query or a mutation.

        Raises:
            ClientError: the request cannot be answered as it is; no subgraph was called.
            InternalError: a fault of the gateway itself.
        """
        return await self.execute(await self.ready(request))

    async def ready(self, request: Request) -> Ready:
        """Everything before the first fetch. What is not remembered is made in the planning thread; others are answered meanwhile.

        Raises:
            ClientError: as `answer`.
        """
        ready = self.recall(request)
        if ready is not None:
            return ready
        return await self._planning.run(lambda: self.make(request), deadline=request.deadline)

    def recall(self, request: Request) -> Ready | None:
        """Everything before the first fetch, if all of it is remembered.

        Raises:
            ClientError: as `answer`.
        """
        return self._ready(request, self._preparer.recall, self._recalled, is_cached=True)

    def make(self, request: Request) -> Ready:
        """Everything before the first fetch; what is not remembered is made here and now.

        Raises:
            ClientError: as `answer`.
        """
        ready = self._ready(request, self._preparer.prepare, self._planned, is_cached=False)
        assert ready is not None
        return ready

    def _ready(
        self,
        request: Request,
        prepare: Callable[[str, str | None], PreparedOperation | None],
        plan: Callable[[PlanKey, Mapping[str, Any]], Planned | None],
        *,
        is_cached: bool,
    ) -> Ready | None:
        began = time.perf_counter()
        operation = prepare(request.text, request.operation_name)
        if operation is None:
            return None
        variables = operation.variables.coerce(request.variables)
        planned = plan(self._key(operation, variables, request.caller, request.labels), variables)
        if planned is None:
            return None
        cost = planned.cost.check(variables) if planned.cost is not None else None
        extensions: dict[str, Any] = {}
        if request.shows_plan:
            extensions["queryPlan"] = self._explained(planned, is_cached=is_cached)
        if request.is_traced:
            extensions["trace"] = _before_execution(began, is_cached=is_cached)
        return Ready(request, operation, variables, planned, cost, extensions or None)

    async def execute(self, ready: Ready) -> Answer:
        """The answer to what `ready` made of a query or a mutation."""
        return await ready.planned.executable.execute(_execution(ready))

    def subscribe(self, ready: Ready) -> AsyncIterator[Answer]:
        """The answers to what `ready` made of a subscription, one an event."""
        return ready.planned.executable.subscribe(_execution(ready))

    def warm(self, hottest: Iterable[Hot]) -> int:
        """Make the plans that another schema's clients used most, so that they do not wait for them; how many are ready."""
        warmed = 0
        for hot in hottest:
            try:
                operation = self._preparer.prepare(hot.text, hot.operation_name)
                if len(operation.condition_names) == len(hot.conditions):
                    satisfied = self._rules.bits(hot.rights) & operation.demanded
                    self._planned((operation, hot.conditions, satisfied, hot.labels), None)
                warmed += 1
            except ClientError:
                continue  # It is no longer valid: whoever sends it again is told why.
        return warmed

    def hottest(self, count: int) -> list[Hot]:
        """The plans that were used most, most used first."""
        return [
            Hot(operation.document.text, operation.name, conditions, self._rules.rights(satisfied), labels)
            for operation, conditions, satisfied, labels in self._plans.hottest(count)
        ]

    def _key(
        self, operation: PreparedOperation, variables: Mapping[str, Any], caller: Caller, labels: frozenset[str]
    ) -> PlanKey:
        """All that a plan depends on.

        Raises:
            ClientError: BAD_USER_INPUT.
        """
        satisfied = self._rules.satisfied(caller) & operation.demanded if operation.demanded else 0
        conditions = tuple([variables.get(name) for name in operation.condition_names])
        if None in conditions:
            raise ClientError("A variable of @skip or @include is null.", code="BAD_USER_INPUT")
        return operation, conditions, satisfied, labels

    def _remembered(self, key: PlanKey) -> Planned | OperationCost | None:
        """The plan for a key, or the cost for which there is none yet, if either is remembered.

        Raises:
            ClientError: It is remembered that there is no plan.
        """
        known = self._plans.get(key)
        if isinstance(known, ClientError):
            raise known.again()
        return known

    def _recalled(self, key: PlanKey, variables: Mapping[str, Any]) -> Planned | None:
        """The plan for a key, if it is remembered and what it costs is told at once.

        Raises:
            ClientError: It is remembered that there is no plan, or that it costs too much with these variables.
        """
        known = self._remembered(key)
        cost = known.cost if isinstance(known, Planned) else known
        if cost is not None and cost.is_heavy(variables):
            return None
        if isinstance(known, OperationCost):
            known.check(variables)
            return None
        return known

    def _planned(self, key: PlanKey, variables: Mapping[str, Any] | None) -> Planned:
        """The plan for a key: remembered, or made now. That there is none is remembered, too.

        Args:
            variables: Of the request that needs the plan, which may cost too much to be planned; None if there is no request.

        Raises:
            ClientError: no plan can answer the operation, none is found in time, or it costs too much.
        """
        known = self._remembered(key)
        if isinstance(known, Planned):
            return known
        if known is not None and variables is not None:
            known.check(variables)
        kept: OperationCost | None = None
        normalised: Operation | None = None
        try:
            normalised = self._normalised(key)
            cost = self._weigh(normalised) if self._weigh is not None else None
            if cost is not None and (variables is not None or not cost.depends_on_variables):
                # A cost that depends on variables is kept if it refuses, so that the next request is judged without another walk.
                kept = cost if cost.depends_on_variables else None
                cost.check(variables or {})
                kept = None
            planned = self._made(key, normalised, cost)
        except ClientError as refusal:
            size = _key_bytes(key) + (
                _operation_bytes(normalised) if kept is not None and normalised is not None else 0
            )
            self._plans.put(key, kept or refusal.again(), size=size)
            raise
        documents = sum(len(fetch.document) for fetch in planned.executable.plan.fetches)
        size = _key_bytes(key) + _operation_bytes(normalised) + documents * MEMORY_PER_CHARACTER_SENT
        self._plans.put(key, planned, size=size)
        return planned

    def _explained(self, planned: Planned, *, is_cached: bool) -> dict[str, Any]:
        shown = self._show_plan(planned.executable.plan)
        return {"digest": planned.digest, "isCached": is_cached, **shown}

    def _normalised(self, key: PlanKey) -> Operation:
        operation, conditions, satisfied, _ = key
        return normalize(
            operation.document,
            operation.definition,
            self.supergraph.api,
            conditions=dict(zip(operation.condition_names, conditions, strict=True)),
            refuse=self._rules.refusals(satisfied),
        )

    def _made(self, key: PlanKey, normalised: Operation, cost: OperationCost | None) -> Planned:
        operation, conditions, satisfied, labels = key
        plan = self._make_plan(normalised, labels)
        depends_on = f"{operation.document.text}\0{operation.name}\0{conditions}\0{satisfied}\0{sorted(labels)}"
        digest = hashlib.blake2s(depends_on.encode(), digest_size=6).hexdigest()
        return Planned(self._executor.prepare(plan, normalised), digest, _root_fields(normalised), cost)


def _key_bytes(key: PlanKey) -> int:
    """About the memory that a key takes: its document stays for as long as the plan, whatever else is forgotten."""
    return len(key[0].document.text) * MEMORY_PER_CHARACTER


def _operation_bytes(operation: Operation) -> int:
    """About the memory that a normalised operation takes, with what completes its answer."""
    return sum(1 for _ in walk_selections(operation.selections)) * MEMORY_PER_SELECTION


def _root_fields(operation: Operation) -> Mapping[str, int]:
    names = (field.name for field in operation.selections if isinstance(field, Field) and field.refusal is None)
    return Counter(f"{operation.root_type}.{name}" for name in names)


def _before_execution(began: float, *, is_cached: bool) -> dict[str, Any]:
    """The first words of a trace: what it took to have a plan, and whether it was there already."""
    return {"planIsCached": is_cached, "preparedInMs": round((time.perf_counter() - began) * 1000, 3)}


def _execution(ready: Ready) -> ExecutionRequest:
    request = ready.request
    lines = request.headers
    return ExecutionRequest(
        deadline=request.deadline,
        variables=ready.variables,
        headers=lambda _service: lines,
        hop_headers=request.hop_headers,
        extensions=ready.extensions,
        is_traced=request.is_traced,
    )
