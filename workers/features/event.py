"""What a buyer did with a product: the only input that profiles and counters have."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The closed set of behaviour, as in the feed's schema; PURCHASE comes from orders instead of from the client."""

    IMPRESSION = "IMPRESSION"
    VIEW = "VIEW"
    CLICK = "CLICK"
    ADD_TO_CART = "ADD_TO_CART"
    FAVOURITE = "FAVOURITE"
    HIDE = "HIDE"
    PURCHASE = "PURCHASE"


INTEREST: dict[Kind, float] = {
    Kind.IMPRESSION: 0.0,
    Kind.VIEW: 0.5,
    Kind.CLICK: 1.0,
    Kind.FAVOURITE: 2.0,
    Kind.ADD_TO_CART: 3.0,
    Kind.PURCHASE: 4.0,
    Kind.HIDE: 0.0,
}
"""How much one act says about taste, in clicks. A hide is kept apart: it says what is not wanted."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One act of one buyer on one product.

    Attributes:
        at: Unix seconds, UTC.
        position: of the product in its slate, 0 at the top; None outside a slate.
        slate_id: of the slate that showed the product, if one did.
    """

    kind: Kind
    buyer_id: str
    product_id: str
    at: float
    position: int | None = None
    slate_id: str | None = None
