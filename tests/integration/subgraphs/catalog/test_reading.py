"""What the catalog answers, on SQLite and on PostgreSQL."""

from typing import Any

import pytest

from subgraphs.catalog import queries
from subgraphs.catalog.queries import AttributeMatch, Filter
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.settings import MIGRATIONS
from subgraphs.catalog.tables import Base
from subgraphs.kit.runtime.feature_flags import merged
from subgraphs.kit.storage.migrate import downgrade, schema_differences, upgrade
from tests.support.identity import ANONYMOUS, account, service
from tests.support.statements import counted_statements
from tests.support.subgraphs import SubgraphUnderTest

SELLER = account("seller-1", "SELLER")
OTHER_SELLER = account("seller-2", "SELLER")
LISTING = """query ($slug: String!, $first: Int, $after: String, $filter: ProductFilter, $sort: ProductSort) {
  category(slug: $slug) { products(first: $first, after: $after, filter: $filter, sort: $sort) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id } } } } }"""


async def test_migrations_make_the_tables_of_the_code_and_take_them_away(database_url: str) -> None:
    await upgrade(database_url, MIGRATIONS)
    assert await schema_differences(database_url, Base.metadata) == []
    await downgrade(database_url, MIGRATIONS)
    missing = await schema_differences(database_url, Base.metadata)
    assert {each[1].name for each in missing if each[0] == "add_table"} == set(Base.metadata.tables)


async def listed(catalog: SubgraphUnderTest, **variables: Any) -> dict[str, Any]:
    data = await catalog.data(LISTING, {"first": 50, "sort": "NEWEST", **variables})
    connection: dict[str, Any] = data["category"]["products"]
    return connection


def ids(connection: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in connection["edges"]]


async def test_a_category_lists_what_is_below_it_too(catalog: SubgraphUnderTest) -> None:
    everything = await listed(catalog, slug="home")
    assert everything["totalCount"] == 13
    assert ids(everything)[0] == "product-12"
    assert len(ids(await listed(catalog, slug="plates"))) == 1


@pytest.mark.parametrize("sort", ["POPULAR", "NEWEST", "PRICE_ASC", "PRICE_DESC"])
async def test_pages_of_every_sort_neither_repeat_nor_skip(catalog: SubgraphUnderTest, sort: str) -> None:
    whole = ids(await listed(catalog, slug="home", sort=sort))
    paged: list[str] = []
    after = None
    while True:
        page = await listed(catalog, slug="home", sort=sort, first=5, after=after)
        paged += ids(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert paged == whole
    assert len(set(paged)) == 13


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"minPrice": {"amount": 1005, "currency": "EUR"}}, 8),
        ({"maxPrice": {"amount": 1005, "currency": "USD"}}, 0),
        ({"inStock": False}, 1),
        ({"query": "cup 1"}, 4),
        ({"query": "100%"}, 0),
        ({"sellerId": "seller-2"}, 1),
        ({"attributes": [{"code": "colour", "in": ["red"]}]}, 7),
        ({"attributes": [{"code": "glazed", "in": ["true"]}]}, 4),
        ({"attributes": [{"code": "volume", "min": 104, "max": 106}]}, 3),
        ({"attributes": [{"code": "colour", "in": ["red"]}, {"code": "volume", "min": 109}]}, 1),
        ({"attributes": [{"code": "colour", "in": ["red", "blue"]}, {"code": "colour", "in": ["blue", "green"]}]}, 6),
        ({"attributes": [{"code": "colour", "in": ["red"]}, {"code": "colour", "in": ["red"]}]}, 7),
        ({"attributes": [{"code": "colour", "in": ["red"]}, {"code": "colour", "in": ["blue"]}]}, 0),
        ({"attributes": [{"code": "colour"}, {"code": "glazed"}]}, 12),
        ({"attributes": [{"code": "colour"}, {"code": "unknown"}]}, 0),
    ],
)
async def test_filters_hold_all_at_once(catalog: SubgraphUnderTest, wanted: dict[str, Any], count: int) -> None:
    connection = await listed(catalog, slug="home", filter=wanted)
    assert (connection["totalCount"], len(connection["edges"])) == (count, count)


async def test_a_longer_list_of_attribute_filters_reads_no_table_more_often(resources: CatalogResources) -> None:
    async def run(matches: int) -> str:
        wanted = Filter(attributes=tuple(AttributeMatch(f"code-{number}", ("red",)) for number in range(matches)))
        with counted_statements(resources.database) as statements:
            async with resources.database.reading() as session:
                assert await queries.count(session, wanted) == 0
        (statement,) = statements
        return statement

    short, long = await run(2), await run(150)
    for table in ("FROM product_attributes", "JOIN attribute_definitions"):
        assert short.count(table) == long.count(table) == 1
    await resources.close()


async def test_bounds_in_two_currencies_are_refused(catalog: SubgraphUnderTest) -> None:
    wanted = {"minPrice": {"amount": 1, "currency": "EUR"}, "maxPrice": {"amount": 9, "currency": "USD"}}
    assert await catalog.codes(LISTING, {"slug": "home", "filter": wanted}) == ["INVALID_FILTER"]


async def test_facets_count_the_filtered_products(catalog: SubgraphUnderTest) -> None:
    query = """query ($filter: ProductFilter) { category(slug: "home") { products(filter: $filter) {
      facets { attribute { code } values { value count } } } } }"""
    data = await catalog.data(query, {"filter": {"attributes": [{"code": "colour", "in": ["red"]}]}})
    facets = {each["attribute"]["code"]: each["values"] for each in data["category"]["products"]["facets"]}
    assert facets["colour"] == [{"value": "red", "count": 7}]
    assert facets["glazed"] == [{"value": "false", "count": 4}, {"value": "true", "count": 2}]
    assert "volume" not in facets


async def test_facets_can_be_switched_off(catalog: SubgraphUnderTest, resources: CatalogResources) -> None:
    off = {"revision": "1", "flags": [{"key": "catalog.facets", "value": False}]}
    resources.config._current = merged({"catalog.facets": True}, off)
    data = await catalog.data('{ category(slug: "home") { products { totalCount facets { values { count } } } } }')
    assert data["category"]["products"] == {"totalCount": 13, "facets": []}


async def test_a_cursor_with_one_byte_changed_is_refused(catalog: SubgraphUnderTest) -> None:
    cursor = (await listed(catalog, slug="home", first=2))["pageInfo"]["endCursor"]
    for position in (0, len(cursor) // 2, len(cursor) - 1):
        other = "A" if cursor[position] != "A" else "B"
        forged = cursor[:position] + other + cursor[position + 1 :]
        assert await catalog.codes(LISTING, {"slug": "home", "sort": "NEWEST", "after": forged}) == ["INVALID_CURSOR"]
    assert await catalog.codes(LISTING, {"slug": "home", "sort": "POPULAR", "after": cursor}) == ["INVALID_CURSOR"]


async def test_the_tree_answers_as_deep_as_it_was_asked(catalog: SubgraphUnderTest) -> None:
    query = "query ($depth: Int) { categoryTree(depth: $depth) { slug children { slug parent { slug } } } }"
    shallow = await catalog.data(query, {"depth": 1})
    assert shallow["categoryTree"] == [{"slug": "home", "children": []}]
    deep = await catalog.data(query, {"depth": 2})
    assert [child["slug"] for child in deep["categoryTree"][0]["children"]] == ["cups", "plates"]


async def test_a_product_knows_its_way_from_the_root_and_its_attributes(catalog: SubgraphUnderTest) -> None:
    data = await catalog.data(
        '{ product(slug: "cup-03") { category { path { slug } attributes { code } } availability images { url } '
        "attributes { definition { code unit } text number boolean } price { amount currency } seller { id } } }"
    )
    product = data["product"]
    assert [step["slug"] for step in product["category"]["path"]] == ["home", "cups"]
    assert [each["code"] for each in product["category"]["attributes"]] == ["colour", "glazed", "volume"]
    values = {each["definition"]["code"]: each for each in product["attributes"]}
    assert values["volume"]["number"] == 103.0
    assert values["colour"]["text"] == "blue"
    assert values["glazed"]["boolean"] is True
    picture = await catalog.http.get(product["images"][0]["url"].split("4002")[1])
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.startswith("<svg")
    assert (await catalog.http.get("/images/nobody.svg")).status_code == 404


async def test_stock_is_shown_to_its_seller_alone(catalog: SubgraphUnderTest) -> None:
    query = '{ product(slug: "cup-03") { stock } }'
    assert (await catalog.data(query, by=SELLER))["product"] == {"stock": 10}
    assert (await catalog.data(query, by=OTHER_SELLER))["product"] == {"stock": None}
    assert await catalog.codes(query, by=account("b", "BUYER")) == ["FORBIDDEN"]
    assert await catalog.codes(query, by=ANONYMOUS) == ["UNAUTHENTICATED"]


async def test_a_draft_is_seen_by_its_seller_alone_and_an_archived_product_stays_referable(
    catalog: SubgraphUnderTest,
) -> None:
    query = "query ($id: ID) { product(id: $id) { id } }"
    assert (await catalog.data(query, {"id": "product-13"}))["product"] is None
    assert (await catalog.data(query, {"id": "product-13"}, by=SELLER))["product"] is None
    assert (await catalog.data(query, {"id": "product-13"}, by=OTHER_SELLER))["product"] is not None
    entities = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Product { id slug } } }"
    wanted = [{"__typename": "Product", "id": f"product-{number}"} for number in (12, 13, 14, 99)]
    data = await catalog.data(entities, {"r": wanted})
    assert [each and each["id"] for each in data["_entities"]] == ["product-12", None, "product-14", None]


async def test_entities_are_found_by_either_key(catalog: SubgraphUnderTest) -> None:
    entities = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Product { title } ... on Category { name } ... on Seller { products { edges { node { id } } } } } }"""
    data = await catalog.data(
        entities,
        {
            "r": [
                {"__typename": "Product", "slug": "cup-01"},
                {"__typename": "Category", "id": "cups"},
                {"__typename": "Category", "slug": "plates"},
                {"__typename": "Seller", "id": "seller-2"},
            ]
        },
    )
    assert data["_entities"][:3] == [{"title": "Cup 1"}, {"name": "Cups"}, {"name": "Plates"}]
    assert ids(data["_entities"][3]["products"]) == ["product-12"]


async def test_a_seller_sees_all_own_products_and_others_the_published(catalog: SubgraphUnderTest) -> None:
    query = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Seller { products { totalCount edges { node { id status } } } } } }"""
    wanted = {"r": [{"__typename": "Seller", "id": "seller-2"}]}
    own = await catalog.data(query, wanted, by=OTHER_SELLER)
    assert ids(own["_entities"][0]["products"]) == ["product-14", "product-13", "product-12"]
    assert own["_entities"][0]["products"]["totalCount"] == 3
    others = await catalog.data(query, wanted, by=SELLER)
    assert ids(others["_entities"][0]["products"]) == ["product-12"]


@pytest.mark.parametrize("few", [2])
async def test_the_number_of_statements_does_not_grow_with_the_list(
    catalog: SubgraphUnderTest, resources: CatalogResources, few: int
) -> None:
    query = """query ($r: [_Any!]!) { _entities(representations: $r) { ... on Product { title attributes { text }
      category { name path { slug } children { slug products(first: 2) { totalCount facets { values { count } }
      edges { node { id } } } } } seller { products(first: 2) { totalCount edges { node { id } } } } } } }"""

    async def statements(count: int) -> int:
        wanted = [{"__typename": "Product", "id": f"product-{number:02}"} for number in range(count)]
        with counted_statements(resources.database) as seen:
            await catalog.data(query, {"r": wanted})
        # The loop that frees expired reservations runs beside the requests.
        return sum("FROM reservations" not in statement for statement in seen)

    assert await statements(few) == await statements(13)


async def test_internal_mutations_are_for_services(catalog: SubgraphUnderTest) -> None:
    mutation = 'mutation { releaseReservation(orderId: "o") }'
    assert await catalog.codes(mutation, by=SELLER) == ["FORBIDDEN"]
    assert await catalog.data(mutation, by=service("order")) == {"releaseReservation": False}


@pytest.mark.parametrize("field", ["product", "category"])
async def test_a_look_up_takes_exactly_one_key(catalog: SubgraphUnderTest, field: str) -> None:
    for keys in ("(id: null)", "", '(id: "a", slug: "b")'):
        assert await catalog.codes(f"{{ {field}{keys} {{ id }} }}") == ["VALIDATION_FAILED"]
    assert await catalog.codes(f'{{ {field}(slug: "a\\u0000") {{ id }} }}') == ["VALIDATION_FAILED"]
    assert await catalog.data(f'{{ {field}(slug: "nothing") {{ id }} }}') == {field: None}


async def test_a_tree_or_a_page_out_of_its_bounds_is_refused(catalog: SubgraphUnderTest) -> None:
    for depth in (0, 7, -1):
        assert await catalog.codes(f"{{ categoryTree(depth: {depth}) {{ slug }} }}") == ["VALIDATION_FAILED"]
    assert await catalog.codes("{ products(last: -1) { edges { cursor } } }") == ["INVALID_PAGE"]
