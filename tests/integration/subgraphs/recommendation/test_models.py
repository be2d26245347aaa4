"""Changing models: the gate, force, rollback; and that one model ranks at a time, whoever changes it."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import commands
from subgraphs.recommendation.tables import ModelRow
from tests.support.identity import ANONYMOUS, account, service
from tests.support.recommendation import register
from tests.support.subgraphs import SubgraphUnderTest

ADMIN, BUYER = account("root", "ADMIN"), account("ann", "BUYER")
MODELS = "{ rankingModels { id version status ndcgAt10 baselineNdcgAt10 featureSchemaHash trainedAt recallAt50 } }"
ANSWER = """{ __typename ... on ModelSuccess { model { version status } }
  ... on QualityGateError { code path metric candidate baseline } ... on NotFoundError { code } }"""
ACTIVATE = f"mutation ($id: ID!, $force: Boolean) {{ activateModel(id: $id, force: $force) {ANSWER} }}"
ROLLBACK = f"mutation {{ rollbackModel {ANSWER} }}"
GOOD = {"ndcg_at_10": 0.6, "baseline_ndcg_at_10": 0.5}
BAD = {"ndcg_at_10": 0.5, "baseline_ndcg_at_10": 0.5}


async def statuses(database: Database) -> dict[str, str]:
    async with database.reading() as session:
        return {row.version: row.status for row in await session.scalars(select(ModelRow))}


async def activate(recommendation: SubgraphUnderTest, model_id: str, **more: Any) -> dict[str, Any]:
    return dict((await recommendation.data(ACTIVATE, {"id": model_id, **more}, by=ADMIN))["activateModel"])


async def rollback(recommendation: SubgraphUnderTest) -> dict[str, Any]:
    return dict((await recommendation.data(ROLLBACK, by=ADMIN))["rollbackModel"])


async def test_a_model_ranks_if_it_is_better_than_popularity_and_waits_otherwise(
    database: Database, clock: FixedClock
) -> None:
    await register(database, now=clock(), version="a", **GOOD)
    await register(database, now=clock(), version="b", **BAD)
    assert await statuses(database) == {"a": "ACTIVE", "b": "CANDIDATE"}
    await register(database, now=clock(), version="c", **GOOD)
    assert await statuses(database) == {"a": "RETIRED", "b": "CANDIDATE", "c": "ACTIVE"}
    known = await register(database, now=clock(), version="a", **GOOD)
    assert known.status == "RETIRED"
    assert await statuses(database) == {"a": "RETIRED", "b": "CANDIDATE", "c": "ACTIVE"}


async def test_the_gate_refuses_and_force_does_not_ask_it(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    await register(database, now=clock(), version="good", **GOOD)
    bad = await register(database, now=clock(), version="bad", **BAD)
    refused = await activate(recommendation, bad.id)
    assert refused == {
        "__typename": "QualityGateError",
        "code": "QUALITY_GATE",
        "path": ["id"],
        "metric": "NDCG@10",
        "candidate": 0.5,
        "baseline": 0.5,
    }
    assert await statuses(database) == {"good": "ACTIVE", "bad": "CANDIDATE"}
    forced = await activate(recommendation, bad.id, force=True)
    assert forced["model"] == {"version": "bad", "status": "ACTIVE"}
    assert await statuses(database) == {"good": "RETIRED", "bad": "ACTIVE"}
    assert (await activate(recommendation, "nothing", force=True))["code"] == "NOT_FOUND"
    assert await statuses(database) == {"good": "RETIRED", "bad": "ACTIVE"}


async def test_rolling_back_brings_the_model_before_and_then_the_other_again(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    assert (await rollback(recommendation))["code"] == "NOT_FOUND"
    await register(database, now=clock(), version="candidate", **BAD)
    for version in ("a", "b", "c"):
        clock.advance(timedelta(minutes=1))
        await register(database, now=clock(), version=version, **GOOD)
        if version == "a":
            assert (await rollback(recommendation))["code"] == "NOT_FOUND"
    for expected in ("b", "c", "b"):
        clock.advance(timedelta(minutes=1))
        assert (await rollback(recommendation))["model"] == {"version": expected, "status": "ACTIVE"}
        assert Counter((await statuses(database)).values())["ACTIVE"] == 1
    assert (await statuses(database))["candidate"] == "CANDIDATE"


async def test_one_model_is_active_however_many_are_registered_and_activated_at_once(
    database: Database, clock: FixedClock
) -> None:
    rows = await asyncio.gather(*(register(database, now=clock(), version=f"m{n}", **GOOD) for n in range(6)))
    assert Counter((await statuses(database)).values()) == {"ACTIVE": 1, "RETIRED": 5}
    for _ in range(5):
        changes = [commands.activate_model(database, row.id, is_forced=False, now=clock()) for row in rows]
        await asyncio.gather(*changes, commands.rollback_model(database, now=clock()))
        assert Counter((await statuses(database)).values()) == {"ACTIVE": 1, "RETIRED": 5}


async def test_a_version_registered_by_two_at_once_is_one_model(database: Database, clock: FixedClock) -> None:
    rows = await asyncio.gather(*(register(database, now=clock(), version="m", **GOOD) for _ in range(4)))
    assert len({row.id for row in rows}) == 1


async def test_the_database_itself_refuses_a_second_active_model(database: Database, clock: FixedClock) -> None:
    await register(database, now=clock(), version="a", **GOOD)
    await register(database, now=clock(), version="b", **BAD)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(update(ModelRow).where(ModelRow.version == "b").values(status="ACTIVE"))


async def test_models_are_listed_newest_first_without_their_texts(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    for day, version in ((1, "old"), (2, "new")):
        await register(database, now=clock(), version=version, trained_at=f"2026-01-0{day}T00:00:00Z", **GOOD)
    found = (await recommendation.data(MODELS, by=ADMIN))["rankingModels"]
    assert [(each["version"], each["status"]) for each in found] == [("new", "ACTIVE"), ("old", "RETIRED")]
    assert found[0]["trainedAt"].startswith("2026-01-02T00:00:00")
    assert (found[0]["ndcgAt10"], found[0]["baselineNdcgAt10"]) == (0.6, 0.5)


async def test_models_are_for_those_with_the_scope(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    row = await register(database, now=clock(), version="a", **GOOD)
    assert await recommendation.codes(MODELS, by=BUYER) == ["FORBIDDEN"]
    assert await recommendation.codes(MODELS, by=ANONYMOUS) == ["UNAUTHENTICATED"]
    assert await recommendation.codes(ACTIVATE, {"id": row.id}, by=BUYER) == ["FORBIDDEN"]
    assert await recommendation.codes(ROLLBACK, by=BUYER) == ["FORBIDDEN"]
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on RankingModel { version } } }"
    wanted = {"r": [{"__typename": "RankingModel", "id": each} for each in (row.id, "nothing")]}
    for whoever, answer in ((ADMIN, {"version": "a"}), (service("feed"), {"version": "a"}), (BUYER, None)):
        assert (await recommendation.data(query, wanted, by=whoever))["_entities"] == [answer, None]
