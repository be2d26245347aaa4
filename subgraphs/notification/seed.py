"""Fills the notification database: the starting texts, and what buyers were told of their last orders; a second time changes nothing."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.seed import read_lines
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.notification import model, templates
from subgraphs.notification.settings import NotificationSettings
from subgraphs.notification.tables import NotificationRow, TemplateRow
from subgraphs.notification.templates import FALLBACK_LOCALE, STARTING_TEXTS

ORDERS_TOLD = 4

Line = dict[str, Any]


async def seed(settings: NotificationSettings, folder: Path) -> int:
    """Write what is missing; how many rows were written."""
    database = Database(settings.database)
    try:
        async with database.transaction() as session:
            written = await insert_missing(session, TemplateRow, list(_texts()))
            return written + await _told(session, folder / "orders.jsonl")
    finally:
        await database.close()


def _texts() -> Iterator[Line]:
    for (key, channel), text in STARTING_TEXTS.items():
        yield {
            "id": uuid7(),
            "key": key,
            "channel": channel,
            "locale": FALLBACK_LOCALE,
            "version": 1,
            "subject": text.subject,
            "body": text.body,
        }


async def _told(session: AsyncSession, path: Path) -> int:
    last: dict[str, list[Line]] = defaultdict(list)
    for order in read_lines(path):
        last[order["buyer_id"]] = [*last[order["buyer_id"]][-(ORDERS_TOLD - 1) :], order]
    rows = [
        row for orders in last.values() for place, order in enumerate(reversed(orders)) for row in _rows(order, place)
    ]
    return await insert_missing(session, NotificationRow, rows)


def _rows(order: Line, place: int) -> Iterator[Line]:
    """What the buyer was told of an order; the newest order's is still unread (place 0)."""
    if not order["history"]:
        return
    change = order["history"][-1]
    notice = model.notice_of_status(
        change["to"],
        before=change["from"],
        buyer_id=order["buyer_id"],
        order_id=order["id"],
        order_number=order["number"],
    )
    if notice is None:
        return
    at = datetime.fromisoformat(change["at"])
    shown = templates.render(STARTING_TEXTS[notice.template, "PUSH"], notice.variables)
    yield {
        "id": order["id"],
        "event_id": order["id"],
        "account_id": notice.account_id,
        "template_key": notice.template,
        "topic": notice.topic.value,
        "title": shown.subject or "",
        "body": shown.body,
        "variables": dict(notice.variables),
        "order_id": order["id"],
        "order_number": order["number"],
        "created_at": at,
        "read_at": at if place else None,
    }
