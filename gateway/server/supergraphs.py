"""Loading a supergraph and putting it in service; watching its file, and keeping the old one in service if the new is broken."""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from graphql import GraphQLSchema

from gateway.errors import GatewayError
from gateway.execution.error_rules import ErrorRules
from gateway.execution.executor import Executor
from gateway.execution.limits import ExecutionLimits
from gateway.execution.request import Liveness
from gateway.execution.request import SubgraphEndpoint as Subgraph
from gateway.execution.transport.http import is_http_address
from gateway.execution.transport.interface import Transport
from gateway.operation.access import AccessRules
from gateway.operation.cost.costing import cost_of
from gateway.operation.cost.estimate import CostLimit, OperationCost
from gateway.operation.cost.needs import weights_of
from gateway.operation.limits import Limits
from gateway.operation.model import Operation
from gateway.operation.prepare import Preparer
from gateway.pipeline import Hot, Pipeline, WeighOperation
from gateway.planning.check.refusal import refuse_unsound
from gateway.planning.plan import Plan
from gateway.planning.planner import plan
from gateway.planning.printer import plan_as_json
from gateway.planning_thread import PlanningThread
from gateway.server.active_labels import OverrideLabels
from gateway.server.metrics import PLANS, RELOADS, SERVED
from gateway.server.tuning import tune_collector
from gateway.settings import ErrorSettings, LimitSettings, RateLimitSettings, Settings, SubgraphSettings
from gateway.settings_file import nearest
from gateway.settings_proof import Problem
from gateway.supergraph.costs import CostRules, read_cost_rules
from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import parse_supergraph, read_supergraph

POLL_SECONDS = 0.5
WARMED_PLANS = 100

_LIMITS = {limit.name for limit in dataclasses.fields(Limits)}

log = structlog.get_logger(__name__)

Put = Callable[[Pipeline, OverrideLabels], None]


class SupergraphUnusable(GatewayError):
    """Raised when there is no supergraph to serve; the message names the file and, where there is one, the place.

    Args:
        exit_status: of a command that ends with it: 2 if the file cannot be read, 1 if it is wrong.
    """

    def __init__(self, message: str, *, exit_status: int = 1) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class LimitOfNoField(SupergraphUnusable):
    """Raised when a rate limit is for a root field that the schema does not have.

    Attributes:
        problems: each limit, with the nearest field.
    """

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__(f"{path}: {'; '.join(told for _, told in problems)}")
        self.problems = problems


@dataclass(frozen=True, slots=True, eq=False)
class LoadedSupergraph:
    """What is in a supergraph file.

    Attributes:
        costs: None unless they were asked for.
    """

    supergraph: Supergraph
    costs: CostRules | None


def load_supergraph(path: Path, *, with_costs: bool = False) -> LoadedSupergraph:
    """The supergraph in a file.

    Raises:
        SupergraphUnusable: the file is missing, unreadable, or not a supergraph that this gateway can serve.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SupergraphUnusable(f"{path}: cannot be read: {error.strerror}", exit_status=2) from None
    except UnicodeDecodeError:
        raise SupergraphUnusable(f"{path}: is not text in UTF-8") from None
    try:
        document = parse_supergraph(text)
        supergraph = read_supergraph(text, document)
        return LoadedSupergraph(supergraph, read_cost_rules(document) if with_costs else None)
    except SupergraphError as error:
        place = f":{error.line}:{error.column}" if error.line else ""
        raise SupergraphUnusable(f"{path}{place}: {error.code}: {error.message}") from None


def load_to_serve(path: Path, settings: Settings) -> LoadedSupergraph:
    """The supergraph in a file, whose subgraphs can be asked.

    Raises:
        SupergraphUnusable: as `load_supergraph`; or a subgraph has no address, neither there nor in the settings.
        LimitOfNoField: a rate limit would silently limit nothing.
    """
    loaded = load_supergraph(path, with_costs=settings.limits.counts_costs)
    if loaded.costs is not None and loaded.costs.unlinked:
        log.warning(
            "supergraph.costs_not_linked",
            path=str(path),
            directives=list(loaded.costs.unlinked),
            help='counted all the same; add @link(url: "https://specs.apollo.dev/cost/v0.1") to the schema',
        )
    for subgraph in served_subgraphs(loaded.supergraph, settings):
        if not is_http_address(subgraph.url):
            message = (
                f"subgraph {subgraph.name!r} has no HTTP address: {subgraph.url!r}; set subgraphs.{subgraph.name}.url"
            )
            raise SupergraphUnusable(f"{path}: INVALID_FEDERATION_SUPERGRAPH: {message}")
    if problems := _limits_of_no_field(loaded.supergraph.api, settings.rate_limits):
        raise LimitOfNoField(path, problems)
    return loaded


def _limits_of_no_field(api: GraphQLSchema, limits: RateLimitSettings) -> list[Problem]:
    roots = (api.query_type, api.mutation_type, api.subscription_type)
    known = {f"{root.name}.{field}" for root in roots if root is not None for field in root.fields}
    return [
        (
            ("rate_limits", "fields", name),
            f"rate_limits.fields: the schema has no root field {name}{nearest(name, known)}",
        )
        for name in sorted(limits.fields.keys() - known)
    ]


def unknown_names(supergraph: Supergraph, settings: Settings) -> list[Problem]:
    """Return the settings that name what the supergraph does not have, and so have no effect."""
    problems: list[Problem] = []
    for name in settings.subgraphs:
        if name not in supergraph.subgraphs:
            told = f"subgraphs.{name}: the supergraph has no subgraph {name}{nearest(name, supergraph.subgraphs)}"
            problems.append((("subgraphs", name), told))
    required = settings.server.subgraphs_required
    for index, name in enumerate(() if isinstance(required, str) else required):
        if name not in supergraph.subgraphs:
            told = (
                f"server.subgraphs_required: the supergraph has no subgraph {name}{nearest(name, supergraph.subgraphs)}"
            )
            problems.append((("server", "subgraphs_required", index), told))
    for index, label in enumerate(settings.override_labels):
        if label not in supergraph.override_labels:
            told = f"override_labels: the supergraph has no label {label}{nearest(label, supergraph.override_labels)}"
            problems.append((("override_labels", index), told))
    return problems


def served_subgraphs(supergraph: Supergraph, settings: Settings) -> list[Subgraph]:
    """The subgraphs, each at the address that the settings say, or else the supergraph, with its time-outs."""
    return [_subgraph(name, url, settings) for name, url in supergraph.subgraphs.items()]


def _subgraph(name: str, url: str, settings: Settings) -> Subgraph:
    said = settings.subgraphs.get(name) or SubgraphSettings()
    return Subgraph(
        name,
        said.url or url,
        said.timeout_seconds,
        said.mutation_timeout_seconds,
        said.deadline_header.encode("ascii") if said.deadline_header is not None else None,
        _error_rules(settings.errors_of(name)),
        Liveness(**said.liveness.model_dump()) if said.liveness is not None else None,
    )


def _error_rules(said: ErrorSettings) -> ErrorRules:
    return ErrorRules(
        passes_message=said.message,
        passes_code=said.code,
        extensions=None if said.extensions == "all" else frozenset(said.extensions),
        max_message_length=said.max_message_length,
        max_extensions_bytes=said.max_extensions_bytes,
    )


def _weighing(loaded: LoadedSupergraph, limits: LimitSettings) -> WeighOperation | None:
    """What an operation costs by the supergraph's rules and the settings; None if costs are not counted."""
    if loaded.costs is None:
        return None
    weights = weights_of(loaded.costs, loaded.supergraph, limits.assumed_list_size)
    limit = CostLimit(limits.max_cost, is_enforced=limits.cost_mode == "enforce")

    def weigh(operation: Operation) -> OperationCost:
        return cost_of(operation, weights, limit, limits.assumed_list_size)

    return weigh


def make_pipeline(
    loaded: LoadedSupergraph, settings: Settings, transport: Transport, planning: PlanningThread
) -> Pipeline:
    """What answers requests on this supergraph."""
    supergraph = loaded.supergraph

    def make_plan(operation: Operation, labels: frozenset[str]) -> Plan:
        PLANS.inc()
        made = plan(
            operation,
            supergraph,
            labels=labels,
            steps=settings.limits.max_planning_steps,
            seconds=settings.limits.max_planning_seconds,
            clock=time.thread_time,
        )
        refuse_unsound(made, operation, supergraph, labels=labels)
        return made

    rules = AccessRules(supergraph)
    preparer = Preparer(
        supergraph.api,
        rules,
        Limits(**settings.limits.model_dump(include=_LIMITS)),
        allows_introspection=settings.introspection,
        max_documents=settings.cache.documents,
        max_document_bytes=settings.cache.document_bytes,
    )
    executor = Executor(
        transport=transport,
        services=served_subgraphs(supergraph, settings),
        api_schema=supergraph.api,
        limits=ExecutionLimits(
            max_representations=settings.execution.max_representations,
            max_answer_bytes=settings.execution.max_answer_bytes,
        ),
    )
    return Pipeline(
        supergraph,
        rules=rules,
        preparer=preparer,
        make_plan=make_plan,
        weigh=_weighing(loaded, settings.limits),
        show_plan=plan_as_json,
        executor=executor,
        planning=planning,
        max_plans=settings.cache.plans,
        max_plan_bytes=settings.cache.plan_bytes,
    )


def override_labels(supergraph: Supergraph, settings: Settings) -> OverrideLabels:
    """Who decides the labels of this supergraph."""
    return OverrideLabels(supergraph.override_labels, settings.override_labels)


class SupergraphFile:
    """A supergraph file in service.

    Args:
        put: called with what is to be served from now on.

    Attributes:
        path: of the file.
    """

    def __init__(
        self, path: Path, settings: Settings, transport: Transport, planning: PlanningThread, put: Put
    ) -> None:
        self.path = path
        self._settings = settings
        self._transport = transport
        self._planning = planning
        self._put = put
        self._serving: Pipeline | None = None
        self._seen: tuple[int, ...] | None = None

    def serve_first(self, loaded: LoadedSupergraph | None = None) -> None:
        """Load the file, unless that was done just now, and put it in service.

        Raises:
            SupergraphUnusable: there is nothing to serve.
        """
        self._seen = _stamp(self.path)
        began = time.perf_counter()
        self._put_in_service(self._made(loaded or self._load(), []), began)

    async def watch(self, *, poll_seconds: float = POLL_SECONDS) -> None:
        """Serve every change of the file, until cancelled. A broken file is reported, and the old schema goes on.

        The file is looked at by polling; unlike notifications of the kernel this also works on mounts of containers.
        """
        while True:
            await asyncio.sleep(poll_seconds)
            stamp = _stamp(self.path)
            if stamp != self._seen:
                self._seen = stamp
                await self.reload()

    async def reload(self) -> bool:
        """Load the file again; whether it is in service now, or already was. Requests go on meanwhile."""
        began = time.perf_counter()
        try:
            loaded = await asyncio.to_thread(self._load)
        except SupergraphUnusable as error:
            RELOADS.labels("refused").inc()
            log.error("supergraph.refused", error=str(error), kept="the schema in service")  # noqa: TRY400 - no traceback
            return False
        if self._serving is not None and loaded.supergraph.digest == self._serving.supergraph.digest:
            return True
        hottest = self._serving.hottest(WARMED_PLANS) if self._serving is not None else []
        for _, told in unknown_names(loaded.supergraph, self._settings):
            log.warning("setting.without_effect", setting=told)
        self._put_in_service(await asyncio.to_thread(self._made, loaded, hottest), began)
        RELOADS.labels("served").inc()
        return True

    def _load(self) -> LoadedSupergraph:
        return load_to_serve(self.path, self._settings)

    def _made(self, loaded: LoadedSupergraph, hottest: list[Hot]) -> Pipeline:
        pipeline = make_pipeline(loaded, self._settings, self._transport, self._planning)
        pipeline.warm(hottest)
        return pipeline

    def _put_in_service(self, pipeline: Pipeline, began: float) -> None:
        supergraph = pipeline.supergraph
        self._put(pipeline, override_labels(supergraph, self._settings))
        self._serving = pipeline
        SERVED.set_to_current_time()
        tune_collector()
        log.info(
            "supergraph.served",
            path=str(self.path),
            digest=supergraph.digest[:12],
            subgraphs=len(supergraph.subgraphs),
            ms=round((time.perf_counter() - began) * 1000, 1),
        )


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What changes when the file does; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
