"""Order's two databases: their migrations, the log that takes no change, the seed."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from subgraphs.kit.storage.migrate import downgrade, schema_differences, upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.order.analytics.tables import Base as AnalyticsBase
from subgraphs.order.analytics.tables import LoggedEvent
from subgraphs.order.model import OrderStatus, folded
from subgraphs.order.seed import seed
from subgraphs.order.settings import ANALYTICS_MIGRATIONS, MIGRATIONS
from subgraphs.order.tables import Base, Order, OrderChange, OrderItem, OrderSeller, Outbox, Sale
from tests.support.orders import BUYERS, NOWHERE, order_settings, write_lines

STEPS = ["PENDING", "AWAITING_PAYMENT", "PAID", "FULFILLING", "SHIPPED", "DELIVERED"]


@pytest.mark.parametrize(
    ("folder", "metadata"),
    [(MIGRATIONS, Base.metadata), (ANALYTICS_MIGRATIONS, AnalyticsBase.metadata)],
    ids=["order", "analytics"],
)
async def test_migrations_make_the_tables_of_the_code_and_take_them_away(
    database_url: str, folder: Path, metadata: Any
) -> None:
    await upgrade(database_url, folder)
    assert await schema_differences(database_url, metadata) == []
    await downgrade(database_url, folder)
    missing = await schema_differences(database_url, metadata)
    assert {each[1].name for each in missing if each[0] == "add_table"} == set(metadata.tables)
    await upgrade(database_url, folder)


def order_line(number: int, *, reached: int) -> dict[str, Any]:
    steps = [
        {"from": before, "to": after, "at": f"2026-03-0{number}T0{hour}:00:00.500Z", "actor": "system", "reason": None}
        for hour, (before, after) in enumerate(zip([None, *STEPS], STEPS[:reached], strict=False), start=1)
    ]
    return {
        "id": f"01a0342a-e2fe-7869-9eb4-a5400f94c44{number}",
        "number": f"YM-10000{number}",
        "buyer_id": "buyer-1",
        "status": STEPS[reached - 1],
        "address_id": "address-1",
        "items": [
            {
                "id": f"item-{number}-{seller}",
                "product_id": f"product-{seller}",
                "seller_id": f"seller-{seller}",
                "title": "Cup",
                "unit_price": {"amount": 1000, "currency": "EUR"},
                "quantity": 2,
            }
            for seller in (1, 2)
        ],
        "shipping": {"amount": 490, "currency": "EUR"},
        "history": steps,
        "created_at": steps[0]["at"],
    }


async def counts(database: Database, *tables: Any) -> list[int]:
    async with database.reading() as session:
        return [await session.scalar(select(func.count()).select_from(each)) or 0 for each in tables]


async def test_the_seed_fills_both_databases_once(database_url: str, analytics_url: str, tmp_path: Path) -> None:
    settings = order_settings(
        tmp_path, database_url=database_url, redis_url=NOWHERE, analytics_database_url=analytics_url
    )
    await upgrade(database_url, MIGRATIONS)
    await upgrade(analytics_url, ANALYTICS_MIGRATIONS)
    lines = [order_line(1, reached=6), order_line(2, reached=2)]
    folder = write_lines(tmp_path / "market", buyers=BUYERS, orders=lines)
    assert await seed(settings, folder) == 2 + 4 + 4 + 8 + 8
    assert await seed(settings, folder) == 0
    database, analytics = Database(database_url), Database(analytics_url)
    assert await counts(database, Order, OrderItem, OrderSeller, OrderChange, Sale, Outbox) == [2, 4, 4, 8, 4, 0]
    assert await counts(analytics, LoggedEvent) == [8]
    async with database.reading() as session:
        for order in await session.scalars(select(Order)):
            steps = await session.execute(
                select(OrderChange.before, OrderChange.after)
                .where(OrderChange.order_id == order.id)
                .order_by(OrderChange.version)
            )
            assert folded(
                (OrderStatus(before) if before else None, OrderStatus(after)) for before, after in steps
            ) is OrderStatus(order.status)
            assert (order.total_amount, order.payment_id is not None) == (4490, order.status == "DELIVERED")
    await database.close()
    await analytics.close()


async def test_a_history_that_does_not_lead_to_the_status_is_not_seeded(
    database_url: str, analytics_url: str, tmp_path: Path
) -> None:
    settings = order_settings(
        tmp_path, database_url=database_url, redis_url=NOWHERE, analytics_database_url=analytics_url
    )
    await upgrade(database_url, MIGRATIONS)
    await upgrade(analytics_url, ANALYTICS_MIGRATIONS)
    folder = write_lines(tmp_path / "market", buyers=BUYERS, orders=[{**order_line(1, reached=3), "status": "SHIPPED"}])
    with pytest.raises(ValueError, match="YM-100001"):
        await seed(settings, folder)


@pytest.mark.parametrize("statement", ["UPDATE order_log SET type = 'x'", "DELETE FROM order_log"])
async def test_the_database_refuses_to_change_the_log(
    database_url: str, analytics_url: str, tmp_path: Path, statement: str
) -> None:
    settings = order_settings(
        tmp_path, database_url=database_url, redis_url=NOWHERE, analytics_database_url=analytics_url
    )
    await upgrade(database_url, MIGRATIONS)
    await upgrade(analytics_url, ANALYTICS_MIGRATIONS)
    await seed(settings, write_lines(tmp_path / "market", buyers=BUYERS, orders=[order_line(1, reached=2)]))
    analytics = Database(analytics_url)
    with pytest.raises(DBAPIError, match="append-only"):
        async with analytics.transaction() as session:
            await session.execute(text(statement))
    assert await counts(analytics, LoggedEvent) == [2]
    await analytics.close()
