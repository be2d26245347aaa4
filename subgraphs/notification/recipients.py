"""Where somebody is reached and in which language: asked of the user service when it is needed, and kept nowhere."""

from dataclasses import dataclass
from typing import Protocol

from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import Identity

_QUERY = """query Recipient($of: [_Any!]!) {
  _entities(representations: $of) { ... on Buyer { displayName locale email phone } } }"""
_ASKING = Identity(caller="notification", scopes=frozenset({"profile:read"}))


@dataclass(frozen=True, slots=True, repr=False)
class Recipient:
    """A person, as a message needs to know them. Never logged."""

    name: str
    locale: str
    email: str


class Recipients(Protocol):
    """Knows people."""

    async def find(self, account_id: str) -> Recipient | None:
        """The person behind an account; None when there is none that can be told anything.

        Raises:
            ServiceError: when it cannot be known now.
        """
        ...


class UserRecipients:
    """Asks the user service."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client

    async def find(self, account_id: str) -> Recipient | None:
        """See `Recipients.find`."""
        data = await self._client.execute(
            _QUERY, {"of": [{"__typename": "Buyer", "id": account_id}]}, identity=_ASKING, attempts=3
        )
        found = data["_entities"][0]
        return Recipient(found["displayName"], found["locale"], found["email"]) if found else None
