"""What an order shows of its money: what is due, what was taken, what went back."""

import pytest

from tests.support.payments import Shop

SUMS = "amountDue { amount } capturedAmount { amount currency } refundedAmount { amount currency }"


async def sums(shop: Shop, order_id: str) -> tuple[int, int, int]:
    shown = await shop.order_entity(order_id, SUMS)
    return shown["amountDue"]["amount"], shown["capturedAmount"]["amount"], shown["refundedAmount"]["amount"]


async def test_an_order_shows_what_was_taken_and_what_went_back(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=6_000)
    assert await sums(shop, order_id) == (6_000, 0, 0)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    assert await sums(shop, order_id) == (0, 6_000, 0)  # also before the order learns that it is paid
    shop.orders.set_status(order_id, "PAID")
    await shop.refund(payment_id, 1_512)
    assert await sums(shop, order_id) == (0, 6_000, 1_512)
    await shop.refund(payment_id, 4_488)
    assert await sums(shop, order_id) == (0, 6_000, 6_000)


@pytest.mark.parametrize("status", ["CANCELLED", "EXPIRED", "REFUNDED", "DELIVERED"])
async def test_nothing_is_due_for_an_order_that_does_not_wait_for_its_payment(shop: Shop, status: str) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=6_000, status=status)
    assert await sums(shop, order_id) == (0, 0, 0)
