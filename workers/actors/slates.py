"""Ranking a slate again: whoever did something gets a new one; what happens during a ranking makes one more after it.

claim     a lease on the viewer's job, so that a viewer is ranked by one worker at a time
rank      in a thread: some 50 ms of processor, while the event loop goes on
keep      the slate and the settled job in one transaction
"""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

import structlog

from subgraphs.kit.messaging.jobs import Claim
from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.leases import claim_one, give_back, give_back_interrupted, renewed
from subgraphs.kit.storage.session import Database, Wake, wake_after_commit
from subgraphs.recommendation import commands, queries, repository
from subgraphs.recommendation.commands import RankedSlate
from subgraphs.recommendation.errors import LeaseLost
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.tables import RankingJobRow
from workers.actors.market_state import MarketState
from workers.features.profile import BuyerProfile, interests
from workers.features.snapshot import Market
from workers.ranking.model import RankingModel
from workers.ranking.pipeline import rank
from workers.ranking.slate import SlateRequest

SLATE_SIZE = 300
SHELVES = 2
SHELF_SIZE = 8

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RankingDependencies:
    """What ranking needs."""

    database: Database
    state: MarketState
    clock: Clock


async def rank_slate(dependencies: RankingDependencies, job_id: str) -> bool:
    """Rank the slate of a job and keep it; False if it is not due, is given up, or was taken over: nothing is kept then.

    Raises:
        Exception: whatever ranking raised, after the job was given back with it.
    """
    async with dependencies.database.transaction() as session:
        now = await database_now(session, dependencies.clock)
        held = await claim_one(session, dependencies.database, RankingJobRow, job_id, now=now)
        if held is None:
            return False
        job = await session.get_one(RankingJobRow, job_id)
        question, asked = Question(job.viewer, job.category_id), job.asked
    async with renewed(dependencies.database, RankingJobRow, held, clock=dependencies.clock):
        try:
            ranked = await ranked_for(dependencies, question)
            return await _keep(dependencies, question, ranked, held, asked=asked)
        except asyncio.CancelledError:
            await asyncio.shield(
                give_back_interrupted(dependencies.database, RankingJobRow, held, clock=dependencies.clock)
            )
            raise
        except Exception as error:
            await give_back(dependencies.database, RankingJobRow, held, error, clock=dependencies.clock)
            raise


async def ranked_for(dependencies: RankingDependencies, question: Question) -> RankedSlate:
    """The slate of a question as things are now; nothing is written."""
    market, model = await dependencies.state.market(), await dependencies.state.model()
    async with dependencies.database.reading() as session:
        known = await queries.profile(session, question.viewer)
    profile = _profile(known)
    return await asyncio.to_thread(_rank, profile, market, model, question, dependencies.clock().timestamp())


def _profile(known: dict[str, Any] | None) -> BuyerProfile:
    """The profile as it was learned; an empty one where there is none, or none that this code can read."""
    if known is None:
        return BuyerProfile()
    try:
        return BuyerProfile.from_json(known)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _log.error("slate.profile_unreadable", error=f"{type(error).__name__}: {error}")
        return BuyerProfile()


async def _keep(
    dependencies: RankingDependencies, question: Question, ranked: RankedSlate, held: Claim, *, asked: int
) -> bool:
    now = dependencies.clock()
    try:
        async with dependencies.database.transaction() as session:
            is_last = await repository.settle_ranking(session, held, asked=asked, now=now)
            row = await commands.keep_slate(session, question, ranked, now=now)
            if not is_last:
                wake_after_commit(session, Wake(commands.QUEUE, commands.ACTOR_NAME, held.job_id))
    except LeaseLost:
        _log.warning("slate.lease_lost", job_id=held.job_id, attempt=held.attempt)
        return False
    _log.info(
        "slate.ranked",
        slate=row.id,
        products=len(ranked.items),
        model=ranked.model_version,
        is_degraded=ranked.is_degraded,
        is_last=is_last,
    )
    return True


def _rank(
    profile: BuyerProfile, market: Market, model: RankingModel | None, question: Question, now: float
) -> RankedSlate:
    own_shop = frozenset({question.account_id} if question.account_id else ())
    seed = uuid.UUID(uuid7()).int & 0xFFFF_FFFF
    wanted = SlateRequest(SLATE_SIZE, question.category_id, own_shop)
    slate = rank(profile, market, model=model, now=now, seed=seed, request=wanted)
    if model is not None and slate.fallback_cause is not None:
        _log.warning("slate.degraded", cause=slate.fallback_cause, fallback=slate.fallback)
    shelves = []
    if question.category_id is None:
        for category_id, _ in interests(profile, market.catalogue, now=now, first=SHELVES):
            request = SlateRequest(SHELF_SIZE, category_id, own_shop)
            shelf = rank(profile, market, model=model, now=now, seed=seed, request=request)
            shelves.append([category_id, [item.product_id for item in shelf.items]])
    return RankedSlate(
        items=[[item.product_id, item.score, item.reason.value] for item in slate.items],
        shelves=shelves,
        model_version=slate.model_version,
        feature_hash=slate.feature_hash,
        is_degraded=slate.degraded,
    )
