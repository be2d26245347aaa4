"""What the recommendation service and its workers write. Nothing here commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.seed import MAX_PARAMETERS
from subgraphs.recommendation.model import ModelStatus, Question
from subgraphs.recommendation.tables import ModelRow, ProductRow, RankingJobRow, SlateRow


async def upsert(
    session: AsyncSession, table: type[Any], rows: Sequence[Mapping[str, Any]], *, kept: frozenset[str] = frozenset()
) -> None:
    """Write rows over those of the same primary key.

    Args:
        kept: columns of rows that are there already which stay as they are.
    """
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.__table__.primary_key.columns]
    at_once = max(1, MAX_PARAMETERS // len(rows[0]))
    for start in range(0, len(rows), at_once):
        statement = insert(table).values(list(rows[start : start + at_once]))
        replaced = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in kept}
        await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=replaced))


async def ask_for_ranking(session: AsyncSession, question: Question, *, now: datetime, due_at: datetime) -> None:
    """Make a ranking due. One that waits already keeps its time, so that a stream of clicks cannot put it off for ever."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    new = insert(RankingJobRow).values(
        id=question.id,
        attempts=0,
        created_at=now,
        due_at=due_at,
        viewer=question.viewer,
        category_id=question.category_id,
        asked=1,
    )
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["id"],
            set_={
                "asked": RankingJobRow.asked + 1,
                "due_at": new.excluded.due_at,
                "settled_at": None,
                "dead_at": None,
                "attempts": 0,
            },
            where=RankingJobRow.settled_at.is_not(None) | RankingJobRow.lease_until.is_not(None),
        )
    )


async def settle_ranking(
    session: AsyncSession, job_id: str, lease_until: datetime, *, asked: int, now: datetime
) -> bool:
    """Settle a ranking if nobody asked again meanwhile; else give it back at once. True if it was settled."""
    held = (RankingJobRow.id == job_id, RankingJobRow.lease_until == lease_until)
    settled = await session.execute(
        update(RankingJobRow)
        .where(*held, RankingJobRow.asked == asked)
        .values(settled_at=now, lease_until=None, attempts=0)
        .returning(RankingJobRow.id)
        .execution_options(synchronize_session=False)
    )
    if settled.first() is not None:
        return True
    await session.execute(
        update(RankingJobRow)
        .where(*held)
        .values(lease_until=None, due_at=now)
        .execution_options(synchronize_session=False)
    )
    return False


async def purge_slates(session: AsyncSession, *, now: datetime) -> int:
    """Delete slates whose cursors have ended; how many."""
    gone = await session.execute(delete(SlateRow).where(SlateRow.expires_at <= now).returning(SlateRow.id))
    return len(gone.all())


async def set_popularity(session: AsyncSession, popularity: Mapping[str, float]) -> None:
    """Keep the products' popularity."""
    for product_id, value in popularity.items():
        await session.execute(
            update(ProductRow)
            .where(ProductRow.id == product_id)
            .values(popularity=value)
            .execution_options(synchronize_session=False)
        )


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
