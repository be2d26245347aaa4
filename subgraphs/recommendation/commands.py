"""What the recommendation service does when it is told to; the workers of the domain call the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import NotFound
from subgraphs.kit.storage.session import Database, Wake, run_again_on_conflict, wake_after_commit
from subgraphs.recommendation import model, queries, repository
from subgraphs.recommendation.errors import BelowBaseline
from subgraphs.recommendation.model import ModelStatus, Question
from subgraphs.recommendation.tables import ModelRow, SlateRow

QUEUE = "slates"
ACTOR_NAME = "rank_slate"


@dataclass(frozen=True, slots=True)
class RankedSlate:
    """A ranking as the worker made it; `items` and `shelves` as `tables.SlateRow` writes them."""

    items: list[list[Any]]
    shelves: list[list[Any]]
    model_version: str
    feature_hash: str
    is_degraded: bool


@run_again_on_conflict
async def slate_for(database: Database, question: Question, *, size: int, now: datetime) -> SlateRow:
    """The slate that answers a question now, and a ranking asked for if it is not fresh.

    The viewer's own slate if there is one: as it is while it is fresh, once more under a new id when it is older. Without one,
    the most popular products, said to be degraded. Of a category that is not known there is nothing, and nothing is written.
    """
    async with database.reading() as session:
        newest = await queries.newest_slate(session, question)
        below = await _subtree(session, question) if newest is None else None
    if newest is not None and model.is_fresh(newest.id, now=now):
        return newest
    if below is not None and not below:
        return _slate(question, [], now=now)
    async with database.transaction() as session:
        # It holds the question's row: whoever asks the same meanwhile waits here, and then finds the slate written below.
        await repository.ask_for_rankings(session, [question], now=now)
        newest = await queries.newest_slate(session, question)
        if newest is not None and model.is_fresh(newest.id, now=now):
            return newest
        if newest is not None:
            row = _again(newest, now=now)
        else:
            row = _slate(question, await queries.most_popular(session, below, size), now=now)
        session.add(row)
        wake_after_commit(session, Wake(QUEUE, ACTOR_NAME, question.id))
    return row


async def keep_slate(session: AsyncSession, question: Question, ranked: RankedSlate, *, now: datetime) -> SlateRow:
    """Write a ranking, in the worker's transaction."""
    row = SlateRow(
        id=uuid7(now),
        question_id=question.id,
        viewer=question.viewer,
        category_id=question.category_id,
        items=ranked.items,
        shelves=ranked.shelves,
        model_version=ranked.model_version,
        feature_hash=ranked.feature_hash,
        is_degraded=ranked.is_degraded,
        expires_at=now + model.SLATE_LIFETIME,
    )
    session.add(row)
    return row


@run_again_on_conflict
async def register_model(database: Database, text: str, manifest: Mapping[str, Any], *, now: datetime) -> ModelRow:
    """A trained model: active at once if it ranks better than the baseline, a candidate otherwise; known versions stay as they are."""
    async with database.transaction() as session:
        await repository.lock_models(session)
        known = (await session.scalars(select(ModelRow).where(ModelRow.version == manifest["version"]))).first()
        if known is not None:
            return known
        row = ModelRow(
            id=uuid7(now),
            version=manifest["version"],
            status=ModelStatus.CANDIDATE.value,
            trained_at=datetime.fromisoformat(manifest["trained_at"]),
            ndcg_at_10=manifest["ndcg_at_10"],
            recall_at_50=manifest["recall_at_50"],
            baseline_ndcg_at_10=manifest["baseline_ndcg_at_10"],
            feature_schema_hash=manifest["feature_schema_hash"],
            manifest=dict(manifest),
            text=text,
        )
        session.add(row)
        await session.flush()
        try:
            model.check_gate(row.ndcg_at_10, row.baseline_ndcg_at_10)
        except BelowBaseline:
            return row
        await repository.activate(session, row.id, now=now)
        await session.refresh(row)
        return row


@run_again_on_conflict
async def activate_model(database: Database, model_id: str, *, is_forced: bool, now: datetime) -> ModelRow:
    """The model, ranking from now on.

    Raises:
        NotFound: when there is no such model.
        BelowBaseline: when it ranks no better than popularity, and is not forced.
    """
    async with database.transaction() as session:
        await repository.lock_models(session)
        row = (await queries.models_by_id(session, [model_id])).get(model_id)
        if row is None:
            raise NotFound("The model", "id")
        if not is_forced:
            model.check_gate(row.ndcg_at_10, row.baseline_ndcg_at_10)
        await repository.activate(session, model_id, now=now)
        await session.refresh(row)
        return row


@run_again_on_conflict
async def rollback_model(database: Database, *, now: datetime) -> ModelRow:
    """The model that ranked before the one that does, ranking again.

    Raises:
        NotFound: when none did.
    """
    async with database.transaction() as session:
        await repository.lock_models(session)
        before = await session.scalars(
            select(ModelRow)
            .where(ModelRow.status == ModelStatus.RETIRED.value, ModelRow.activated_at.is_not(None))
            .order_by(ModelRow.activated_at.desc())
            .limit(1)
        )
        row = before.first()
        if row is None:
            raise NotFound("A model that ranked before")
        await repository.activate(session, row.id, now=now)
        await session.refresh(row)
        return row


def _again(newest: SlateRow, *, now: datetime) -> SlateRow:
    return SlateRow(
        id=uuid7(now),
        question_id=newest.question_id,
        viewer=newest.viewer,
        category_id=newest.category_id,
        items=newest.items,
        shelves=newest.shelves,
        model_version=newest.model_version,
        feature_hash=newest.feature_hash,
        is_degraded=newest.is_degraded,
        expires_at=now + model.SLATE_LIFETIME,
    )


async def _subtree(session: AsyncSession, question: Question) -> list[str] | None:
    """The category of a question with all below it; empty when nobody knows it, None when the question is of the whole market."""
    if question.category_id is None:
        return None
    parents = await queries.category_parents(session)
    if question.category_id not in {category_id for category_id, _ in parents}:
        return []
    return sorted(model.subtree(question.category_id, parents))


def _slate(question: Question, popular: Sequence[tuple[str, float]], *, now: datetime) -> SlateRow:
    return SlateRow(
        id=uuid7(now),
        question_id=question.id,
        viewer=question.viewer,
        category_id=question.category_id,
        items=[[product_id, popularity, "TRENDING"] for product_id, popularity in popular],
        shelves=[],
        model_version="none",
        feature_hash="none",
        is_degraded=True,
        expires_at=now + model.SLATE_LIFETIME,
    )
