"""Trials: random operations on a random world, answered by the gateway and by one schema."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import GraphQLSchema

from gateway.execution.executor import Executor
from gateway.execution.fake_transport import FakeTransport
from gateway.execution.request import ExecutionRequest, Service
from gateway.operation.access import AccessRules
from gateway.operation.limits import Limits
from gateway.operation.normalize import normalize
from gateway.operation.prepare import Preparer
from gateway.planning.checker import check
from gateway.planning.plan import Plan
from gateway.planning.planner import plan
from gateway.planning.printer import print_plan
from gateway.supergraph.reader import read_supergraph
from tests.support.planning import nobody_refused
from tests.support.worlds.drawing import draw_world
from tests.support.worlds.model import Object
from tests.support.worlds.operations import draw_operation
from tests.support.worlds.sdl import LINK


@dataclass(frozen=True, slots=True)
class Answered:
    """What the gateway answered, ``data`` and ``errors``, and by which plan."""

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
            costs=None,
            allows_introspection=True,
            max_documents=10,
            max_document_bytes=10_000_000,
        )
        self._executor = Executor(
            transport=FakeTransport({name: world.subgraph(name) for name in world.sdl}),
            services=[Service(name, url) for name, url in self._supergraph.subgraphs.items()],
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
        prepared = self._preparer.prepare(text, None)
        coerced = prepared.variables.coerce(variables)
        conditions = {name: coerced[name] for name in prepared.condition_names}
        operation = normalize(
            prepared.document, prepared.definition, self.schema, conditions=conditions, refuse=nobody_refused
        )
        labels = self._world.labels
        made = plan(operation, self._supergraph, labels=labels)
        check(made, operation, self._supergraph, labels=labels)
        request = ExecutionRequest(deadline=asyncio.get_running_loop().time() + 10, variables=coerced)
        answer = await self._executor.prepare(made, operation).execute(request)
        complaints, self._world.complaints = self._world.complaints, []
        if complaints:
            raise AssertionError("\n".join([*complaints, print_plan(made)]))
        return Answered(answer.decoded(), made)

    def expected(self, text: str, variables: Mapping[str, Any]) -> Any:
        """What one schema over the same objects answers."""
        return self._world.answer_merged(self.schema, text, variables)


@dataclass(frozen=True, slots=True)
class Trial:
    """One random operation on one random world: what the gateway answers, and what one schema would.

    Attributes:
        shown: everything that is needed to understand a difference.
    """

    answered: Any
    expected: Any
    shown: str


async def run_trials(seed: int, operations: int = 4) -> list[Trial]:
    """Answers random operations on the world of a seed.

    Raises:
        UnsoundPlan: the checker refuses a plan.
        AssertionError: a subgraph was sent what is not valid there, or not enough.
    """
    rnd = random.Random(seed)
    world = draw_world(rnd)
    gateway = WorldGateway(world)
    trials: list[Trial] = []
    for _ in range(operations):
        drawn = draw_operation(rnd, gateway.schema)
        answered = await gateway.answer(drawn.text, drawn.variables)
        expected = gateway.expected(drawn.text, drawn.variables)
        parts = [f"# {name}\n{sdl.removeprefix(LINK)}" for name, sdl in world.sdl.items()]
        shown = "\n".join([f"seed {seed}", *parts, drawn.text, str(drawn.variables), print_plan(answered.plan)])
        trials.append(Trial(answered.response, expected, shown))
    return trials
