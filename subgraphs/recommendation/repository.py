"""What the recommendation service and its workers write. Nothing here commits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, case, delete, exists, literal, or_, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from subgraphs.kit.messaging.jobs import Claim, is_ours
from subgraphs.kit.storage import upserts as inserts
from subgraphs.kit.storage.types import UtcDateTime
from subgraphs.kit.storage.upserts import insert_into
from subgraphs.recommendation.errors import LeaseLost
from subgraphs.recommendation.model import REMEMBERED_FOR, ModelStatus, Question
from subgraphs.recommendation.tables import ModelRow, ProductRow, RankingJobRow, SlateRow

upsert = inserts.upsert
"""Write rows over those of the same primary key; see the kit."""


async def insert_absent(session: AsyncSession, table: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows whose primary key is not there yet."""
    if rows:
        await (await session.connection()).execute(insert_into(session, table.__table__).on_conflict_do_nothing(), rows)


async def ask_for_rankings(session: AsyncSession, questions: Iterable[Question], *, now: datetime) -> None:
    """Make rankings due, and hold their rows until the end of the transaction.

    settled, dead    due now, with fresh attempts
    waiting          keeps its time, so that a stream of clicks cannot put it off for ever
    under lease      is ranked once more after it, since `asked` is no longer what the worker saw
    """
    distinct = {question.id: question for question in questions}
    if not distinct:
        return
    rows = [
        {
            "id": job_id,
            "attempts": 0,
            "created_at": now,
            "due_at": now,
            "viewer": distinct[job_id].viewer,
            "category_id": distinct[job_id].category_id,
            "asked": 1,
        }
        for job_id in sorted(distinct)
    ]
    new = insert_into(session, RankingJobRow.__table__)
    is_leased = RankingJobRow.lease_until.is_not(None)
    due = new.on_conflict_do_update(
        index_elements=["id"],
        set_={
            "asked": RankingJobRow.asked + 1,
            "due_at": new.excluded.due_at,
            "settled_at": None,
            "dead_at": None,
            "attempts": case((is_leased, RankingJobRow.attempts), else_=0),
            "unanswered_since": None,
        },
        where=or_(RankingJobRow.settled_at.is_not(None), RankingJobRow.dead_at.is_not(None), is_leased),
    )
    await (await session.connection()).execute(due, rows)


async def settle_ranking(session: AsyncSession, held: Claim, *, asked: int, now: datetime) -> bool:
    """Settle a ranking if nobody asked again meanwhile, and then it is True; else give it back, due at once.

    Raises:
        LeaseLost: when the job is another worker's by now.
    """
    is_last = RankingJobRow.asked == asked
    settled = await session.execute(
        update(RankingJobRow)
        .where(is_ours(RankingJobRow, held))
        .values(
            settled_at=case((is_last, literal(now, UtcDateTime())), else_=None),
            lease_until=None,
            lease_id=None,
            due_at=now,
            attempts=0,
            last_error=None,
            unanswered_since=None,
        )
        .returning(RankingJobRow.settled_at)
        .execution_options(synchronize_session=False)
    )
    row = settled.first()
    if row is None:
        raise LeaseLost(held.job_id)
    return row[0] is not None


async def purge_slates(session: AsyncSession, *, now: datetime) -> int:
    """Delete slates whose cursors have ended, but for the newest of each question, which is kept 30 days; how many."""
    newer = aliased(SlateRow)
    is_superseded = exists().where(newer.question_id == SlateRow.question_id, newer.id > SlateRow.id)
    gone = await session.execute(
        delete(SlateRow)
        .where(SlateRow.expires_at <= now, or_(is_superseded, SlateRow.expires_at <= now - REMEMBERED_FOR))
        .returning(SlateRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


async def set_popularity(session: AsyncSession, popularity: Mapping[str, float]) -> None:
    """Keep the products' popularity."""
    products = ProductRow.__table__
    assert isinstance(products, Table)
    statement = update(products).where(products.c.id == bindparam("product")).values(popularity=bindparam("popular"))
    rows = [{"product": product_id, "popular": popularity[product_id]} for product_id in sorted(popularity)]
    if rows:
        await (await session.connection()).execute(statement, rows)


async def lock_models(session: AsyncSession) -> None:
    """Line up whoever changes models: two that each retire "the active one" would otherwise leave two active."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE"))


async def activate(session: AsyncSession, model_id: str, *, now: datetime) -> None:
    """Make a model the one that ranks, and retire the one that did."""
    await session.execute(
        update(ModelRow)
        .where(ModelRow.status == ModelStatus.ACTIVE.value, ModelRow.id != model_id)
        .values(status=ModelStatus.RETIRED.value)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(ModelRow)
        .where(ModelRow.id == model_id)
        .values(status=ModelStatus.ACTIVE.value, activated_at=now)
        .execution_options(synchronize_session=False)
    )
