"""Plans become answers: `Executor.prepare` once per cached plan, `Executable.execute` once per request."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from graphql import GraphQLSchema

from gateway.errors import InternalError, SubgraphError
from gateway.execution.compiled.compile import compile_plan
from gateway.execution.compiled.functions import Compiled
from gateway.execution.compiled.layout import NotCovered
from gateway.execution.compiled.run import FastRun
from gateway.execution.encoding import encode_json
from gateway.execution.interpreter.introspection import Introspector
from gateway.execution.interpreter.program import Program, compile_program
from gateway.execution.interpreter.run import GeneralRun
from gateway.execution.limits import ExecutionLimits
from gateway.execution.request import Answer, ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.interface import Reply, Transport
from gateway.execution.transport.sharing import Flights, Recorded
from gateway.operation.model import Operation, OperationKind
from gateway.planning.plan import Plan

COMPILE_AFTER: Final = 2
"""Executions of a plan by the general path before it is compiled: a plan that is used once would never earn that back."""


class Executor:
    """Executes plans of one supergraph.

    A new supergraph gets a new Executor over the same transport; requests under way finish with the old one.

    Args:
        transport: shared by all executors of the process; closed by whoever made it.
        services: every subgraph that plans may name.
        api_schema: the schema that clients see; projection and introspection read it.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        services: Iterable[SubgraphEndpoint],
        api_schema: GraphQLSchema,
        limits: ExecutionLimits | None = None,
    ) -> None:
        self.transport = transport
        self.services = {service.name: service for service in services}
        self.api_schema = api_schema
        self.limits = limits or ExecutionLimits()
        self.flights = Flights(transport)
        self.introspector = Introspector(api_schema)

    def prepare(self, plan: Plan, operation: Operation) -> "Executable":
        """What executes `plan`; to be kept with it in the plan cache. Pure, some milliseconds.

        Raises:
            InternalError: the plan or the operation does not belong to this supergraph.
        """
        return Executable(self, plan, operation)


class Executable:
    """A plan made ready, for any number of requests at once."""

    def __init__(self, executor: Executor, plan: Plan, operation: Operation) -> None:
        self.plan = plan
        self.operation = operation
        self._executor = executor
        self._program: Program = compile_program(plan, operation, executor.services, executor.introspector)
        self._executions = 0
        self._compiled: Compiled | NotCovered | None = None
        self._compiling: asyncio.Future[Compiled | NotCovered] | None = None

    async def execute(self, request: ExecutionRequest) -> Answer:
        """The answer to a query or a mutation. Subgraphs' failures are inside it; nothing of theirs is raised.

        Raises:
            InternalError: a fault of the gateway itself, to be masked and logged.
        """
        if self.plan.kind is OperationKind.SUBSCRIPTION:
            raise InternalError("a subscription is to be subscribed to")
        return await self._run(request, Recorded(self._executor.flights))

    async def subscribe(self, request: ExecutionRequest) -> AsyncGenerator[Answer, None]:
        """The answers to a subscription, one for each event, until the subgraph completes it.

        `request.deadline` bounds the wait for the subgraph to accept; the fetches that complete an event get as much time
        again, counted from the event. A stream that breaks ends with an answer that holds the error. Close the iterator
        (``aclose``) to give the subscription up.

        Raises:
            InternalError: a fault of the gateway itself, to be masked and logged.
        """
        if self.plan.kind is not OperationKind.SUBSCRIPTION:
            raise InternalError("only a subscription can be subscribed to")
        if not self.plan.fetches:
            # The caller may not see the field: that is the whole answer, and no subgraph is asked.
            yield await self._run(request, Recorded(self._executor.flights))
            return
        loop = asyncio.get_running_loop()
        event_seconds = max(request.deadline - loop.time(), 0.0)
        program = self._program.fetches[0]
        executor = self._executor
        body = program.body(request.variables)
        events = executor.transport.subscribe(
            program.service,
            body,
            request.headers(program.service.name),
            hop_headers=request.hop_headers,
            deadline=program.service.due(now=loop.time(), deadline=request.deadline, is_safe=True),
        )
        try:
            async with aclosing(events):
                async for event in events:
                    first: asyncio.Future[Reply] = loop.create_future()
                    first.set_result(Reply(200, "application/json", event))
                    recorded = Recorded(executor.flights)
                    recorded.add(0, body, first)
                    yield await self._run(replace(request, deadline=loop.time() + event_seconds), recorded)
        except SubgraphError as error:
            yield Answer(
                encode_json(
                    {
                        "data": None,
                        "errors": [
                            {
                                "message": error.message,
                                "extensions": {"code": error.code, "serviceName": error.service},
                            }
                        ],
                    }
                ),
                error_count=1,
            )

    def python_source(self) -> str:
        """The Python that the fast path runs for this plan; a comment that says why, if the general path serves it alone."""
        match self.compile():
            case NotCovered() as reason:
                return f"# The general path serves this plan: {reason}.\n"
            case Compiled() as compiled:
                return compiled.source

    async def _run(self, request: ExecutionRequest, recorded: Recorded) -> Answer:
        executor = self._executor
        if isinstance(self._compiled, Compiled) and not request.is_traced:
            fast = FastRun(self._program, self._compiled, request, executor.flights, recorded)
            answer = await fast.answer()
            if answer is not None:
                return answer
        self._executions += 1
        if self._executions == COMPILE_AFTER and self._compiled is None:
            # In a thread: requests are answered meanwhile, by the general path.
            self._compiling = asyncio.get_running_loop().run_in_executor(None, self.compile)
        run = GeneralRun(self._program, request, executor.flights, executor.limits, recorded)
        return await run.answer()

    def compile(self) -> Compiled | NotCovered:
        """Makes the fast path now, rather than after some executions; gives it, or why there is none."""
        if self._compiled is None:
            executor = self._executor
            try:
                self._compiled = compile_plan(self.plan, self.operation, executor.api_schema, executor.limits)
            except NotCovered as reason:
                self._compiled = reason
        return self._compiled
