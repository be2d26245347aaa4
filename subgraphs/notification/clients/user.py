"""Where somebody is reached and in which language: asked of the user service when it is needed, and kept nowhere."""

from dataclasses import dataclass
from typing import Protocol

from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import Identity

_QUERY = """query Recipient($of: [_Any!]!) {
  _entities(representations: $of) { ... on Buyer { displayName locale email emailVerified } } }"""
_LINK = "query VerificationToken($id: ID!) { verificationToken(accountId: $id) }"
_ASKING = Identity(caller="notification", scopes=frozenset({"profile:read"}))


@dataclass(frozen=True, slots=True, repr=False)
class Recipient:
    """A person, as a message needs to know them. Never logged.

    Attributes:
        is_verified: whether the person is known to read what is sent to the address.
    """

    name: str
    locale: str
    email: str
    is_verified: bool


class Recipients(Protocol):
    """Knows people."""

    async def find(self, account_id: str) -> Recipient | None:
        """The person behind an account; None when there is none that can be told anything.

        Raises:
            ServiceError: when it cannot be known now.
        """
        ...

    async def verification_token(self, account_id: str) -> str | None:
        """A token for the message that verifies the account's address; None when it needs none. Never logged, and kept nowhere.

        Raises:
            ServiceError: when there is no answer.
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
        if not found:
            return None
        return Recipient(found["displayName"], found["locale"], found["email"], found["emailVerified"])

    async def verification_token(self, account_id: str) -> str | None:
        """See `Recipients.verification_token`."""
        data = await self._client.execute(_LINK, {"id": account_id}, identity=_ASKING, attempts=3)
        token: str | None = data["verificationToken"]
        return token
