"""What a basket costs: the lines with the catalog's prices, and the one rule for shipping. Amounts are minor units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """What a buyer wants: n >= 1 pieces of a product."""

    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with what the catalog says of its product now; the price is in minor units."""

    product_id: str
    seller_id: str
    title: str
    quantity: int
    unit_price: int

    @property
    def total(self) -> int:
        """What the line costs, in minor units."""
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Quote:
    """What a basket costs now; amounts in minor units of one currency."""

    lines: tuple[PricedLine, ...]
    currency: str

    @property
    def subtotal(self) -> int:
        """The lines together."""
        return sum(line.total for line in self.lines)

    @property
    def shipping(self) -> int:
        """What bringing it costs."""
        return shipping_of(self.subtotal, self.currency)

    @property
    def total(self) -> int:
        """What the buyer pays."""
        return self.subtotal + self.shipping


_SHIPPING = {"EUR": (490, 5_000), "GBP": (490, 5_000), "USD": (490, 5_000), "RUB": (39_000, 400_000)}


def shipping_of(subtotal: int, currency: str) -> int:
    """What bringing an order costs: a flat fee, and nothing from a certain subtotal on. Minor units."""
    fee, free_from = _SHIPPING[currency]
    return 0 if subtotal >= free_from else fee
