"""Fills both databases from orders.jsonl and the addresses in buyers.jsonl; a second time changes nothing.

The log gets the events that these orders would have told. Their ids are made of order, version and time, so that they are the same each time; the outbox gets
none of them: the seed of the other services tells them the same.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.storage.seed import chunks, read_lines
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.order import events
from subgraphs.order.analytics import log
from subgraphs.order.model import OrderStatus, folded
from subgraphs.order.settings import OrderSettings
from subgraphs.order.tables import Order, OrderChange, OrderItem, OrderSeller

Line = dict[str, Any]


async def seed(settings: OrderSettings, folder: Path) -> int:
    """Write what is missing; how many rows were written."""
    addresses = {
        address["id"]: address
        for name in ("buyers.jsonl", "admins.jsonl")
        for person in _lines(folder / name)
        for address in person.get("addresses", [])
    }
    database = Database(settings.database, synchronous="FULL")
    analytics = Database(settings.analytics_database, synchronous="FULL")
    written = 0
    try:
        for lines in chunks(read_lines(folder / "orders.jsonl")):
            orders = [_order(line, addresses[line["address_id"]], settings) for line in lines]
            async with database.transaction() as session:
                written += await insert_missing(session, Order, orders)
                written += await insert_missing(session, OrderItem, [row for line in lines for row in _items(line)])
                written += await insert_missing(session, OrderSeller, [row for line in lines for row in _sellers(line)])
                written += await insert_missing(session, OrderChange, [row for line in lines for row in _changes(line)])
            told = [each for line, order in zip(lines, orders, strict=True) for each in _told(line, order)]
            written += await log.append(analytics, told, now=told[-1].occurred_at)
    finally:
        await database.close()
        await analytics.close()
    return written


def _lines(path: Path) -> Iterator[Line]:
    return read_lines(path) if path.exists() else iter(())


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _id_of(what: str, at: datetime) -> str:
    """A UUIDv7 of an instant whose other bits are made of `what`."""
    random = int.from_bytes(hashlib.sha256(what.encode()).digest()[:10])
    value = (int(at.timestamp() * 1000) & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def _order(line: Line, address: Mapping[str, Any], settings: OrderSettings) -> Line:
    steps = [(OrderStatus(step["from"]) if step["from"] else None, OrderStatus(step["to"])) for step in line["history"]]
    if folded(steps) is not OrderStatus(line["status"]):
        raise ValueError(f"the history of order {line['number']} does not lead to its status")
    created_at = _at(line["created_at"])
    subtotal = sum(item["unit_price"]["amount"] * item["quantity"] for item in line["items"])
    paid_at = next((_at(step["at"]) for step in line["history"] if step["to"] == OrderStatus.PAID.value), None)
    return {
        **{name: line[name] for name in ("id", "number", "buyer_id", "status")},
        **{name: address[name] for name in ("line1", "line2", "city", "postal_code", "country")},
        "currency": line["shipping"]["currency"],
        "subtotal_amount": subtotal,
        "shipping_amount": line["shipping"]["amount"],
        "pay_by": created_at + timedelta(seconds=settings.hold_seconds),
        # The seed of payment names the payment of an order in the same way: a seeded order can be cancelled and refunded.
        "payment_id": _id_of(f"{line['id']}:payment", paid_at) if paid_at is not None else None,
        "created_at": created_at,
        "updated_at": _at(line["history"][-1]["at"]),
        "version": len(line["history"]),
    }


def _items(line: Line) -> Iterator[Line]:
    shipped_at = next((_at(step["at"]) for step in line["history"] if step["to"] == OrderStatus.SHIPPED.value), None)
    for position, item in enumerate(line["items"]):
        yield {
            **{name: item[name] for name in ("id", "product_id", "seller_id", "title", "quantity")},
            "order_id": line["id"],
            "position": position,
            "unit_price_amount": item["unit_price"]["amount"],
            "shipped_at": shipped_at,
            "tracking_number": None,
        }


def _sellers(line: Line) -> Iterator[Line]:
    for seller_id in sorted({item["seller_id"] for item in line["items"]}):
        yield {"order_id": line["id"], "seller_id": seller_id}


def _changes(line: Line) -> Iterator[Line]:
    for version, step in enumerate(line["history"], start=1):
        yield {
            "id": _id_of(f"change:{line['id']}:{version}", _at(step["at"])),
            "order_id": line["id"],
            "version": version,
            "at": _at(step["at"]),
            "before": step["from"],
            "after": step["to"],
            "actor": step["actor"],
            "reason": step["reason"],
        }


def _told(line: Line, order: Line) -> Iterator[Envelope]:
    items = [
        events.OrderedItem(
            product_id=item["product_id"],
            seller_id=item["seller_id"],
            title=item["title"],
            quantity=item["quantity"],
            unit_price=item["unit_price"]["amount"],
        )
        for item in line["items"]
    ]
    subtotal, shipping = order["subtotal_amount"], order["shipping_amount"]
    for change in _changes(line):
        about = {
            "order_id": order["id"],
            "order_version": change["version"],
            "number": order["number"],
            "buyer_id": order["buyer_id"],
            "currency": order["currency"],
            "items": items,
            "total": subtotal + shipping,
        }
        event: events.OrderEvent
        if change["before"] is None:
            event = events.OrderPlaced(**about, status=change["after"], subtotal=subtotal, shipping=shipping)
        else:
            same = {name: change[name] for name in ("before", "after", "actor", "reason")}
            event = events.OrderStatusChanged(**about, **same)
        envelope = events.envelope(event, occurred_at=change["at"])
        yield envelope.model_copy(
            update={"id": _id_of(f"event:{order['id']}:{change['version']}", change["at"]), "traceparent": None}
        )
