"""Orders out of baskets: their items, their path through the states, as far as they have come by now."""

from dataclasses import dataclass

import numpy as np

from workers.demo_market.goods import DAY, ProductRow
from workers.demo_market.ids import uuid7s
from workers.demo_market.log import PURCHASE, Log
from workers.demo_market.population import Buyer

HOUR = 3600.0
FREE_SHIPPING_FROM = 5_000
SHIPPING = 490


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A line of an order; `product` is a place in the list of products."""

    id: str
    product: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Step:
    """A change of state; the first has no `before`."""

    before: str | None
    after: str
    at: float
    actor: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order; `buyer` is a place in the list of buyers; amounts in minor units of EUR."""

    id: str
    number: str
    buyer: int
    address_id: str
    items: tuple[ItemRow, ...]
    shipping: int
    history: tuple[Step, ...]
    created_at: float

    @property
    def status(self) -> str:
        """The state that it is in now."""
        return self.history[-1].after


def orders_of(
    rng: np.random.Generator, *, log: Log, buyers: list[Buyer], products: list[ProductRow], until: float
) -> list[OrderRow]:
    """The orders behind the log's purchases, oldest first."""
    bought = np.flatnonzero(log.kind == PURCHASE)
    baskets: dict[int, list[int]] = {}
    for place in bought.tolist():
        baskets.setdefault(int(log.basket[place]), []).append(place)
    orders = []
    for number, places in enumerate(baskets.values(), start=1):
        paid_at = float(log.at[places[0]])
        created_at = paid_at - float(rng.uniform(40.0, 85.0))
        buyer = int(log.buyer[places[0]])
        ids = uuid7s([created_at] * (1 + len(places)), rng)
        items = tuple(
            ItemRow(ids[1 + line], int(log.product[place]), _quantity(rng)) for line, place in enumerate(places)
        )
        subtotal = sum(products[item.product].price * item.quantity for item in items)
        addresses = buyers[buyer].addresses
        orders.append(
            OrderRow(
                id=ids[0],
                number=f"YM-{100_000 + number}",
                buyer=buyer,
                address_id=addresses[int(rng.integers(len(addresses)))].id,
                items=items,
                shipping=0 if subtotal >= FREE_SHIPPING_FROM else SHIPPING,
                history=_history(rng, created_at=created_at, paid_at=paid_at, until=until),
                created_at=created_at,
            )
        )
    return orders


def _quantity(rng: np.random.Generator) -> int:
    return 1 + int(rng.random() < 0.12) + int(rng.random() < 0.03)


def _history(rng: np.random.Generator, *, created_at: float, paid_at: float, until: float) -> tuple[Step, ...]:
    """The steps that have happened by `until`: most orders arrive, a few are cancelled, a few sent back."""
    packed_at = paid_at + float(rng.uniform(1.0, 20.0)) * HOUR
    shipped_at = packed_at + float(rng.uniform(4.0, 30.0)) * HOUR
    arrived_at = shipped_at + float(rng.uniform(1.2, 4.5)) * DAY
    steps = [
        Step(None, "PENDING", created_at, "buyer"),
        Step("PENDING", "AWAITING_PAYMENT", created_at + 1.0, "system"),
        Step("AWAITING_PAYMENT", "PAID", paid_at, "payment"),
    ]
    fate = rng.random()
    if fate < 0.03:
        steps.append(Step("PAID", "CANCELLED", paid_at + 0.5 * HOUR, "buyer", "Changed my mind"))
        steps.append(Step("CANCELLED", "REFUNDED", paid_at + 0.6 * HOUR, "payment"))
    else:
        steps.append(Step("PAID", "FULFILLING", packed_at, "seller"))
        steps.append(Step("FULFILLING", "SHIPPED", shipped_at, "seller"))
        steps.append(Step("SHIPPED", "DELIVERED", arrived_at, "carrier"))
        if fate > 0.98:
            steps.append(Step("DELIVERED", "REFUNDED", arrived_at + 6 * DAY, "support", "Returned"))
    return tuple(step for step in steps if step.at <= until)
