"""The gateway over a world: every plan is checked, every answer comes with its plan."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from graphql import GraphQLSchema

from gateway.execution.executor import Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from gateway.operation.access import AccessRules
from gateway.operation.limits import Limits
from gateway.operation.model import Operation, OperationKind
from gateway.operation.normalize import normalize
from gateway.operation.prepare import Preparer
from gateway.planning.check.checker import check
from gateway.planning.plan import Plan
from gateway.planning.planner import plan
from gateway.planning.printer import print_plan
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.worlds.model import Object
from tests.support.planning import nobody_refused


@dataclass(frozen=True, slots=True)
class Answered:
    """What the gateway answered, ``data`` and ``errors`` (to a subscription a list of such), and by which plan."""

    response: Any
    plan: Plan


class AnyWorld(Protocol):
    """Subgraphs with their supergraph, and one schema over the same data."""

    sdl: dict[str, str]
    supergraph: str
    labels: frozenset[str]
    complaints: list[str]

    def subgraph(self, name: str) -> Callable[[Object], Any]:
        """The subgraph as a function from a request to a response."""

    def answer_merged(self, schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Any:
        """What one schema over all data answers."""


class WorldGateway:
    """The gateway over the subgraphs of a world."""

    def __init__(self, world: AnyWorld) -> None:
        self._world = world
        self._supergraph = read_supergraph(world.supergraph)
        self._preparer = Preparer(
            self._supergraph.api,
            AccessRules(self._supergraph),
            Limits(),
            allows_introspection=True,
            max_documents=10,
            max_document_bytes=10_000_000,
        )
        self._executor = Executor(
            transport=FakeTransport({name: world.subgraph(name) for name in world.sdl}),
            services=[SubgraphEndpoint(name, url) for name, url in self._supergraph.subgraphs.items()],
            api_schema=self._supergraph.api,
        )

    @property
    def schema(self) -> GraphQLSchema:
        """The schema that clients see."""
        return self._supergraph.api

    async def answer(self, text: str, variables: Mapping[str, Any]) -> Answered:
        """Plans, checks and executes an operation.

        Raises:
            ClientError: it is refused.
            UnsoundPlan: the checker refuses its plan.
            AssertionError: a subgraph was sent what is not valid there, or not enough.
        """
        operation, made, coerced = self._planned(text, variables)
        check(made, operation, self._supergraph, labels=self._world.labels)
        response = await self._execute(made, operation, coerced)
        complaints, self._world.complaints = self._world.complaints, []
        if complaints:
            raise AssertionError("\n".join(complaints))
        return Answered(response, made)

    async def answer_without(self, text: str, variables: Mapping[str, Any], service: str) -> Any:
        """Return what all fetches answer that neither ask a subgraph nor wait for one that does."""
        operation, made, coerced = self._planned(text, variables)
        gone: set[int] = set()
        for fetch in made.fetches:
            is_stream = fetch.kind is OperationKind.SUBSCRIPTION
            if (fetch.service == service and not is_stream) or gone.intersection(fetch.depends_on):
                gone.add(fetch.id)
        kept = [fetch.id for fetch in made.fetches if fetch.id not in gone]
        numbers = {id_: number for number, id_ in enumerate(kept)}
        fetches = tuple(
            replace(fetch, id=numbers[fetch.id], depends_on=tuple(numbers[before] for before in fetch.depends_on))
            for fetch in made.fetches
            if fetch.id in numbers
        )
        return await self._execute(replace(made, fetches=fetches), operation, coerced)

    async def _execute(self, made: Plan, operation: Operation, coerced: Mapping[str, Any]) -> Any:
        request = ExecutionRequest(deadline=asyncio.get_running_loop().time() + 60, variables=coerced)
        executable = self._executor.prepare(made, operation)
        response: Any
        if made.kind is OperationKind.SUBSCRIPTION:
            response = [answer.decoded() async for answer in executable.subscribe(request)]
        else:
            response = (await executable.execute(request)).decoded()
        return response

    def printed_plan(self, text: str, variables: Mapping[str, Any]) -> str:
        """The plan of an operation, sound or not."""
        return print_plan(self._planned(text, variables)[1])

    def _planned(self, text: str, variables: Mapping[str, Any]) -> tuple[Operation, Plan, Mapping[str, Any]]:
        prepared = self._preparer.prepare(text, None)
        coerced = prepared.variables.coerce(variables)
        conditions = {name: coerced[name] for name in prepared.condition_names}
        operation = normalize(
            prepared.document, prepared.definition, self.schema, conditions=conditions, refuse=nobody_refused
        )
        return operation, plan(operation, self._supergraph, labels=self._world.labels), coerced

    def expected(self, text: str, variables: Mapping[str, Any]) -> Any:
        """What one schema over the same objects answers."""
        return self._world.answer_merged(self.schema, text, variables)
