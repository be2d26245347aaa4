"""Who sees which payment, what an order's payments come to, at what cost in statements; migrations and seed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.migrate import downgrade, schema_differences, upgrade
from subgraphs.payment.sandbox.settings import BankSettings
from subgraphs.payment.seed import seed
from subgraphs.payment.settings import MIGRATIONS
from subgraphs.payment.tables import Base, Payment, PaymentEvent, ProviderEvent, Refund
from tests.support.bank import API_KEY, WEBHOOK_SECRET, eventually, running_bank
from tests.support.identity import ANONYMOUS, account, service
from tests.support.payments import NOWHERE, PAYMENT, Place, Shop, running_shop
from tests.support.statements import counted_statements

ORDERS = """query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order {
  id paymentState amountDue { amount } payments { id status failure { code } history { status } refunds { status } } } } }"""


async def test_migrations_make_the_tables_of_the_code_and_undo_them(database_url: str) -> None:
    await upgrade(database_url, MIGRATIONS)
    assert await schema_differences(database_url, Base.metadata) == []
    await downgrade(database_url, MIGRATIONS)
    missing = await schema_differences(database_url, Base.metadata)
    assert {difference[1].name for difference in missing if difference[0] == "add_table"} == set(Base.metadata.tables)


async def test_a_payment_is_seen_by_its_buyer_support_and_services_and_by_nobody_else(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id)
    payment_id = (await shop.start(order_id))["payment"]["id"]
    asked = {"id": payment_id}
    stranger = account(uuid7(), "BUYER", "SELLER")
    for identity in (shop.buyer, shop.support, service("order")):
        assert (await shop.payment.data(PAYMENT, asked, by=identity))["payment"]["id"] == payment_id
        assert (await shop.order_entity(order_id, "payments { id }", by=identity))["payments"] == [{"id": payment_id}]
    assert (await shop.payment.data(PAYMENT, asked, by=stranger))["payment"] is None
    assert (await shop.payment.data(PAYMENT, {"id": uuid7()}, by=stranger))["payment"] is None
    assert (await shop.order_entity(order_id, "payments { id }", by=stranger))["payments"] == []
    assert await shop.payment.codes(PAYMENT, asked, by=ANONYMOUS) == ["UNAUTHENTICATED"]


async def test_the_providers_name_for_a_payment_is_for_support(shop: Shop) -> None:
    payment_id = (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]["id"]
    query = "query ($id: ID!) { payment(id: $id) { providerReference } }"
    shown = await shop.payment.data(query, {"id": payment_id}, by=shop.support)
    assert shown["payment"]["providerReference"].startswith("int_")
    assert await shop.payment.codes(query, {"id": payment_id}, by=shop.buyer) == ["FORBIDDEN"]


async def test_a_payment_resolves_by_its_key_in_the_order_of_the_representations(shop: Shop) -> None:
    first = (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]["id"]
    second = (await shop.start(shop.orders.add(shop.buyer_id)))["payment"]["id"]
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Payment { id } } }"
    ids = [second, uuid7(), first]
    answer = await shop.payment.data(
        query, {"r": [{"__typename": "Payment", "id": each} for each in ids]}, by=shop.buyer
    )
    assert answer["_entities"] == [{"id": second}, None, {"id": first}]


async def test_an_order_without_payments_owes_its_total(shop: Shop) -> None:
    order_id = shop.orders.add(shop.buyer_id, amount=777, currency="GBP")
    shown = await shop.order_entity(order_id, "paymentState amountDue { amount currency } payments { id }")
    assert shown == {"paymentState": "UNPAID", "amountDue": {"amount": 777, "currency": "GBP"}, "payments": []}


async def test_an_order_without_its_total_cannot_say_what_is_due(shop: Shop) -> None:
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { amountDue { amount } } } }"
    for total in ({}, {"total": {"amount": 1}}, {"total": {"amount": 1, "currency": "XXX"}}):
        representation = {"__typename": "Order", "id": uuid7(), **total}
        assert await shop.payment.codes(query, {"r": [representation]}, by=shop.buyer) == ["BAD_REPRESENTATION"]


async def test_more_orders_cost_no_more_statements(shop: Shop) -> None:
    orders = [shop.orders.add(shop.buyer_id) for _ in range(12)]
    for order_id in orders:
        await shop.start(order_id, "card_declined")
        await shop.start(order_id)

    async def events_have_come() -> bool:  # or else they would be counted
        async with shop.resources.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(ProviderEvent)) == 2 * len(orders)

    await eventually(events_have_come)

    async def statements(some: list[str]) -> list[str]:
        total = {"amount": 5_000, "currency": "EUR"}
        representations = [
            {"__typename": "Order", "id": order_id, "total": total, "payable": True} for order_id in some
        ]
        with counted_statements(shop.resources.database) as seen:
            answer = await shop.payment.data(ORDERS, {"r": representations}, by=shop.buyer)
        assert [len(order["payments"]) for order in answer["_entities"]] == [2] * len(some)
        return [statement for statement in seen if "FROM outbox" not in statement]  # the relay looks at its own pace

    one, many = await statements(orders[:1]), await statements(orders)
    assert len(one) == len(many) == 3  # payments, history, refunds


def market_order(status: str, *steps: str, amount: int = 2_500) -> dict[str, Any]:
    """An order as the market's generator writes it."""
    at = datetime(2026, 5, 1, tzinfo=UTC)
    history = [
        {"from": None, "to": step, "at": at.replace(hour=hour).isoformat(), "actor": "x", "reason": None}
        for hour, step in enumerate(steps)
    ]
    return {
        "id": uuid7(),
        "number": uuid7()[:12],
        "buyer_id": uuid7(),
        "status": status,
        "items": [{"unit_price": {"amount": amount, "currency": "EUR"}, "quantity": 2}],
        "shipping": {"amount": 490, "currency": "EUR"},
        "history": history,
        "created_at": at.isoformat(),
    }


async def test_the_seed_pays_the_orders_that_were_paid_and_a_second_time_changes_nothing(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    delivered = market_order("DELIVERED", "PENDING", "AWAITING_PAYMENT", "PAID", "SHIPPED", "DELIVERED")
    undone = market_order("REFUNDED", "PENDING", "AWAITING_PAYMENT", "PAID", "REFUNDED")
    unpaid = market_order("EXPIRED", "PENDING", "AWAITING_PAYMENT", "EXPIRED")
    (tmp_path / "orders.jsonl").write_text("".join(json.dumps(order) + "\n" for order in (delivered, undone, unpaid)))
    bank_file = tmp_path / "bank.db"
    bank = BankSettings(api_key=API_KEY, webhook_secret=WEBHOOK_SECRET, data=bank_file)
    await upgrade(database_url, MIGRATIONS)
    with running_bank(bank_file) as running:
        place = Place(database_url, redis_url, tmp_path, running.url)
        settings = place.settings(f"{NOWHERE}/graphql")
        assert await seed(settings, tmp_path, bank=bank) == 2 + 5 + 1
        assert await seed(settings, tmp_path, bank=bank) == 0
        async with running_shop(place) as shop:
            async with shop.resources.database.reading() as session:
                rows = {row.order_id: row for row in await session.scalars(select(Payment))}
                assert await session.scalar(select(func.count()).select_from(PaymentEvent)) == 5
                assert await session.scalar(select(func.count()).select_from(Refund)) == 1
            assert {order_id: (row.status, row.amount) for order_id, row in rows.items()} == {
                delivered["id"]: ("CAPTURED", 5_490),
                undone["id"]: ("REFUNDED", 5_490),
            }
            # The bank remembers the seeded payments too.
            answer = await shop.refund(rows[delivered["id"]].id, 490)
            assert (answer["__typename"], answer["payment"]["status"]) == ("PaymentSuccess", "PARTIALLY_REFUNDED")
