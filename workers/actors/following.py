"""That no follower of order's events loses one when Redis is emptied.

An outbox row is settled when its event is in every follower's stream, and a stream is only as durable as its Redis. So the order
database remembers for each stream how far its follower has handled it, and which server and content that was. When those change (the
server was restarted, emptied, or replaced), every event that was settled after that point is written into the stream once more.
Followers know an event by its id, so one that they had is nothing new to them.

    look      the oldest entry that is open, the dead included: everything settled a minute before it was handled
    compare   the identity of server and content with the one in the database
    resend    what was settled since, oldest first; the new identity is written last, so that an interrupted resend begins again
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import upsert
from subgraphs.order.tables import Outbox, StreamPosition

MARGIN = timedelta(minutes=1)
"""Between the clocks of Redis and of the database, and between the writing of an entry and the settling of its row."""

UNSAVED = timedelta(seconds=30)
"""How far a position may move before it is written: an idle market writes nothing."""

RESENT_AT_ONCE = 500

_log = structlog.get_logger(__name__)


async def keep_positions(database: Database, streams: Sequence[EventStream], *, clock: Clock = utc_now) -> int:
    """Move each stream's position, and send again what a stream lost; how many events were sent again."""
    return sum([await _keep_position(database, stream, clock) for stream in streams])


async def _keep_position(database: Database, stream: EventStream, clock: Clock) -> int:
    async with database.reading() as session:
        known = await session.get(StreamPosition, stream.name)
        now = await database_now(session, clock)
    # The clock was read before the stream: what comes into it meanwhile is settled later than `handled_until`.
    oldest, content = await stream.oldest_open(), await stream.content_id()
    handled_until = min(oldest or now, now) - MARGIN
    if known is None:
        await _write(database, stream.name, handled_until, content)
        return 0
    if known.server == content:
        if handled_until - known.handled_until > UNSAVED:
            await _write(database, stream.name, handled_until, content)
        return 0
    resent = await _resend(database, stream, since=known.handled_until)
    await _write(database, stream.name, known.handled_until, content)
    _log.warning("order.events_resent", stream=stream.name, since=known.handled_until.isoformat(), events=resent)
    return resent


async def _resend(database: Database, stream: EventStream, *, since: datetime) -> int:
    resent, after = 0, (since, "")
    while True:
        async with database.reading() as session:
            rows = await _settled_after(session, *after)
        if not rows:
            return resent
        await stream.append([Envelope.model_validate(row.envelope).model_dump_json().encode() for row in rows])
        resent += len(rows)
        assert rows[-1].settled_at is not None
        after = (rows[-1].settled_at, rows[-1].id)


async def _settled_after(session: AsyncSession, settled_at: datetime, row_id: str) -> list[Outbox]:
    is_later = (Outbox.settled_at > settled_at) | ((Outbox.settled_at == settled_at) & (Outbox.id > row_id))
    found = select(Outbox).where(is_later).order_by(Outbox.settled_at, Outbox.id).limit(RESENT_AT_ONCE)
    return list(await session.scalars(found))


async def _write(database: Database, name: str, handled_until: datetime, content: str) -> None:
    async with database.transaction() as session:
        await upsert(session, StreamPosition, [{"stream": name, "handled_until": handled_until, "server": content}])
