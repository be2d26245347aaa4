"""`python -m workers train --register`: what the training knows, in the recommendation database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import queries, repository
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.settings import MIGRATIONS
from subgraphs.recommendation.tables import (
    Base,
    CategoryRow,
    CounterRow,
    ModelRow,
    NeighbourRow,
    ProductRow,
    ProfileRow,
    SlateRow,
)
from tests.support import ranking
from tests.support.recommendation import product_row
from workers.actors.registration import register_all
from workers.features.profile import BuyerProfile
from workers.features.registry import schema_hash
from workers.training.replay import Replay


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The goods of the market that the model was trained on, as the seed copies them."""
    history = ranking.history()
    await upgrade(database_url, MIGRATIONS)
    opened = Database(database_url)
    parents: dict[str, str | None] = {}
    for facts in history.catalogue.facts:
        root, middle, leaf = facts.path
        parents |= {root: None}
        parents |= {middle: root} if middle != root else {}
        parents |= {leaf: middle} if leaf != middle else {}
    rows = [
        product_row(product_id, history.catalogue.facts[row].path[-1], 0.0, seller_id="anna")
        for product_id, row in history.catalogue.rows.items()
    ]
    async with opened.transaction() as session:
        categories = [{"id": each, "parent_id": parent} for each, parent in parents.items()]
        await repository.upsert(session, CategoryRow, categories)
        await repository.upsert(session, ProductRow, rows)
    try:
        yield opened
    finally:
        await opened.close()


async def everything(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables."""
    found: dict[str, list[Any]] = {}
    async with database.reading() as session:
        for name, table in Base.metadata.tables.items():
            found[name] = sorted((tuple(row) for row in await session.execute(select(table))), key=str)
    return found


async def test_all_is_registered_and_a_second_time_changes_nothing(database: Database) -> None:
    history, trained = ranking.history(), ranking.trained()
    buyers = sorted({event.buyer_id for event in history.events})
    first = await register_all(database.url, Replay(history), trained, rank_first=buyers[:2])
    assert (first.status, first.profiles, first.slates) == ("ACTIVE", len(buyers), 2)
    async with database.reading() as session:
        model = (await session.scalars(select(ModelRow))).one()
        slates = list(await session.scalars(select(SlateRow)))
        counted = await queries.counters(session)
        profile = await queries.profile(session, f"account:{buyers[0]}")
        popular = await queries.most_popular(session, None, 3)
        similar = await queries.all_neighbours(session, "similar")
    assert (model.version, model.feature_schema_hash) == (trained.manifest["version"], schema_hash())
    assert {(slate.viewer, slate.model_version, slate.is_degraded) for slate in slates} == {
        (f"account:{buyer}", model.version, False) for buyer in buyers[:2]
    }
    assert counted.keys() == {event.product_id for event in history.events}
    assert profile is not None
    assert BuyerProfile.from_json(profile) == ranking.today().profile(buyers[0])
    assert popular[0][1] > popular[2][1] > 0
    assert similar == trained.similar

    before = await everything(database)
    again = await register_all(database.url, Replay(history), trained, rank_first=buyers[:2])
    assert (again.status, again.profiles, again.slates) == ("ACTIVE", 0, 0)
    assert await everything(database) == before


async def test_what_the_workers_have_learned_since_is_kept(database: Database) -> None:
    history, trained = ranking.history(), ranking.trained()
    buyer = min(event.buyer_id for event in history.events)
    known = {"clicks": [ranking.UNTIL, 7.0, 7.0, 7.0, 7.0]}
    row = {"product_id": history.catalogue.ids[0], "counted": known}
    profile = {
        "viewer": f"account:{buyer}",
        "profile": BuyerProfile().to_json(),
        "interests": [],
        "updated_at": datetime.now(UTC),
    }
    async with database.transaction() as session:
        await repository.upsert(session, CounterRow, [row])
        await repository.upsert(session, ProfileRow, [profile])
        await repository.upsert(session, NeighbourRow, [{"product_id": "gone", "kind": "similar", "nearest": []}])
    await register_all(database.url, Replay(history), trained, rank_first=[])
    async with database.reading() as session:
        assert (await queries.counters(session, [history.catalogue.ids[0]])) == {history.catalogue.ids[0]: known}
        assert await queries.profile(session, f"account:{buyer}") == BuyerProfile().to_json()
        assert await queries.newest_slate(session, Question(f"account:{buyer}", None)) is None
