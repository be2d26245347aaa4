"""What the catalog changes, on SQLite and on PostgreSQL: guarded, versioned, never oversold."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from subgraphs.catalog import commands
from subgraphs.catalog.errors import OutOfStock
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.tables import ProductRow
from subgraphs.kit.runtime.clock import FixedClock
from tests.support.identity import account, service
from tests.support.subgraphs import SubgraphUnderTest

SELLER = account("seller-1", "SELLER")
OTHER_SELLER = account("seller-2", "SELLER")
ORDER = service("order")

CREATE = """mutation ($input: ProductInput!) { createProduct(input: $input) { __typename
  ... on ProductSuccess { product { id slug status stock version } }
  ... on AttributeError { attribute } ... on UserError { code path } } }"""
UPDATE = """mutation ($id: ID!, $patch: ProductPatch!, $v: Int!) { updateProduct(id: $id, patch: $patch, expectedVersion: $v) {
  __typename ... on ProductSuccess { product { title stock onHand version price { amount } attributes { number text } } }
  ... on VersionConflictError { currentVersion } ... on AttributeError { attribute } ... on UserError { code path } } }"""
STATUS = """mutation ($id: ID!, $status: ProductStatus!) { setProductStatus(id: $id, status: $status) {
  __typename ... on ProductSuccess { product { status version } } ... on ForbiddenTransitionError { from to }
  ... on UserError { code } } }"""
RESERVE = """mutation ($order: ID!, $lines: [ReserveLine!]!) { reserveStock(orderId: $order, lines: $lines) {
  __typename ... on StockReservation { id lines { quantity unitPrice { amount } product { id } } }
  ... on StockShortage { code lines { productId available } } } }"""


def new_product(**more: Any) -> dict[str, Any]:
    return {
        "title": "Teapot",
        "description": "It pours.",
        "categoryId": "cups",
        "price": {"amount": 2500, "currency": "EUR"},
        "stock": 3,
        "attributes": [{"code": "volume", "number": 800}],
        **more,
    }


async def test_a_new_product_is_a_draft_until_it_is_published(catalog: SubgraphUnderTest) -> None:
    created = (await catalog.data(CREATE, {"input": new_product()}, by=SELLER))["createProduct"]["product"]
    assert (created["status"], created["stock"], created["version"]) == ("DRAFT", 3, 1)
    published = await catalog.data(STATUS, {"id": created["id"], "status": "PUBLISHED"}, by=SELLER)
    assert published["setProductStatus"]["product"] == {"status": "PUBLISHED", "version": 2}
    again = await catalog.data(STATUS, {"id": created["id"], "status": "PUBLISHED"}, by=SELLER)
    assert again["setProductStatus"]["product"]["version"] == 2
    shown = await catalog.data("query ($s: String) { product(slug: $s) { title } }", {"s": created["slug"]})
    assert shown["product"] == {"title": "Teapot"}


@pytest.mark.parametrize(
    ("wrong", "answer"),
    [
        ({"price": {"amount": -5, "currency": "EUR"}}, ("ValidationError", "VALIDATION_FAILED")),
        ({"title": "  "}, ("ValidationError", "VALIDATION_FAILED")),
        ({"stock": -1}, ("ValidationError", "VALIDATION_FAILED")),
        ({"categoryId": "nowhere"}, ("ValidationError", "VALIDATION_FAILED")),
        ({"attributes": []}, ("AttributeError", "INVALID_ATTRIBUTE")),
        ({"attributes": [{"code": "volume", "text": "much"}]}, ("AttributeError", "INVALID_ATTRIBUTE")),
    ],
)
async def test_a_wrong_product_is_refused_and_nothing_is_written(
    catalog: SubgraphUnderTest, wrong: dict[str, Any], answer: tuple[str, str]
) -> None:
    result = (await catalog.data(CREATE, {"input": new_product(**wrong)}, by=SELLER))["createProduct"]
    assert (result["__typename"], result["code"]) == answer
    count = await catalog.data('{ products(filter: {query: "Teapot"}) { totalCount } }')
    assert count["products"]["totalCount"] == 0


async def test_an_update_needs_the_current_version_and_the_owner(catalog: SubgraphUnderTest) -> None:
    wanted = {"id": "product-01", "patch": {"title": "Mug", "price": {"amount": 900, "currency": "EUR"}}, "v": 1}
    updated = (await catalog.data(UPDATE, wanted, by=SELLER))["updateProduct"]["product"]
    assert (updated["title"], updated["version"], updated["price"]["amount"]) == ("Mug", 2, 900)
    stale = (await catalog.data(UPDATE, wanted, by=SELLER))["updateProduct"]
    assert (stale["__typename"], stale["currentVersion"]) == ("VersionConflictError", 2)
    not_own = (await catalog.data(UPDATE, {**wanted, "v": 2}, by=OTHER_SELLER))["updateProduct"]
    assert not_own["__typename"] == "NotFoundError"
    assert await catalog.codes(UPDATE, wanted, by=account("b", "BUYER")) == ["FORBIDDEN"]


async def test_attributes_are_replaced_as_a_whole_or_not_at_all(catalog: SubgraphUnderTest) -> None:
    patch = {"attributes": [{"code": "volume", "number": 1.5}, {"code": "colour", "text": "green"}]}
    updated = (await catalog.data(UPDATE, {"id": "product-01", "patch": patch, "v": 1}, by=SELLER))["updateProduct"]
    values = {(each["number"], each["text"]) for each in updated["product"]["attributes"]}
    assert values == {(1.5, None), (None, "green")}
    wrong = {"title": "Other", "attributes": [{"code": "colour", "number": 1}]}
    refused = (await catalog.data(UPDATE, {"id": "product-01", "patch": wrong, "v": 2}, by=SELLER))["updateProduct"]
    assert (refused["__typename"], refused["attribute"]) == ("AttributeError", "colour")


async def test_a_forbidden_transition_says_from_where_to_where(catalog: SubgraphUnderTest) -> None:
    result = await catalog.data(STATUS, {"id": "product-14", "status": "PUBLISHED"}, by=OTHER_SELLER)
    assert result["setProductStatus"]["__typename"] == "ForbiddenTransitionError"
    assert (result["setProductStatus"]["from"], result["setProductStatus"]["to"]) == ("ARCHIVED", "PUBLISHED")


CARD = """query ($r: [_Any!]!, $slug: String) { product(slug: $slug) { ...card } _entities(representations: $r) { ...card } }
fragment card on Product { title status description availability price { amount } attributes { text } }"""
WITHDRAWN: dict[str, object] = {"description": "", "availability": "OUT_OF_STOCK", "price": None, "attributes": []}


@pytest.mark.parametrize("status", ["DRAFT", "ARCHIVED"])
async def test_a_product_that_was_on_sale_resolves_to_a_card_without_an_offer(
    catalog: SubgraphUnderTest, status: str
) -> None:
    await catalog.data(STATUS, {"id": "product-01", "status": status}, by=SELLER)
    asked = {"r": [{"__typename": "Product", "id": "product-01"}], "slug": "cup-01"}
    seen = await catalog.data(CARD, asked, by=account("b", "BUYER"))
    assert seen["_entities"] == [seen["product"]] == [{"title": "Cup 1", "status": status, **WITHDRAWN}]
    own = (await catalog.data(CARD, asked, by=SELLER))["product"]
    assert (own["price"], own["description"]) == ({"amount": 1001}, "A cup.")


async def test_a_card_keeps_the_title_of_the_sale_while_the_seller_edits_the_draft(catalog: SubgraphUnderTest) -> None:
    withdrawn = await catalog.data(STATUS, {"id": "product-01", "status": "DRAFT"}, by=SELLER)
    version = withdrawn["setProductStatus"]["product"]["version"]
    await catalog.data(UPDATE, {"id": "product-01", "patch": {"title": "Secret"}, "v": version}, by=SELLER)
    asked = {"r": [{"__typename": "Product", "id": "product-01"}], "slug": "cup-01"}
    assert (await catalog.data(CARD, asked))["product"]["title"] == "Cup 1"
    picture = await catalog.http.get("/images/product-01.svg")
    assert "Cup 1" in picture.text
    assert "Secret" not in picture.text
    await catalog.data(STATUS, {"id": "product-01", "status": "PUBLISHED"}, by=SELLER)
    assert (await catalog.data(CARD, asked))["product"]["title"] == "Secret"


CHANGED = """query ($since: DateTime!, $after: ID, $first: Int!) {
  changedProducts(since: $since, after: $after, first: $first) { id status updatedAt } }"""


async def test_changes_are_read_page_by_page_in_their_order(catalog: SubgraphUnderTest, clock: FixedClock) -> None:
    since = clock().isoformat()
    for number in (3, 1, 2):
        await catalog.data(STATUS, {"id": f"product-0{number}", "status": "DRAFT"}, by=SELLER)
    clock.advance(timedelta(seconds=1))
    await catalog.data(STATUS, {"id": "product-01", "status": "PUBLISHED"}, by=SELLER)
    read: list[tuple[str, str]] = []
    after = None
    for _ in range(2):
        page = await catalog.data(CHANGED, {"since": since, "after": after, "first": 2}, by=service("recommendation"))
        read += [(each["id"], each["status"]) for each in page["changedProducts"]]
        since, after = page["changedProducts"][-1]["updatedAt"], page["changedProducts"][-1]["id"]
    assert read == [("product-02", "DRAFT"), ("product-03", "DRAFT"), ("product-01", "PUBLISHED")]
    assert await catalog.codes(CHANGED, {"since": since, "first": 2}, by=SELLER) == ["FORBIDDEN"]


async def pieces(resources: CatalogResources, product_id: str) -> tuple[int, int, int]:
    async with resources.database.reading() as session:
        row = await session.get(ProductRow, product_id)
    assert row is not None
    return row.stock, row.held, row.sold


async def test_a_reservation_is_made_once_committed_once_and_adds_up(
    catalog: SubgraphUnderTest, resources: CatalogResources
) -> None:
    wanted = {
        "order": "o1",
        "lines": [{"productId": "product-01", "quantity": 2}, {"productId": "product-01", "quantity": 1}],
    }
    first = (await catalog.data(RESERVE, wanted, by=ORDER))["reserveStock"]
    assert first["lines"] == [{"quantity": 3, "unitPrice": {"amount": 1001}, "product": {"id": "product-01"}}]
    again = (await catalog.data(RESERVE, wanted, by=ORDER))["reserveStock"]
    assert again["id"] == first["id"]
    assert await pieces(resources, "product-01") == (7, 3, 0)
    for _ in range(2):
        assert await catalog.data('mutation { commitReservation(orderId: "o1") }', by=ORDER) == {
            "commitReservation": True
        }
    assert await pieces(resources, "product-01") == (7, 0, 3)


async def test_what_was_sold_comes_back_once_and_is_not_sold_again(
    catalog: SubgraphUnderTest, resources: CatalogResources
) -> None:
    lines = [{"productId": "product-01", "quantity": 3}, {"productId": "product-02", "quantity": 1}]
    await catalog.data(RESERVE, {"order": "o1", "lines": lines}, by=ORDER)
    await catalog.data('mutation { commitReservation(orderId: "o1") }', by=ORDER)
    for _ in range(2):
        released = await catalog.data('mutation { releaseReservation(orderId: "o1") }', by=ORDER)
        assert released == {"releaseReservation": True}
        assert await pieces(resources, "product-01") == (10, 0, 0)
        assert await pieces(resources, "product-02") == (10, 0, 0)
    sold = await catalog.data('mutation { commitReservation(orderId: "o1") }', by=ORDER)
    assert sold == {"commitReservation": False}
    unknown = await catalog.data('mutation { releaseReservation(orderId: "never") }', by=ORDER)
    assert unknown == {"releaseReservation": False}
    assert await pieces(resources, "product-01") == (10, 0, 0)


async def test_a_shortage_of_one_line_reserves_nothing(catalog: SubgraphUnderTest, resources: CatalogResources) -> None:
    lines = [
        {"productId": "product-01", "quantity": 2},
        {"productId": "product-02", "quantity": 11},
        {"productId": "product-13", "quantity": 1},
    ]
    short = (await catalog.data(RESERVE, {"order": "o2", "lines": lines}, by=ORDER))["reserveStock"]
    assert short["__typename"] == "StockShortage"
    assert short["lines"] == [
        {"productId": "product-02", "available": 10},
        {"productId": "product-13", "available": 0},
    ]
    assert await pieces(resources, "product-01") == (10, 0, 0)


async def held(resources: CatalogResources, order_id: str, quantity: int, product_id: str = "product-01") -> None:
    await commands.reserve_stock(
        resources.database, order_id, {product_id: quantity}, ttl_seconds=900, now=resources.clock()
    )


async def test_what_is_held_is_not_sold_a_second_time_by_a_count(
    catalog: SubgraphUnderTest, resources: CatalogResources
) -> None:
    await held(resources, "o1", 3)
    wanted = {"id": "product-01", "patch": {"stock": 5}, "v": 1}
    counted = (await catalog.data(UPDATE, wanted, by=SELLER))["updateProduct"]["product"]
    assert (counted["stock"], counted["onHand"]) == (2, 5)
    with pytest.raises(OutOfStock):
        await held(resources, "o2", 3)
    too_few = (await catalog.data(UPDATE, {**wanted, "patch": {"stock": 2}, "v": 2}, by=SELLER))["updateProduct"]
    assert (too_few["__typename"], too_few["path"]) == ("ValidationError", ["patch", "stock"])
    assert await pieces(resources, "product-01") == (2, 3, 0)


async def test_a_count_from_before_a_sale_is_refused_and_an_edit_of_the_title_is_not(
    catalog: SubgraphUnderTest, resources: CatalogResources
) -> None:
    await held(resources, "o1", 3)
    await commands.commit_reservation(resources.database, "o1")
    late = {"id": "product-01", "patch": {"stock": 10}, "v": 1}
    refused = (await catalog.data(UPDATE, late, by=SELLER))["updateProduct"]
    assert (refused["__typename"], refused["currentVersion"]) == ("VersionConflictError", 2)
    titled = (await catalog.data(UPDATE, {**late, "patch": {"title": "Mug"}}, by=SELLER))["updateProduct"]["product"]
    assert (titled["title"], titled["stock"], titled["version"]) == ("Mug", 7, 3)
    stale = (await catalog.data(UPDATE, {**late, "patch": {"title": "Jug"}, "v": 2}, by=SELLER))["updateProduct"]
    assert (stale["__typename"], stale["currentVersion"]) == ("VersionConflictError", 3)
    early = (await catalog.data(UPDATE, {**late, "patch": {"title": "Jug"}, "v": 4}, by=SELLER))["updateProduct"]
    assert early["__typename"] == "VersionConflictError"


async def test_a_count_from_before_a_return_is_refused(catalog: SubgraphUnderTest, resources: CatalogResources) -> None:
    await held(resources, "o1", 3)
    await commands.commit_reservation(resources.database, "o1")
    await commands.release_reservation(resources.database, "o1")
    refused = await catalog.data(UPDATE, {"id": "product-01", "patch": {"stock": 7}, "v": 2}, by=SELLER)
    assert refused["updateProduct"]["__typename"] == "VersionConflictError"
    assert await pieces(resources, "product-01") == (10, 0, 0)


async def test_a_delta_counts_with_sales_in_between_and_takes_place_once(
    catalog: SubgraphUnderTest, resources: CatalogResources
) -> None:
    await held(resources, "o1", 3)
    await commands.commit_reservation(resources.database, "o1")
    wanted = {"id": "product-01", "patch": {"stockDelta": 5}, "v": 1}
    assert (await catalog.data(UPDATE, wanted, by=SELLER))["updateProduct"]["product"]["onHand"] == 12
    again = (await catalog.data(UPDATE, wanted, by=SELLER))["updateProduct"]
    assert again["__typename"] == "VersionConflictError"
    assert await pieces(resources, "product-01") == (12, 0, 3)


@pytest.mark.parametrize("patch", [{"stockDelta": -8}, {"stockDelta": 999_999}, {"stock": 5, "stockDelta": 1}])
async def test_a_delta_out_of_bounds_is_refused(
    catalog: SubgraphUnderTest, resources: CatalogResources, patch: dict[str, Any]
) -> None:
    await held(resources, "o1", 3)
    refused = (await catalog.data(UPDATE, {"id": "product-01", "patch": patch, "v": 1}, by=SELLER))["updateProduct"]
    assert (refused["__typename"], refused["path"]) == ("ValidationError", ["patch", "stockDelta"])
    assert await pieces(resources, "product-01") == (7, 3, 0)


async def test_counts_and_sales_at_once_never_sell_more_than_was_counted(
    catalog: SubgraphUnderTest, resources: CatalogResources
) -> None:
    async def buy(number: int) -> int:
        try:
            await held(resources, f"order-{number}", 1)
        except OutOfStock:
            return 0
        return int(await commands.commit_reservation(resources.database, f"order-{number}"))

    async def count(version: int) -> bool:
        wanted = {"id": "product-01", "patch": {"stock": 10}, "v": version}
        answer = (await catalog.data(UPDATE, wanted, by=SELLER))["updateProduct"]
        return str(answer["__typename"]) == "ProductSuccess"

    outcomes = await asyncio.gather(count(1), *(buy(number) for number in range(12)), count(1))
    counted, sold = outcomes[0] + outcomes[-1], sum(outcomes[1:-1])
    assert counted <= 1, "a second count from the same version is a lost update"
    on_hand = 10 if not counted else None
    free, still_held, all_sold = await pieces(resources, "product-01")
    assert (still_held, all_sold) == (0, sold)
    assert on_hand is None or free + sold == on_hand


async def test_reservations_that_expire_while_others_buy_deadlock_with_nobody(
    resources: CatalogResources, clock: FixedClock
) -> None:
    products = [f"product-{number:02}" for number in range(8)]
    for number in range(12):
        wanted = dict.fromkeys(products if number % 2 else reversed(products), 1)
        await commands.reserve_stock(
            resources.database, f"old-{number}", dict(list(wanted.items())[:4]), ttl_seconds=60, now=clock()
        )
    clock.advance(timedelta(seconds=61))

    async def buy(number: int) -> None:
        wanted = dict.fromkeys(products[number % 4 :], 1)
        try:
            await commands.reserve_stock(resources.database, f"new-{number}", wanted, ttl_seconds=900, now=clock())
        except OutOfStock:
            return
        await commands.commit_reservation(resources.database, f"new-{number}")

    with capture_logs() as logs:
        released, also, *_ = await asyncio.gather(
            commands.release_expired(resources.database, now=clock()),
            commands.release_expired(resources.database, now=clock()),
            *(buy(number) for number in range(12)),
        )
    assert isinstance(released, int)
    assert isinstance(also, int)
    assert released + also == 12
    assert [each for each in logs if each["event"] == "database.conflict"] == [], "one order of locks for all"
    for each in products:
        free, still_held, sold = await pieces(resources, each)
        assert (free + sold, still_held) == (10, 0)
    await resources.close()


async def test_forty_orders_for_ten_pieces_sell_exactly_ten(resources: CatalogResources) -> None:
    async def reserve(number: int) -> bool:
        try:
            await commands.reserve_stock(
                resources.database, f"order-{number}", {"product-05": 1}, ttl_seconds=900, now=resources.clock()
            )
        except OutOfStock:
            return False
        return True

    served = await asyncio.gather(*(reserve(number) for number in range(40)))
    assert sum(served) == 10
    assert await pieces(resources, "product-05") == (0, 10, 0)
    await resources.close()


async def test_stock_that_nobody_came_for_is_free_again(resources: CatalogResources, clock: FixedClock) -> None:
    await commands.reserve_stock(resources.database, "o3", {"product-05": 4}, ttl_seconds=60, now=clock())
    assert await commands.release_expired(resources.database, now=clock()) == 0
    clock.advance(timedelta(seconds=61))
    assert await commands.release_expired(resources.database, now=clock()) == 1
    assert await pieces(resources, "product-05") == (10, 0, 0)
    assert not await commands.commit_reservation(resources.database, "o3")
    await resources.close()
