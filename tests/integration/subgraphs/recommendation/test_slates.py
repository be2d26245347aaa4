"""What the feed is answered: the viewer's own slate, an older one once more, or what is popular."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import redis as redis_py
from sqlalchemy import update

from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.runtime.feature_flags import ConfigSnapshot
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import commands, model
from subgraphs.recommendation.commands import RankedSlate
from subgraphs.recommendation.model import NOBODY, Question
from subgraphs.recommendation.resources import RecommendationResources
from subgraphs.recommendation.tables import ProductRow
from tests.support.identity import ANONYMOUS, account, service
from tests.support.recommendation import ANN, BOB, job_of, keep, slates_of
from tests.support.statements import counted_statements
from tests.support.subgraphs import SubgraphUnderTest

FEED = service("feed")
SLATE = """query ($slate: ID, $buyer: ID, $device: ID, $category: ID, $size: Int! = 200) {
  rankedSlate(surface: "HOME", slateId: $slate, buyerId: $buyer, anonymousId: $device, categoryId: $category, size: $size) {
    id modelVersion degraded items { product { id } score source isOnSale } shelves { category { id } products { id } } } }"""
POPULAR = ["pen-1", "pan-1", "cup-1", "cup-2", "cup-3", "pen-2"]


async def slate(recommendation: SubgraphUnderTest, **variables: Any) -> dict[str, Any]:
    return dict((await recommendation.data(SLATE, variables, by=FEED))["rankedSlate"])


def products(found: dict[str, Any]) -> list[str]:
    return [each["product"]["id"] for each in found["items"]]


def wakes(redis_url: str) -> int:
    with redis_py.Redis.from_url(redis_url) as client:
        return int(client.llen("dramatiq:slates"))


async def test_a_stranger_is_shown_what_is_popular_and_a_worker_is_woken(
    recommendation: SubgraphUnderTest, database: Database, redis_url: str
) -> None:
    found = await slate(recommendation, buyer="ann")
    assert products(found) == POPULAR
    assert (found["degraded"], found["modelVersion"], found["shelves"]) == (True, "none", [])
    assert {each["source"] for each in found["items"]} == {"TRENDING"}
    job = await job_of(database, ANN)
    assert (job.viewer, job.settled_at) == ("account:ann", None)
    assert wakes(redis_url) == 1


async def test_a_category_holds_what_is_in_it_and_below_it(recommendation: SubgraphUnderTest) -> None:
    assert products(await slate(recommendation, buyer="ann", category="home")) == ["pan-1", "cup-1", "cup-2", "cup-3"]
    assert products(await slate(recommendation, buyer="ann", category="pens")) == ["pen-1", "pen-2"]


async def test_a_category_that_nobody_knows_is_empty_and_leaves_no_trace(
    recommendation: SubgraphUnderTest, database: Database, redis_url: str
) -> None:
    found = await slate(recommendation, buyer="ann", category="nothing")
    assert (products(found), found["degraded"]) == ([], True)
    assert await slates_of(database, Question("account:ann", "nothing")) == []
    assert wakes(redis_url) == 0


async def test_a_withdrawn_product_keeps_its_place_in_a_slate_and_leaves_the_shelves(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    items = [["pen-1", 2.0, "TRENDING"], ["cup-1", 1.0, "TRENDING"]]
    ranked = RankedSlate(items, [["home", ["cup-1", "cup-2"]]], "m1", "hash", is_degraded=False)
    async with database.transaction() as session:
        kept = await commands.keep_slate(session, ANN, ranked, now=clock())
        await session.execute(update(ProductRow).where(ProductRow.id == "cup-1").values(is_published=False))
    for variables in ({"buyer": "ann"}, {"slate": kept.id}):
        found = await slate(recommendation, **variables)
        assert [(each["product"]["id"], each["isOnSale"]) for each in found["items"]] == [
            ("pen-1", True),
            ("cup-1", False),
        ]
        assert found["shelves"] == [{"category": {"id": "home"}, "products": [{"id": "cup-2"}]}]


async def test_what_cannot_be_bought_is_not_shown(recommendation: SubgraphUnderTest, database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(update(ProductRow).where(ProductRow.id == "pen-1").values(is_published=False))
        await session.execute(update(ProductRow).where(ProductRow.id == "pan-1").values(stock=0))
    assert products(await slate(recommendation)) == POPULAR[2:]


async def test_a_fresh_slate_is_given_out_as_it_is_and_asks_for_nothing(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock, redis_url: str
) -> None:
    kept = await keep(database, ANN, ["cup-3", "pen-2"], now=clock())
    clock.advance(model.FRESH_FOR - timedelta(seconds=1))
    with counted_statements(database) as seen:
        found = await slate(recommendation, buyer="ann")
    assert (found["id"], products(found), found["degraded"]) == (kept.id, ["cup-3", "pen-2"], False)
    assert found["shelves"] == [{"category": {"id": "cups"}, "products": [{"id": "cup-1"}]}]
    assert len(seen) == 2  # the slate, and which of its products were withdrawn since
    assert wakes(redis_url) == 0
    assert (await slate(recommendation, buyer="bob"))["id"] != kept.id


async def test_an_older_slate_is_given_out_once_more_under_a_new_id_while_a_worker_is_woken(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock, redis_url: str
) -> None:
    kept = await keep(database, ANN, ["cup-3", "pen-2"], now=clock())
    for age in (model.FRESH_FOR, model.SLATE_LIFETIME, model.REMEMBERED_FOR):
        clock.advance(age)
        found = await slate(recommendation, buyer="ann")
        assert found["id"] > kept.id
        assert (products(found), found["modelVersion"], found["degraded"]) == (["cup-3", "pen-2"], "m1", False)
        assert (await slates_of(database, ANN))[-1].expires_at == clock() + model.SLATE_LIFETIME
        assert (await slate(recommendation, buyer="ann"))["id"] == found["id"]
    assert wakes(redis_url) == 3


async def test_twenty_first_requests_of_a_viewer_are_answered_by_one_slate(
    recommendation: SubgraphUnderTest, database: Database, redis_url: str
) -> None:
    found = await asyncio.gather(*(slate(recommendation, device="phone") for _ in range(20)))
    assert len({each["id"] for each in found}) == 1
    assert len(await slates_of(database, Question("device:phone", None))) == 1
    assert wakes(redis_url) == 1


async def test_a_slate_is_found_by_its_id_for_whoever_turns_its_pages(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    first = await keep(database, ANN, ["cup-3"], now=clock())
    clock.advance(timedelta(minutes=1))
    await keep(database, ANN, ["cup-1"], now=clock())
    found = await slate(recommendation, slate=first.id)
    assert (found["id"], products(found)) == (first.id, ["cup-3"])


async def test_a_slate_that_is_gone_is_answered_by_another_id_so_that_its_reader_can_tell(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    kept = await keep(database, ANN, ["cup-3"], now=clock())
    gone = uuid7(clock())
    found = await slate(recommendation, slate=gone)
    assert found["id"] != gone
    assert products(found) == POPULAR
    assert (await slate(recommendation, slate=gone, buyer="ann"))["id"] == kept.id


async def test_a_device_has_a_slate_of_its_own_and_nobody_has_a_common_one(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    device = await keep(database, Question("device:phone", None), ["cup-1"], now=clock())
    nobody = await keep(database, Question(NOBODY, None), ["cup-2"], now=clock())
    assert (await slate(recommendation, device="phone"))["id"] == device.id
    assert (await slate(recommendation))["id"] == nobody.id
    assert (await slate(recommendation, device="tablet"))["id"] not in {device.id, nobody.id}


async def test_everybody_is_nobody_while_personal_slates_are_switched_off(
    recommendation: SubgraphUnderTest, resources: RecommendationResources, clock: FixedClock
) -> None:
    await keep(resources.database, ANN, ["cup-3"], now=clock())
    nobody = await keep(resources.database, Question(NOBODY, None), ["cup-2"], now=clock())
    resources.config._current = ConfigSnapshot("r2", MappingProxyType({"recommendation.personal": False}))
    assert (await slate(recommendation, buyer="ann"))["id"] == nobody.id


async def test_the_size_is_what_is_asked_for_within_its_bounds(recommendation: SubgraphUnderTest) -> None:
    assert products(await slate(recommendation, size=2)) == POPULAR[:2]
    for wrong in (0, -1, 501):
        assert await recommendation.codes(SLATE, {"size": wrong}, by=FEED) == ["VALIDATION_FAILED"]


async def test_what_is_no_id_is_refused_before_any_database_sees_it(recommendation: SubgraphUnderTest) -> None:
    for wrong in ({"category": "c" * 37}, {"buyer": "b" * 37}, {"device": "d" * 65}, {"device": "a\x00b"}):
        assert await recommendation.codes(SLATE, wrong, by=FEED) == ["VALIDATION_FAILED"]


async def test_ranked_slates_are_for_services_alone(recommendation: SubgraphUnderTest) -> None:
    for whoever in (ANONYMOUS, account("ann", "BUYER"), account("root", "ADMIN")):
        assert await recommendation.codes(SLATE, by=whoever) == ["FORBIDDEN"]
    unsigned = await recommendation.http.post("/graphql", json={"query": SLATE})
    assert unsigned.status_code == 401


async def test_a_queue_that_is_away_costs_the_wake_up_and_not_the_answer(
    resources: RecommendationResources, clock: FixedClock
) -> None:
    from subgraphs.kit.messaging.task_queue import TaskQueue
    from subgraphs.kit.storage.relay import announce

    queue = TaskQueue("redis://127.0.0.1:9/0")
    resources.database._on_committed = lambda wakes: _ignore(announce(queue, wakes))
    row = await commands.slate_for(resources.database, BOB, size=3, now=clock())
    assert [each[0] for each in row.items] == POPULAR[:3]
    assert (await job_of(resources.database, BOB)).due_at == clock()
    await queue.close()


async def _ignore(announced: Any) -> None:
    await announced


def test_a_question_has_one_id_for_a_viewer_and_a_category() -> None:
    ids = {each.id for each in (ANN, BOB, replace(ANN, category_id="cups"), replace(ANN, category_id="pens"))}
    assert len(ids) == 4
    assert all(str(uuid.UUID(each)) == each for each in ids)
    assert replace(ANN).id == ANN.id
