"""Puts a trained model, and what is known at the end of its log, into the recommendation database.

The model becomes active if it ranks better than the baseline. Counters, profiles and neighbours are written where there are none
yet: what the workers have learned since is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.recommendation import commands, queries, repository
from subgraphs.recommendation.model import Question, is_fresh, viewer_of
from subgraphs.recommendation.tables import CounterRow, ModelRow, NeighbourRow, ProfileRow
from workers.actors.behaviour import profile_row
from workers.actors.catalogue import refresh_popularity
from workers.actors.market_state import MarketState
from workers.actors.slates import RankingDependencies, ranked_for
from workers.training.replay import Replay
from workers.training.train import Trained


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of it: the model's status, how many profiles were written, how many slates ranked."""

    status: str
    profiles: int
    slates: int


async def register_all(url: str, replay: Replay, trained: Trained, *, rank_first: Sequence[str]) -> Registered:
    """Register the model, write the state at the end of the log, rank some accounts' slates ahead.

    Args:
        url: of the recommendation database.
        replay: what training has relived of the log; it is moved to the log's end.
        rank_first: account ids whose first page shall not wait for a worker.
    """
    database = Database(url)
    try:
        row = await register(database, trained, now=utc_now())
        profiles = await seed_state(database, replay)
        slates = await rank_ahead(database, rank_first)
        return Registered(row.status, profiles, slates)
    finally:
        await database.close()


async def register(database: Database, trained: Trained, *, now: datetime) -> ModelRow:
    """The model's row, its neighbours written over those of the model before."""
    row = await commands.register_model(database, trained.model_text, trained.manifest, now=now)
    kinds = {"similar": trained.similar, "bought_together": trained.bought_together}
    async with database.transaction() as session:
        for kind, nearest in kinds.items():
            rows = [{"product_id": each, "kind": kind, "nearest": near} for each, near in nearest.items()]
            await repository.upsert(session, NeighbourRow, rows)
    return row


async def seed_state(database: Database, replay: Replay) -> int:
    """Write the counters and profiles at the end of the log, where there are none yet; how many profiles were written."""
    history = replay.history
    replay.advance(history.until + 1.0)
    until = datetime.fromtimestamp(history.until, UTC)
    buyers = sorted({event.buyer_id for event in history.events})
    profiles = [
        profile_row(viewer_of(buyer, None), replay.profile(buyer), history.catalogue, now=until) for buyer in buyers
    ]
    counted = replay.counters()
    async with database.transaction() as session:
        await insert_missing(
            session, CounterRow, [{"product_id": each, "counted": found.to_json()} for each, found in counted.items()]
        )
        written = await insert_missing(session, ProfileRow, profiles)
    await refresh_popularity(database, replay.market(), now=until)
    return written


async def rank_ahead(database: Database, account_ids: Sequence[str]) -> int:
    """Rank the slates of some accounts before anybody asks; how many. A fresh slate by the active model stays."""
    dependencies = RankingDependencies(database, MarketState(database), utc_now)
    ranked = 0
    for account_id in account_ids:
        question = Question(viewer_of(account_id, None), None)
        if not await _is_ranked(dependencies, question):
            slate = await ranked_for(dependencies, question)
            async with database.transaction() as session:
                await commands.keep_slate(session, question, slate, now=dependencies.clock())
            ranked += 1
    return ranked


async def _is_ranked(dependencies: RankingDependencies, question: Question) -> bool:
    async with dependencies.database.reading() as session:
        newest = await queries.newest_slate(session, question)
        version = await queries.active_model_version(session)
    return newest is not None and newest.model_version == version and is_fresh(newest.id, now=dependencies.clock())
