"""A small market in the recommendation database, and what its workers need."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import commands, repository
from subgraphs.recommendation.commands import RankedSlate
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.settings import RecommendationSettings
from subgraphs.recommendation.tables import (
    CategoryRow,
    CounterRow,
    ModelRow,
    ProductRow,
    ProfileRow,
    RankingJobRow,
    SlateRow,
)
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from workers.actors.behaviour import BehaviourDependencies
from workers.actors.market_state import MarketState

NOWHERE = "http://127.0.0.1:9/graphql"
ANN = Question("account:ann", None)
BOB = Question("account:bob", None)

CATEGORIES = [("home", None), ("cups", "home"), ("pans", "home"), ("paper", None), ("pens", "paper")]
PRODUCTS = [
    ("cup-1", "cups", 5.0),
    ("cup-2", "cups", 4.0),
    ("cup-3", "cups", 3.0),
    ("pan-1", "pans", 6.0),
    ("pen-1", "pens", 9.0),
    ("pen-2", "pens", 1.0),
]


def settings_of(folder: Path, *, database_url: str, redis_url: str, **more: Any) -> RecommendationSettings:
    """Settings of a recommendation service under test, without a config service."""
    return RecommendationSettings(
        database_url=database_url,
        redis_url=redis_url,
        data_dir=folder,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url=NOWHERE,
        **more,
    )


def product_row(product_id: str, category_id: str, popularity: float, **more: Any) -> dict[str, Any]:
    """A product of the copy, on sale."""
    return {
        "id": product_id,
        "category_id": category_id,
        "seller_id": f"seller-of-{category_id}",
        "price_amount": 1_000,
        "compare_at_amount": None,
        "stock": 5,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "is_published": True,
        "popularity": popularity,
        **more,
    }


async def fill(database: Database) -> None:
    """Write the small market."""
    async with database.transaction() as session:
        rows = [{"id": each, "parent_id": parent} for each, parent in CATEGORIES]
        await repository.upsert(session, CategoryRow, rows)
        await repository.upsert(session, ProductRow, [product_row(*each) for each in PRODUCTS])


async def ask(database: Database, question: Question, *, now: datetime) -> None:
    """Ask for a ranking, as whoever notices something does."""
    async with database.transaction() as session:
        await repository.ask_for_rankings(session, [question], now=now)


async def job_of(database: Database, question: Question) -> RankingJobRow:
    """The job that ranks a question."""
    async with database.reading() as session:
        return await session.get_one(RankingJobRow, question.id)


async def slates_of(database: Database, question: Question) -> list[SlateRow]:
    """Every slate of a question, the oldest first."""
    async with database.reading() as session:
        rows = select(SlateRow).where(SlateRow.question_id == question.id).order_by(SlateRow.id)
        return list(await session.scalars(rows))


async def keep(database: Database, question: Question, products: Iterable[str], *, now: datetime) -> SlateRow:
    """Keep a slate of these products, as a worker that ranked them does."""
    ranked = RankedSlate([[each, 1.0, "FOR_YOU"] for each in products], [["cups", ["cup-1"]]], "m1", "f1", False)
    async with database.transaction() as session:
        return await commands.keep_slate(session, question, ranked, now=now)


async def register(database: Database, *, now: datetime, **manifest: Any) -> ModelRow:
    """Register what is called a model, with these measures; its text is none that can rank."""
    known = {
        "version": "m1",
        "trained_at": "2026-01-01T00:00:00Z",
        "ndcg_at_10": 0.6,
        "recall_at_50": 0.4,
        "baseline_ndcg_at_10": 0.5,
        "feature_schema_hash": "f1",
    }
    return await commands.register_model(database, "a text", {**known, **manifest}, now=now)


def learner_of(database: Database, redis_url: str, clock: Clock, *, consumer: str = "test") -> BehaviourDependencies:
    """What taking behaviour in needs, with a market of its own, as each worker process has one."""
    stream = EventStream(redis_url, name="behaviour", group="recommendation")
    return BehaviourDependencies(database, stream, MarketState(database), clock, consumer)


async def learned(database: Database) -> tuple[dict[str, Any], dict[str, Any]]:
    """All counters by product, and all profiles by viewer."""
    async with database.reading() as session:
        counters = {row.product_id: row.counted for row in await session.scalars(select(CounterRow))}
        profiles = {row.viewer: row.profile for row in await session.scalars(select(ProfileRow))}
    return counters, profiles
