"""User's one question to the notification service: to record what happened to an account."""

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.client import GraphQLClient

TIMEOUT_SECONDS = 5.0

_RECORD = "mutation TellNotification($event: AccountEventInput!) { recordAccountEvent(input: $event) }"
_TYPES = {"user.verification_asked": "VERIFICATION_ASKED", "user.email_verified": "EMAIL_VERIFIED"}


class NotificationService:
    """The notification service. A call may be made again: an event is known by its id."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client

    async def record(self, envelope: Envelope) -> None:
        """Have notification record an event.

        Raises:
            ServiceError: when it gave no answer, or refused.
        """
        event = {"eventId": envelope.id, "type": _TYPES[envelope.type], "accountId": envelope.subject}
        await self._client.execute(_RECORD, {"event": event}, attempts=2, timeout_seconds=TIMEOUT_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
