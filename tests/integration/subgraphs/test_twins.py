"""Each command of each service against its own twin: sent several times at the same moment, on SQLite and on PostgreSQL.

A command that reads first and writes then meets a row on PostgreSQL that was not there when it looked. Of twins one takes place, or all
of them to the same end; the others are refused by a typed refusal, never by the database.
"""

import ast
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from subgraphs.catalog import commands as catalog
from subgraphs.catalog.commands import NewProduct, ProductChanges
from subgraphs.catalog.model import ProductStatus
from subgraphs.catalog.settings import MIGRATIONS as CATALOG_MIGRATIONS
from subgraphs.catalog.tables import CategoryRow, ProductRow, ReservationRow
from subgraphs.config import commands as config
from subgraphs.config.model import FlagState
from subgraphs.config.settings import MIGRATIONS as CONFIG_MIGRATIONS
from subgraphs.config.tables import FlagChangeRow
from subgraphs.kit.messaging.ended_sessions import EndedSessions
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.runtime.refusals import Refusal
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.notification import commands as notification
from subgraphs.notification.model import Channel, Notice, Topic
from subgraphs.notification.settings import MIGRATIONS as NOTIFICATION_MIGRATIONS
from subgraphs.notification.tables import DeviceRow, NotificationRow, PreferenceRow, TemplateRow, VerificationRow
from subgraphs.notification.templates import Text
from subgraphs.order import commands as order
from subgraphs.order.settings import MIGRATIONS as ORDER_MIGRATIONS
from subgraphs.order.tables import Order, OrderItem, OrderSeller, Outbox
from subgraphs.recommendation import commands as recommendation
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.settings import MIGRATIONS as RECOMMENDATION_MIGRATIONS
from subgraphs.recommendation.tables import ModelRow, SlateRow
from subgraphs.user import commands as user
from subgraphs.user.ended import Ended
from subgraphs.user.model import Role
from subgraphs.user.settings import MIGRATIONS as USER_MIGRATIONS
from subgraphs.user.tables import Account, Address, Buyer, Seller

NOWHERE = "redis://127.0.0.1:9/0"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TWINS = 6
MIGRATIONS = {
    "catalog": CATALOG_MIGRATIONS,
    "config": CONFIG_MIGRATIONS,
    "notification": NOTIFICATION_MIGRATIONS,
    "order": ORDER_MIGRATIONS,
    "recommendation": RECOMMENDATION_MIGRATIONS,
    "user": USER_MIGRATIONS,
}
COVERED_ELSEWHERE = {
    "payment": "payment/test_twins.py has all of its commands: they ask a provider",
    "order": "order/test_twins.py has what takes several steps",
    "user": "user/test_accounts.py and user/test_verification.py send twins of what is about sessions and addresses",
}
SINGLE = frozenset({"deliver", "release_unwanted", "redrive_events", "revive"})
"""They work off claimed rows; tests of `kit` and `workers` run several at once."""

Command = Callable[[Database], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Twin:
    """A command that is sent to a service several times at once.

    Args:
        takes_place: how many of the twins answer without a refusal.
        rows: the table that the command writes, and how many rows it has afterwards.
    """

    service: str
    name: str
    command: Command
    takes_place: int = TWINS
    rows: tuple[type[Any], int] | None = None


def product(number: int, status: str = "PUBLISHED") -> ProductRow:
    return ProductRow(
        id=f"p{number}",
        slug=f"p{number}",
        title="Cup",
        description="",
        status=status,
        category_id="c",
        seller_id="s",
        price_amount=100,
        currency="EUR",
        stock=100,
        held=0,
        sold=0,
        popularity=0.0,
        picture={},
        created_at=NOW,
        updated_at=NOW,
        version=1,
        edited_version=1,
    )


def an_order(number: int, status: str) -> list[Any]:
    order_id = f"o{number}"
    address = {"line1": "1", "city": "Lisbon", "postal_code": "1000", "country": "PT"}
    row = Order(
        id=order_id,
        number=f"N{number}",
        buyer_id="b",
        status=status,
        currency="EUR",
        subtotal_amount=100,
        shipping_amount=0,
        **address,
        pay_by=NOW - timedelta(seconds=1) if status == "AWAITING_PAYMENT" else NOW + timedelta(days=1),
        payment_id="pay" if status == "PAID" else None,
        created_at=NOW,
        updated_at=NOW,
        version=1,
    )
    item = OrderItem(
        id=f"i{number}",
        order_id=order_id,
        position=0,
        product_id="p1",
        seller_id="s",
        title="Cup",
        unit_price_amount=100,
        quantity=1,
    )
    return [row, item, OrderSeller(order_id=order_id, seller_id="s")]


def model_row(name: str, status: str, activated_at: datetime | None) -> ModelRow:
    return ModelRow(
        id=name,
        version=name,
        status=status,
        trained_at=NOW,
        activated_at=activated_at,
        ndcg_at_10=0.5,
        recall_at_50=0.5,
        baseline_ndcg_at_10=0.1,
        feature_schema_hash="h",
        manifest={},
        text="",
    )


FLAG: dict[str, Any] = {
    "key": "app.new",
    "description": "d",
    "owner": "o",
    "variants": [{"key": "on", "value": True, "weight": 1}, {"key": "off", "value": False, "weight": 0}],
    "default_variant": "on",
    "off_variant": "off",
    "rules": [],
    "schema_json": None,
    "expires_at": None,
}
MANIFEST = {
    "version": "new",
    "trained_at": NOW.isoformat(),
    "ndcg_at_10": 0.6,
    "recall_at_50": 0.6,
    "baseline_ndcg_at_10": 0.1,
    "feature_schema_hash": "h",
}
NOTICE = Notice(account_id="a", template="twin", topic=Topic.ORDER, variables={}, order_id="o", order_number="N")


async def seed_catalog(database: Database) -> None:
    async with database.transaction() as session:
        session.add(CategoryRow(id="c", slug="c", name="C", parent_id=None, position=0, depth=0))
        await session.flush()
        session.add_all([product(1), product(2), product(3, status="DRAFT")])
    for order_id in ("held", "freed"):
        await catalog.reserve_stock(database, order_id, {"p2": 1}, ttl_seconds=1, now=NOW - timedelta(hours=1))


async def seed_config(database: Database) -> None:
    await config.save(database, {**FLAG, "key": "app.known"}, expected_version=None, actor="a", now=NOW)


async def seed_notification(database: Database) -> None:
    for channel in (Channel.PUSH, Channel.EMAIL):
        await notification.save_template(database, "twin", channel, "en", Text("s", "b"), now=NOW)


async def seed_order(database: Database) -> None:
    async with database.transaction() as session:
        for number, status in enumerate(("AWAITING_PAYMENT", "PAID", "SHIPPED")):
            row, *parts = an_order(number, status)
            session.add(row)
            await session.flush()
            session.add_all(parts)


async def seed_recommendation(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all([model_row("old", "RETIRED", NOW - timedelta(days=1)), model_row("active", "ACTIVE", NOW)])


async def seed_user(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all(
            Account(id=each, email=f"{each}@example.test", roles=["BUYER"], created_at=NOW, version=1)
            for each in ("a", "b")
        )
        await session.flush()
        session.add(Buyer(id="a", display_name="A", email="a@example.test", locale="en", created_at=NOW, version=1))


SEEDS = {
    "catalog": seed_catalog,
    "config": seed_config,
    "notification": seed_notification,
    "order": seed_order,
    "recommendation": seed_recommendation,
    "user": seed_user,
}
NEW_PRODUCT = NewProduct("Cup", "", "c", 100, "EUR", 3, ())
ADDRESS = user.NewAddress("1", None, "Lisbon", "1000", "PT")
CHOICES = {(Topic.MARKETING, Channel.EMAIL): True, (Topic.MARKETING, Channel.PUSH): False}


def ended_of(database: Database) -> Ended:
    """What makes ended sessions known, without a Redis to tell."""
    return Ended(database, EndedSessions(NOWHERE), timedelta(minutes=15), FixedClock(NOW))


COMMANDS = [
    Twin("catalog", "create_product", lambda d: catalog.create_product(d, "s", NEW_PRODUCT, now=NOW)),
    Twin(
        "catalog",
        "update_product",
        lambda d: catalog.update_product(d, "s", "p1", ProductChanges(on_hand=5), expected_version=1, now=NOW),
        1,
    ),
    Twin("catalog", "set_status", lambda d: catalog.set_status(d, "s", "p3", ProductStatus.PUBLISHED, now=NOW)),
    Twin(
        "catalog",
        "reserve_stock",
        lambda d: catalog.reserve_stock(d, "new", {"p1": 1, "p2": 2}, ttl_seconds=60, now=NOW),
        rows=(ReservationRow, 3),
    ),
    Twin("catalog", "commit_reservation", lambda d: catalog.commit_reservation(d, "held")),
    Twin("catalog", "release_reservation", lambda d: catalog.release_reservation(d, "held")),
    Twin("catalog", "release_expired", lambda d: catalog.release_expired(d, now=NOW)),
    Twin(
        "config",
        "save",
        lambda d: config.save(d, FLAG, expected_version=None, actor="a", now=NOW),
        1,
        rows=(FlagChangeRow, 2),
    ),
    Twin(
        "config",
        "set_state",
        lambda d: config.set_state(d, "app.known", FlagState.KILLED, reason="r", actor="a", now=NOW),
    ),
    Twin("config", "rollback", lambda d: config.rollback(d, "app.known", 1, actor="a", now=NOW)),
    Twin(
        "notification",
        "tell",
        lambda d: notification.tell(d, NOTICE, event_id="e", channels=[Channel.EMAIL], now=NOW),
        rows=(NotificationRow, 1),
    ),
    Twin(
        "notification", "release_held", lambda d: notification.release_held(d, "a", now=NOW), rows=(VerificationRow, 1)
    ),
    Twin("notification", "mark_read", lambda d: notification.mark_read(d, "a", ["n"], now=NOW)),
    Twin("notification", "choose", lambda d: notification.choose(d, "a", CHOICES), rows=(PreferenceRow, 2)),
    Twin(
        "notification",
        "register_device",
        lambda d: notification.register_device(d, "a", "token", "ios", now=NOW),
        rows=(DeviceRow, 1),
    ),
    Twin(
        "notification",
        "save_template",
        lambda d: notification.save_template(d, "twin", Channel.EMAIL, "en", Text("s", "new"), now=NOW),
        rows=(TemplateRow, 2 + TWINS),
    ),
    Twin(
        "order",
        "cancel_order",
        lambda d: order.cancel_order(d, "o1", buyer_id="b", reason=None, expected_version=1, now=NOW),
        rows=(Outbox, 1),
    ),
    Twin(
        "order",
        "mark_shipped",
        lambda d: order.mark_shipped(d, "o1", seller_id="s", tracking_number=None, expected_version=1, now=NOW),
        rows=(Outbox, 1),
    ),
    Twin(
        "order",
        "confirm_delivery",
        lambda d: order.confirm_delivery(d, "o2", buyer_id="b", expected_version=1, now=NOW),
        rows=(Outbox, 1),
    ),
    Twin("order", "give_up_unsold", lambda d: order.give_up_unsold(d, "o1", now=NOW), rows=(Outbox, 1)),
    Twin(
        "recommendation",
        "slate_for",
        lambda d: recommendation.slate_for(d, Question("buyer:a", None), size=5, now=NOW),
        rows=(SlateRow, 1),
    ),
    Twin(
        "recommendation",
        "register_model",
        lambda d: recommendation.register_model(d, "text", MANIFEST, now=NOW),
        rows=(ModelRow, 3),
    ),
    Twin(
        "recommendation",
        "activate_model",
        lambda d: recommendation.activate_model(d, "old", is_forced=False, now=NOW),
    ),
    Twin("recommendation", "rollback_model", lambda d: recommendation.rollback_model(d, now=NOW)),
    Twin(
        "user",
        "update_buyer_profile",
        lambda d: user.update_buyer_profile(d, "a", user.ProfileChanges(display_name="B"), expected_version=1),
        1,
    ),
    Twin("user", "add_address", lambda d: user.add_address(d, "a", ADDRESS), rows=(Address, TWINS)),
    Twin(
        "user",
        "register_seller",
        lambda d: user.register_seller(d, "a", display_name="K", slug="kiln", about=None, clock=FixedClock(NOW)),
        1,
        rows=(Seller, 1),
    ),
    Twin(
        "user",
        "set_roles",
        lambda d: user.set_roles(d, ended_of(d), "a", [Role.BUYER], acting_account_id="b", now=NOW),
    ),
]


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.mark.parametrize("twin", COMMANDS, ids=lambda twin: f"{twin.service}-{twin.name}")
async def test_twins_end_as_one_or_are_refused_by_the_domain(opened: Database, twin: Twin) -> None:
    await upgrade(opened.url, MIGRATIONS[twin.service])
    await SEEDS[twin.service](opened)
    with capture_logs() as logs:
        outcomes = await asyncio.gather(*(twin.command(opened) for _ in range(TWINS)), return_exceptions=True)
    unforeseen = [each for each in outcomes if isinstance(each, BaseException) and not isinstance(each, Refusal)]
    assert unforeseen == []
    assert sum(not isinstance(each, BaseException) for each in outcomes) == twin.takes_place
    assert [each for each in logs if each["event"] == "database.conflict"] == [], "twins lock in one order"
    if twin.rows is not None:
        table, count = twin.rows
        async with opened.reading() as session:
            assert await session.scalar(select(func.count()).select_from(table)) == count


def test_every_command_of_every_service_has_its_twin() -> None:
    written = {
        (path.parent.name, each.name)
        for path in sorted(Path("subgraphs").glob("*/*.py"))
        if path.name not in {"seed.py", "session.py"}
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.AsyncFunctionDef) and not each.name.startswith("_") and each.name not in SINGLE
        if any(isinstance(node, ast.Attribute) and node.attr == "transaction" for node in ast.walk(each))
    }
    tried = {(twin.service, twin.name) for twin in COMMANDS}
    left = {service for service, _ in written - tried}
    assert left == COVERED_ELSEWHERE.keys()
