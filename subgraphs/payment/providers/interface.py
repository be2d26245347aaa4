"""What payment needs of a provider. Every call that changes something bears an idempotency key, so that it may be made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from subgraphs.payment.model import PaymentStatus


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the buyer must do: go to an address, or let a client library finish with a secret."""

    type: str
    redirect_url: str | None = None
    client_secret: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no money moved; the code is the provider's."""

    code: str
    message: str
    is_retryable: bool


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund as the provider knows it.

    Args:
        refund_id: our id, which it was told; empty when it was not made by us.
        status: PROCESSING, REFUNDED or FAILED.
    """

    reference: str
    refund_id: str
    amount: int
    status: PaymentStatus


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment as the provider knows it.

    Args:
        payment_id: our id, which it was told; empty when it was not made by us.
        status: as it was before any refund: never PARTIALLY_REFUNDED or REFUNDED.
        captured_amount, refunded_amount: minor units.
        refunds: oldest first.
    """

    reference: str
    payment_id: str
    status: PaymentStatus
    captured_amount: int
    refunded_amount: int = 0
    next_action: NextAction | None = None
    failure: Failure | None = None
    refunds: tuple[ProviderRefund, ...] = ()


@dataclass(frozen=True, slots=True)
class IntentPage:
    """A page of the provider's list.

    Args:
        intents: without their refunds.
        next_after: what the next page begins after; None for the last page.
    """

    intents: tuple[Intent, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Hint:
    """A webhook whose signature is good: something happened to this intent. What happened is asked of the provider."""

    event_id: str
    type: str
    reference: str


class Provider(Protocol):
    """A payment provider. Every call may raise ProviderUnavailable (did it act? not known) or ProviderRefused (it did not)."""

    @property
    def name(self) -> str:
        """The word that is stored with payments and stands in the webhook's address."""
        ...

    async def create(self, *, payment_id: str, amount: int, currency: str) -> Intent:
        """The intent for a payment; the payment's id makes a second call answer the first's intent."""
        ...

    async def confirm(self, intent: Intent, *, method: str, return_url: str | None) -> Intent:
        """The intent after the method was charged; a second call for the same intent and method answers as the first."""
        ...

    async def cancel(self, reference: str) -> Intent:
        """The intent after it was withdrawn."""
        ...

    async def refund(self, reference: str, *, refund_id: str, amount: int) -> ProviderRefund:
        """A new refund; the refund's id makes a second call answer the first's."""
        ...

    async def get(self, reference: str) -> Intent:
        """The intent as it is now."""
        ...

    async def listed(self, *, since: datetime, after: str | None, limit: int) -> IntentPage:
        """A page of the intents that were made at or after an instant.

        Args:
            after: `next_after` of the page before; None for the first page.
            limit: 1 to 100.
        """
        ...

    def hint(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Hint | None:
        """What a webhook says, when its signature is good; None for one that is about something else.

        Raises:
            InvalidSignature: otherwise.
        """
        ...

    async def ready(self) -> None:
        """Return when the provider answers."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
