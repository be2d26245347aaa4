"""What a resolver finds in `info.context`: who asks, the service's resources, and this request's loaders."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from subgraphs.kit.graph.errors import Fault
from subgraphs.kit.runtime.identity import Identity

ResourcesT = TypeVar("ResourcesT")
LoadersT = TypeVar("LoadersT")


@dataclass(frozen=True, slots=True)
class Context(Generic[ResourcesT, LoadersT]):
    """One request.

    Args:
        resources: what lives as long as the process: database, clients, settings, clock.
        loaders: what lives as long as the request.
        client_address: of the client behind the gateway, as the gateway tells it. For counting, never for an answer: queries of
            several clients may share one request.
    """

    identity: Identity
    resources: ResourcesT
    loaders: LoadersT
    client_address: str | None = None

    @property
    def account_id(self) -> str:
        """The id of the account that asks.

        Raises:
            Fault: UNAUTHENTICATED, when there is none.
        """
        if self.identity.subject is None:
            raise Fault("UNAUTHENTICATED", "Sign in first")
        return self.identity.subject
