"""What the recommendation subgraph adds to products and buyers."""

from typing import Any

import pytest

from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import repository
from subgraphs.recommendation.tables import NeighbourRow, ProductRow, ProfileRow
from tests.support.identity import ANONYMOUS, account, service
from tests.support.recommendation import product_row
from tests.support.statements import counted_statements
from tests.support.subgraphs import SubgraphUnderTest
from workers.features.profile import BuyerProfile

ANN = account("ann", "BUYER")
NEAR = """query ($r: [_Any!]!, $similar: Int, $bought: Int) { _entities(representations: $r) { ... on Product {
  id similar(first: $similar) { id } boughtTogether(first: $bought) { id } } } }"""
INTERESTS = """query ($r: [_Any!]!, $first: Int) { _entities(representations: $r) {
  ... on Buyer { id interests(first: $first) { category { id } weight } } } }"""


@pytest.fixture
async def neighbours(database: Database) -> None:
    near = [["cup-2", 0.9], ["pen-1", 0.5], ["gone", 0.4], ["draft", 0.3], ["cup-3", 0.2]]
    rows = [
        {"product_id": "cup-1", "kind": "similar", "nearest": near},
        {"product_id": "cup-1", "kind": "bought_together", "nearest": [["pan-1", 0.7]]},
        {"product_id": "pen-1", "kind": "similar", "nearest": [["pen-2", 0.7]]},
    ]
    async with database.transaction() as session:
        await repository.upsert(session, ProductRow, [product_row("draft", "cups", 1.0, is_published=False)])
        await repository.upsert(session, NeighbourRow, rows)


async def near(recommendation: SubgraphUnderTest, *ids: str, **variables: Any) -> list[dict[str, Any]]:
    representations = [{"__typename": "Product", "id": each} for each in ids]
    return list((await recommendation.data(NEAR, {"r": representations, **variables}))["_entities"])


def ids(products: list[dict[str, str]]) -> list[str]:
    return [each["id"] for each in products]


@pytest.mark.usefixtures("neighbours")
async def test_neighbours_are_nearest_first_and_on_sale(recommendation: SubgraphUnderTest) -> None:
    cup, pen, unknown = await near(recommendation, "cup-1", "pen-1", "nothing")
    assert ids(cup["similar"]) == ["cup-2", "pen-1", "cup-3"]
    assert ids(cup["boughtTogether"])[0] == "pan-1"
    assert ids(pen["similar"]) == ["pen-2"]
    assert unknown == {"id": "nothing", "similar": [], "boughtTogether": []}
    (few,) = await near(recommendation, "cup-1", similar=2, bought=0)
    assert (ids(few["similar"]), few["boughtTogether"]) == (["cup-2", "pen-1"], [])


@pytest.mark.usefixtures("neighbours")
async def test_after_the_neighbours_come_the_most_popular_of_the_category(recommendation: SubgraphUnderTest) -> None:
    cup, pen = await near(recommendation, "cup-1", "pen-1")
    assert ids(cup["boughtTogether"]) == ["pan-1", "cup-2", "cup-3"]
    assert ids(cup["similar"]) == ["cup-2", "pen-1", "cup-3"], "nothing is listed twice"
    assert ids(pen["boughtTogether"]) == ["pen-2"]
    (few,) = await near(recommendation, "cup-1", similar=1, bought=2)
    assert (ids(few["similar"]), ids(few["boughtTogether"])) == (["cup-2"], ["pan-1", "cup-2"])


async def test_a_new_arrival_is_shown_beside_the_most_popular_of_its_category_on_sale(
    recommendation: SubgraphUnderTest, database: Database
) -> None:
    rows = [
        product_row("new", "cups", 0.0),
        product_row("draft", "cups", 9.0, is_published=False),
        product_row("sold-out", "cups", 9.0, stock=0),
        product_row("lonely", "vases", 0.0),
    ]
    async with database.transaction() as session:
        await repository.upsert(session, ProductRow, rows)
    new, draft, lonely = await near(recommendation, "new", "draft", "lonely")
    assert ids(new["similar"]) == ids(new["boughtTogether"]) == ["cup-1", "cup-2", "cup-3", "sold-out"]
    assert ids(draft["similar"]) == ["cup-1", "cup-2", "cup-3", "new", "sold-out"]
    assert (lonely["similar"], lonely["boughtTogether"]) == ([], [])
    first, second = await near(recommendation, "cup-1", "cup-2", similar=2, bought=1)
    assert (ids(first["similar"]), ids(first["boughtTogether"])) == (["cup-2", "cup-3"], ["cup-2"])
    assert (ids(second["similar"]), ids(second["boughtTogether"])) == (["cup-1", "cup-3"], ["cup-1"])


@pytest.mark.usefixtures("neighbours")
async def test_the_number_of_statements_does_not_grow_with_the_products(
    recommendation: SubgraphUnderTest, database: Database
) -> None:
    for wanted in (["cup-1"], ["cup-1", "cup-2", "cup-3", "pan-1", "pen-1", "pen-2"]):
        with counted_statements(database) as seen:
            await near(recommendation, *wanted)
        # For each kind: the neighbours, which of them are on sale, the products' categories, the most popular of these.
        assert len(seen) == 8, seen


async def test_no_more_than_forty_neighbours_can_be_asked_for(recommendation: SubgraphUnderTest) -> None:
    for wrong in (-1, 41):
        wanted = {"r": [{"__typename": "Product", "id": "cup-1"}], "similar": wrong}
        assert await recommendation.codes(NEAR, wanted) == ["VALIDATION_FAILED"]


async def test_interests_are_the_buyers_own_and_a_services(
    recommendation: SubgraphUnderTest, database: Database, clock: FixedClock
) -> None:
    shares = {"ann": [["cups", 0.75], ["pens", 0.25]], "bob": [["pans", 1.0]]}
    rows = [
        {
            "viewer": f"account:{name}",
            "profile": BuyerProfile().to_json(),
            "interests": found,
            "updated_at": clock(),
        }
        for name, found in shares.items()
    ]
    async with database.transaction() as session:
        await repository.upsert(session, ProfileRow, rows)
    wanted = {"r": [{"__typename": "Buyer", "id": each} for each in ("ann", "bob", "cleo")]}
    with counted_statements(database) as seen:
        data = await recommendation.data(INTERESTS, wanted, by=ANN)
    own = [{"category": {"id": "cups"}, "weight": 0.75}, {"category": {"id": "pens"}, "weight": 0.25}]
    assert [each["interests"] for each in data["_entities"]] == [own, [], []]
    assert len(seen) == 1
    data = await recommendation.data(INTERESTS, {**wanted, "first": 1}, by=service("feed"))
    assert [len(each["interests"]) for each in data["_entities"]] == [1, 1, 0]
    with counted_statements(database) as seen:
        await recommendation.data(INTERESTS, wanted, by=service("feed"))
    assert len(seen) == 1
    assert set(await recommendation.codes(INTERESTS, wanted, by=ANONYMOUS)) == {"UNAUTHENTICATED"}
