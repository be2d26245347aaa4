"""Writing the log: a row for each event, once however often it is delivered."""

from collections.abc import Sequence
from datetime import datetime

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.order.analytics.tables import LoggedEvent


async def append(analytics: Database, events: Sequence[Envelope], *, now: datetime) -> int:
    """Write the events that are not in the log yet; how many they were."""
    rows = [
        {
            "event_id": event.id,
            "type": event.type,
            "order_id": event.subject,
            "order_version": event.data["order_version"],
            "occurred_at": event.occurred_at,
            "recorded_at": now,
            "envelope": event.model_dump(mode="json"),
        }
        for event in events
    ]
    async with analytics.transaction() as session:
        return await insert_missing(session, LoggedEvent, rows)
