"""What every channel can do, and the two ways in which it fails."""

from dataclasses import dataclass
from typing import Protocol


class ChannelUnavailable(Exception):
    """Raised when nothing was sent and it may be tried again."""


class Rejected(Exception):
    """Raised when the provider refuses this message for good: an unknown address, say."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent.

    Attributes:
        id: the delivery's: the same in every attempt, so that a provider can tell.
        recipient: an address of the channel.
    """

    id: str
    recipient: str
    subject: str
    body: str


class ChannelClient(Protocol):
    """Sends messages through one provider."""

    async def send(self, message: Message) -> str:
        """The provider's id of the message.

        Raises:
            ChannelUnavailable: nothing was sent; try again.
            Rejected: nothing will be sent.
        """
        ...
