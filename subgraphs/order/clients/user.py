"""What order asks the user service: where the buyer wants it brought."""

from dataclasses import dataclass

from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import Identity

ATTEMPTS = 2
TIMEOUT_SECONDS = 0.8

_ADDRESSES = """query AddressesOfBuyer($buyer: [_Any!]!) { _entities(representations: $buyer) {
  ... on Buyer { addresses { id line1 line2 city postalCode country } } } }"""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an order goes."""

    line1: str
    line2: str | None
    city: str
    postal_code: str
    country: str


class UserService:
    """The user service, asked on the buyer's behalf."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client

    async def address(self, address_id: str, identity: Identity) -> Address | None:
        """An address of the account that asks; None when it has no such address.

        Raises:
            ServiceError: when the user service gives no answer.
        """
        buyer = [{"__typename": "Buyer", "id": identity.subject}]
        data = await self._client.execute(
            _ADDRESSES, {"buyer": buyer}, identity=identity, attempts=ATTEMPTS, timeout_seconds=TIMEOUT_SECONDS
        )
        addresses = data["_entities"][0]["addresses"] if data["_entities"][0] is not None else []
        for each in addresses:
            if each["id"] == address_id:
                return Address(each["line1"], each["line2"], each["city"], each["postalCode"], each["country"])
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
