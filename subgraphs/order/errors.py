"""What the order service refuses besides the shared refusals."""

from collections.abc import Sequence
from dataclasses import dataclass

from subgraphs.kit.runtime.refusals import Refusal
from subgraphs.order.quote import Quote


class ForbiddenStep(Refusal):
    """Raised when an order's status cannot go where it was sent.

    Args:
        allowed: the actions that are open instead.
    """

    code = "ORDER_STATE"

    def __init__(self, current: str, allowed: Sequence[str]) -> None:
        super().__init__(f"This cannot be done with an order that is {current}")
        self.current = current
        self.allowed = list(allowed)


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line that cannot be served: what was asked for, and what there is, n >= 0."""

    product_id: str
    requested: int
    available: int


class OutOfStock(Refusal):
    """Raised when at least one line asks for more than there is; nothing is held then."""

    code = "OUT_OF_STOCK"

    def __init__(self, lines: Sequence[Shortage]) -> None:
        super().__init__("Some products are not available in that quantity", "input", "lines")
        self.lines = list(lines)


class PriceChanged(Refusal):
    """Raised when the basket costs something else than the buyer saw."""

    code = "PRICE_CHANGED"

    def __init__(self, quote: Quote) -> None:
        super().__init__("The price has changed: look at it again", "input", "expectedTotal")
        self.quote = quote


class RequestInFlight(Refusal):
    """Raised when a request with the same key is at work now, or was cut off a moment ago: try again with the same key."""

    code = "REQUEST_IN_FLIGHT"

    def __init__(self) -> None:
        super().__init__("The same request is being worked on: try again with the same key")


class OrdersPaused(Refusal):
    """Raised while placing orders is switched off by configuration."""

    code = "ORDERS_PAUSED"

    def __init__(self) -> None:
        super().__init__("Orders are paused: try again later")
