"""Fakes of a channel and of the people that a message is for."""

from dataclasses import dataclass, field

from subgraphs.notification.channels.interface import Message
from subgraphs.notification.recipients import Recipient


@dataclass(slots=True)
class RecordingChannel:
    """Keeps what it is given; fails with `failures` first, in order."""

    sent: list[Message] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def send(self, message: Message) -> str:
        """The message's number."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
        return f"provider-{len(self.sent)}"


@dataclass(slots=True)
class KnownPeople:
    """Knows the accounts it is given."""

    people: dict[str, Recipient]

    async def find(self, account_id: str) -> Recipient | None:
        """The person, if known."""
        return self.people.get(account_id)
