"""Plans become answers: `Executor.prepare` once per cached plan, `Executable.execute` once per request."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from graphql import GraphQLSchema

from gateway.errors import InternalError
from gateway.execution.request import Answer, ExecutionRequest, Service
from gateway.execution.transport import Transport
from gateway.operation.model import Operation
from gateway.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class ExecutionLimits:
    """What one request may cost.

    Attributes:
        max_representations: entities asked for in one HTTP request; longer lists go in several, side by side.
    """

    max_representations: int = 2000


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
        services: Iterable[Service],
        api_schema: GraphQLSchema,
        limits: ExecutionLimits | None = None,
    ) -> None:
        self.transport = transport
        self.services = {service.name: service for service in services}
        self.api_schema = api_schema
        self.limits = limits or ExecutionLimits()

    def prepare(self, plan: Plan, operation: Operation) -> "Executable":
        """What executes `plan`; to be kept with it in the plan cache. Pure, some milliseconds."""
        return Executable(self, plan, operation)


class Executable:
    """A plan made ready, for any number of requests at once."""

    def __init__(self, executor: Executor, plan: Plan, operation: Operation) -> None:
        self.plan = plan
        self.operation = operation
        self._executor = executor

    async def execute(self, request: ExecutionRequest) -> Answer:
        """The answer to a query or a mutation. Subgraphs' failures are inside it; nothing of theirs is raised.

        Raises:
            InternalError: a fault of the gateway itself, to be masked and logged.
        """
        raise InternalError(f"cannot execute yet: {self.plan.kind.value}")

    def subscribe(self, request: ExecutionRequest) -> AsyncIterator[Answer]:
        """The answers to a subscription, one for each event, until the subgraph completes it.

        `request.deadline` bounds the wait for the subgraph to accept; the fetches that complete an event get as much time
        again, counted from the event. A stream that breaks ends with an answer that holds the error. Close the iterator
        (``aclose``) to give the subscription up.
        """
        raise InternalError(f"cannot subscribe yet: {self.plan.kind.value}")
