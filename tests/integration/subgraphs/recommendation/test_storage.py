"""The recommendation database: its tables, its seed, ranking jobs, and the clearing of slates; on SQLite and PostgreSQL."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.jobs import Claim
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.migrate import downgrade, schema_differences, upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import model, queries, repository
from subgraphs.recommendation.errors import LeaseLost
from subgraphs.recommendation.resources import RecommendationResources
from subgraphs.recommendation.seed import seed
from subgraphs.recommendation.settings import MIGRATIONS
from subgraphs.recommendation.tables import Base, ProductRow, RankingJobRow, SlateRow
from tests.support.recommendation import ANN, BOB, ask, job_of, keep, product_row, slates_of

LEASE = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


async def claimed(database: Database, *, now: datetime) -> Claim | None:
    async with database.transaction() as session:
        claims = await jobs.claim(session, RankingJobRow, now=now, lease=LEASE, job_ids=[ANN.id])
    return claims[0] if claims else None


async def settled(database: Database, held: Claim, *, asked: int, now: datetime) -> bool:
    async with database.transaction() as session:
        return await repository.settle_ranking(session, held, asked=asked, now=now)


async def test_migrations_make_the_tables_of_the_code_and_take_them_away(database_url: str) -> None:
    await upgrade(database_url, MIGRATIONS)
    assert await schema_differences(database_url, Base.metadata) == []
    await downgrade(database_url, MIGRATIONS)
    missing = await schema_differences(database_url, Base.metadata)
    assert {each[1].name for each in missing if each[0] == "add_table"} == set(Base.metadata.tables)
    await upgrade(database_url, MIGRATIONS)
    assert await schema_differences(database_url, Base.metadata) == []


async def test_the_seed_copies_the_catalogue_and_a_second_time_changes_nothing(
    resources: RecommendationResources, tmp_path: Path
) -> None:
    lines: dict[str, list[dict[str, Any]]] = {
        "categories": [{"id": "bowls", "parent_id": "home"}],
        "products": [
            {
                "id": f"bowl-{number}",
                "category_id": "bowls",
                "seller_id": "cleo",
                "price": {"amount": 900, "currency": "EUR"},
                "compare_at_price": {"amount": 1_200, "currency": "EUR"} if number else None,
                "stock": 2,
                "created_at": "2026-01-01T00:00:00Z",
                "status": ("DRAFT", "PUBLISHED")[number],
                "popularity": 0.5,
            }
            for number in range(2)
        ],
    }
    for name, rows in lines.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert await seed(resources.settings, tmp_path) == 3
    assert await seed(resources.settings, tmp_path) == 0
    async with resources.database.reading() as session:
        draft, bowl = [await session.get_one(ProductRow, f"bowl-{number}") for number in range(2)]
        assert (draft.is_published, bowl.is_published) == (False, True)
        assert (draft.compare_at_amount, bowl.compare_at_amount) == (None, 1_200)


async def test_rows_are_written_over_but_for_the_columns_that_are_kept(database: Database) -> None:
    again = product_row("cup-1", "pans", 0.0, stock=0)
    async with database.transaction() as session:
        await repository.upsert(session, ProductRow, [again], kept=frozenset({"popularity"}))
        await repository.upsert(session, ProductRow, [])
    async with database.reading() as session:
        row = await session.get_one(ProductRow, "cup-1")
        assert (row.category_id, row.stock, row.popularity) == ("pans", 0, 5.0)
        assert (await session.get_one(ProductRow, "cup-2")).stock == 5


async def test_a_ranking_that_waits_keeps_its_time_however_often_it_is_asked_for(
    database: Database, clock: FixedClock
) -> None:
    asked_at = clock()
    for _ in range(3):
        await ask(database, ANN, now=clock())
        clock.advance(MINUTE)
    job = await job_of(database, ANN)
    assert (job.due_at, job.asked, job.attempts) == (asked_at, 1, 0)
    assert (job.viewer, job.category_id) == ("account:ann", None)


async def test_a_ranking_asked_for_during_its_ranking_is_ranked_once_more(
    database: Database, clock: FixedClock
) -> None:
    await ask(database, ANN, now=clock())
    held = await claimed(database, now=clock())
    assert held is not None
    await ask(database, ANN, now=clock())
    await ask(database, ANN, now=clock())
    assert await claimed(database, now=clock()) is None, "the lease still holds"
    assert not await settled(database, held, asked=1, now=clock())
    again = await claimed(database, now=clock())
    assert again is not None
    assert again.attempt == 1, "what came to its end is no failed attempt"
    assert await settled(database, again, asked=3, now=clock())
    job = await job_of(database, ANN)
    assert (job.settled_at, job.lease_until, job.attempts) == (clock(), None, 0)
    assert await claimed(database, now=clock()) is None


async def test_asking_during_a_ranking_does_not_hide_that_its_attempts_fail(
    database: Database, clock: FixedClock
) -> None:
    await ask(database, ANN, now=clock())
    for attempt in range(1, 4):
        held = await claimed(database, now=clock())
        assert held is not None
        assert held.attempt == attempt
        await ask(database, ANN, now=clock())
        clock.advance(LEASE)


@pytest.mark.parametrize("end", ["settled", "dead"])
async def test_a_ranking_that_has_ended_is_due_again_with_fresh_attempts_when_it_is_asked_for(
    database: Database, clock: FixedClock, end: str
) -> None:
    await ask(database, ANN, now=clock())
    await ask(database, BOB, now=clock())
    ended = {"settled_at": clock()} if end == "settled" else {"dead_at": clock(), "last_error": "ValueError: no"}
    async with database.transaction() as session:
        await session.execute(update(RankingJobRow).where(RankingJobRow.id == ANN.id).values(attempts=8, **ended))
    clock.advance(MINUTE)
    await ask(database, ANN, now=clock())
    job = await job_of(database, ANN)
    assert (job.due_at, job.settled_at, job.dead_at, job.attempts) == (clock(), None, None, 0)
    assert (await job_of(database, BOB)).due_at == clock() - MINUTE
    held = await claimed(database, now=clock())
    assert held is not None
    assert held.attempt == 1


async def test_whoever_lost_the_lease_settles_nothing(database: Database, clock: FixedClock) -> None:
    await ask(database, ANN, now=clock())
    slow = await claimed(database, now=clock())
    clock.advance(LEASE)
    quick = await claimed(database, now=clock())
    assert slow is not None
    assert quick is not None
    with pytest.raises(LeaseLost):
        await settled(database, slow, asked=1, now=clock())
    assert (await job_of(database, ANN)).lease_until == quick.lease_until
    assert await settled(database, quick, asked=1, now=clock())


async def test_slates_go_when_their_cursors_end_but_the_newest_of_a_question_stays_for_thirty_days(
    database: Database, clock: FixedClock
) -> None:
    first = await keep(database, ANN, ["cup-1"], now=clock())
    await keep(database, BOB, ["cup-1"], now=clock())
    clock.advance(MINUTE)
    second = await keep(database, ANN, ["cup-2"], now=clock())

    async def purged() -> int:
        async with database.transaction() as session:
            return await repository.purge_slates(session, now=clock())

    assert await purged() == 0
    clock.advance(model.SLATE_LIFETIME - MINUTE)
    assert await purged() == 1
    async with database.reading() as session:
        assert await queries.slate(session, first.id) is None
    assert [each.id for each in await slates_of(database, ANN)] == [second.id]
    clock.advance(model.REMEMBERED_FOR + MINUTE)
    assert await purged() == 2
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(SlateRow)) == 0


async def test_popularity_is_set_for_the_products_named_and_no_other(database: Database) -> None:
    async with database.transaction() as session:
        await repository.set_popularity(session, {"pen-2": 99.0, "gone": 1.0})
        await repository.set_popularity(session, {})
    async with database.reading() as session:
        assert await queries.most_popular(session, None, 3) == [("pen-2", 99.0), ("pen-1", 9.0), ("pan-1", 6.0)]


async def test_what_is_on_sale_is_found_among_more_products_than_a_statement_takes(database: Database) -> None:
    many = [f"nothing-{number}" for number in range(70_000)]
    async with database.reading() as session:
        assert await queries.on_sale(session, ["cup-1", *many, "pen-1"]) == {"cup-1", "pen-1"}
