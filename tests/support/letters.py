"""Fakes of a channel and of the people that a message is for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from subgraphs.notification.channels.interface import Message
from subgraphs.notification.clients.user import Recipient

Meanwhile = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class RecordingChannel:
    """Keeps what it is given; fails with `failures` first, in order. `meanwhile` happens once, while it sends."""

    sent: list[Message] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    meanwhile: Meanwhile | None = None

    async def send(self, message: Message) -> str:
        """The message's number."""
        if self.meanwhile is not None:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
        return f"provider-{len(self.sent)}"


@dataclass(slots=True)
class KnownPeople:
    """Knows the accounts it is given. `meanwhile` happens once, while it looks for somebody."""

    people: dict[str, Recipient]
    meanwhile: Meanwhile | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    async def find(self, account_id: str) -> Recipient | None:
        """The person, if known."""
        if self.meanwhile is not None:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        return self.people.get(account_id)

    async def verification_token(self, account_id: str) -> str | None:
        """The token, if the account was given one."""
        return self.tokens.get(account_id)
