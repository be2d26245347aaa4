"""Puts a trained model, and what is known at the end of its log, into the recommendation database.

The model becomes active if it ranks better than the baseline. Counters, profiles and neighbours are written where there are none
yet: what the workers have learned since is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from subgraphs.kit.storage.seed import insert_missing
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import commands, repository
from subgraphs.recommendation.model import Question, viewer_of
from subgraphs.recommendation.tables import CounterRow, ModelRow, NeighbourRow, ProfileRow
from workers.actors.behaviour import profile_row
from workers.actors.market_state import MarketState
from workers.actors.slates import Ranker, ranked_for
from workers.features.families.popularity import decayed_popularity
from workers.training.replay import Replay
from workers.training.source import History
from workers.training.train import Trained


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of it: the model's status, and how many profiles were written."""

    status: str
    profiles: int


async def register_all(url: str, history: History, trained: Trained, *, rank_first: Sequence[str]) -> Registered:
    """Register the model, write the state at the end of the log, rank some accounts' slates ahead.

    Args:
        url: of the recommendation database.
        rank_first: account ids whose first page shall not wait for a worker.
    """
    database = Database(url)
    try:
        row = await register(database, trained, now=datetime.now(UTC))
        profiles = await seed_state(database, history)
        await rank_ahead(database, rank_first)
        return Registered(row.status, profiles)
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


async def seed_state(database: Database, history: History) -> int:
    """Write the counters and profiles at the end of the log, where there are none yet; how many profiles were written."""
    replay = Replay(history)
    replay.advance(history.until + 1.0)
    market = replay.market()
    popularity = decayed_popularity(market.masses_at(np.arange(len(history.catalogue)), history.until))
    until = datetime.fromtimestamp(history.until, UTC)
    buyers = sorted({event.buyer_id for event in history.events})
    profiles = [
        profile_row(viewer_of(buyer, None), replay.profile(buyer), history.catalogue, now=until) for buyer in buyers
    ]
    async with database.transaction() as session:
        counted = replay.counters()
        await insert_missing(
            session, CounterRow, [{"product_id": each, "counted": found.to_json()} for each, found in counted.items()]
        )
        await repository.set_popularity(session, dict(zip(history.catalogue.ids, popularity.tolist(), strict=True)))
        return await insert_missing(session, ProfileRow, profiles)


async def rank_ahead(database: Database, account_ids: Sequence[str]) -> int:
    """Rank the slates of some accounts before anybody asks; how many."""
    ranker = Ranker(database, MarketState(database), lambda: datetime.now(UTC))
    for account_id in account_ids:
        question = Question(viewer_of(account_id, None), None)
        ranked = await ranked_for(ranker, question)
        async with database.transaction() as session:
            await commands.keep_slate(session, question, ranked, now=ranker.clock())
    return len(account_ids)
