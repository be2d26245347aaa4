"""The copy of the catalogue, asked of the real catalog service."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from subgraphs.catalog.app import create_catalog_app
from subgraphs.catalog.commands import set_status
from subgraphs.catalog.model import ProductStatus
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.seed import seed as seed_catalog
from subgraphs.catalog.settings import MIGRATIONS as CATALOG_MIGRATIONS
from subgraphs.catalog.settings import CatalogSettings
from subgraphs.catalog.tables import ProductRow as CatalogProduct
from subgraphs.kit.runtime.client import GraphQLClient, ServiceUnavailable
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import queries
from subgraphs.recommendation.settings import MIGRATIONS
from subgraphs.recommendation.tables import ProductRow
from tests.support.bank import served
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, service_tokens
from tests.support.orders import write_lines
from tests.support.recommendation import ANN, NOWHERE, ask, learner_of, slates_of
from workers.actors import catalogue
from workers.actors.behaviour import take_in
from workers.actors.catalogue import CatalogueChanges, refresh_catalogue, refresh_popularity
from workers.actors.market_state import MarketState
from workers.actors.slates import RankingDependencies, rank_slate
from workers.features.event import Behaviour, Kind


def _category(category_id: str, parent_id: str | None) -> dict[str, Any]:
    return {"id": category_id, "slug": category_id, "name": category_id, "parent_id": parent_id, "attributes": []}


def _product(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"cup-{number}",
        "slug": f"cup-{number}",
        "title": f"Cup {number}",
        "description": "A cup.",
        "status": "PUBLISHED",
        "category_id": "cups",
        "seller_id": "anna",
        "price": {"amount": 1_000 * number, "currency": "EUR"},
        "compare_at_price": None,
        "stock": number,
        "attributes": [],
        "picture": {"shape": "box", "hue": 10, "seed": number},
        "created_at": f"2026-01-0{number}T00:00:00Z",
        "popularity": 1.0,
        **more,
    }


CATEGORIES = [_category("home", None), _category("kitchen", "home"), _category("cups", "kitchen")]
PRODUCTS = [
    *(_product(number) for number in range(1, 6)),
    _product(6, compare_at_price={"amount": 9_000, "currency": "EUR"}),
    _product(7, status="DRAFT"),
]


@pytest.fixture
async def catalog(tmp_path: Path) -> CatalogResources:
    settings = CatalogSettings(
        data_dir=tmp_path, service_keys=SERVICE_KEYS, cursor_keys=CURSOR_KEYS, config_url=NOWHERE
    )
    lines = write_lines(tmp_path / "market", categories=CATEGORIES, products=PRODUCTS)
    await upgrade(settings.database, CATALOG_MIGRATIONS)
    await seed_catalog(settings, lines)
    return CatalogResources.open(settings)


@pytest.fixture
async def client(catalog: CatalogResources) -> AsyncIterator[GraphQLClient]:
    async with served(create_catalog_app(catalog.settings, catalog)) as url:
        asking = GraphQLClient(f"{url}/graphql", service="catalog", caller="recommendation", tokens=service_tokens())
        yield asking
        await asking.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    await upgrade(database_url, MIGRATIONS)
    opened = Database(database_url)
    yield opened
    await opened.close()


async def copied(database: Database) -> dict[str, ProductRow]:
    async with database.reading() as session:
        return {row.id: row for row in await session.scalars(select(ProductRow))}


async def change(catalog: CatalogResources, product_id: str, **values: Any) -> None:
    async with catalog.database.transaction() as session:
        await session.execute(update(CatalogProduct).where(CatalogProduct.id == product_id).values(**values))


async def test_the_copy_is_what_is_on_sale_page_by_page(
    database: Database, client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "PAGE", 2)
    assert await refresh_catalogue(database, client) == 6
    rows = await copied(database)
    assert sorted(rows) == [f"cup-{number}" for number in range(1, 7)]
    cup = rows["cup-6"]
    assert (cup.category_id, cup.seller_id, cup.price_amount, cup.compare_at_amount) == ("cups", "anna", 6_000, 9_000)
    assert (cup.stock, cup.created_at, cup.is_published) == (6, datetime(2026, 1, 6, tzinfo=UTC), True)
    async with database.reading() as session:
        assert sorted(await queries.category_parents(session), key=str) == [
            ("cups", "kitchen"),
            ("home", None),
            ("kitchen", "home"),
        ]


async def test_what_was_withdrawn_vanishes_from_the_next_slate_and_comes_back(
    database: Database, client: GraphQLClient, catalog: CatalogResources
) -> None:
    clock = FixedClock(datetime.now(UTC))
    await refresh_catalogue(database, client)

    async def ranked() -> list[str]:
        await ask(database, ANN, now=clock())
        assert await rank_slate(RankingDependencies(database, MarketState(database), clock), ANN.id)
        (slate,) = [each for each in await slates_of(database, ANN) if each.id not in seen]
        seen.add(slate.id)
        return sorted(product_id for product_id, _, _ in slate.items)

    seen: set[str] = set()
    assert await ranked() == [f"cup-{number}" for number in range(1, 7)]
    await change(catalog, "cup-2", status="ARCHIVED")
    await change(catalog, "cup-7", status="PUBLISHED")
    assert await refresh_catalogue(database, client) == 6
    assert await ranked() == ["cup-1", "cup-3", "cup-4", "cup-5", "cup-6", "cup-7"]
    await change(catalog, "cup-2", status="PUBLISHED")
    assert await refresh_catalogue(database, client) == 7
    assert len(await ranked()) == 7


async def test_what_a_seller_changed_is_in_the_copy_after_the_next_look(
    database: Database, client: GraphQLClient, catalog: CatalogResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "PAGE", 2)
    await refresh_catalogue(database, client)
    started_at = datetime.now(UTC)
    changes = CatalogueChanges(database, client, since=started_at)
    assert await changes.follow() == 0
    for product_id in ("cup-1", "cup-2", "cup-3"):
        await set_status(catalog.database, "anna", product_id, ProductStatus.DRAFT, now=started_at)
    await set_status(catalog.database, "anna", "cup-7", ProductStatus.PUBLISHED, now=started_at)
    assert await changes.follow() == 4
    on_sale = {name for name, row in (await copied(database)).items() if row.is_published}
    assert on_sale == {"cup-4", "cup-5", "cup-6", "cup-7"}
    await set_status(catalog.database, "anna", "cup-1", ProductStatus.PUBLISHED, now=started_at + timedelta(seconds=1))
    await changes.follow()
    assert (await copied(database))["cup-1"].is_published


async def test_a_change_that_commits_after_a_later_one_is_read_all_the_same(
    database: Database, client: GraphQLClient, catalog: CatalogResources
) -> None:
    await refresh_catalogue(database, client)
    now = datetime.now(UTC)
    changes = CatalogueChanges(database, client, since=now)
    await set_status(catalog.database, "anna", "cup-1", ProductStatus.DRAFT, now=now + timedelta(seconds=30))
    await changes.follow()
    await set_status(catalog.database, "anna", "cup-2", ProductStatus.DRAFT, now=now)
    await changes.follow()
    rows = await copied(database)
    assert not rows["cup-1"].is_published
    assert not rows["cup-2"].is_published


async def test_a_draft_that_was_never_on_sale_is_not_copied(
    database: Database, client: GraphQLClient, catalog: CatalogResources
) -> None:
    await refresh_catalogue(database, client)
    now = datetime.now(UTC)
    await change(catalog, "cup-7", title="Bowl", updated_at=now)
    assert await CatalogueChanges(database, client, since=now).follow() == 1
    assert "cup-7" not in await copied(database)


async def test_prices_and_stock_follow_the_catalog_and_popularity_is_our_own(
    database: Database, client: GraphQLClient, catalog: CatalogResources, redis_url: str
) -> None:
    clock = FixedClock(datetime.now(UTC))
    await refresh_catalogue(database, client)
    learner = learner_of(database, redis_url, clock)
    at = clock().timestamp()
    await take_in(learner, [(f"e{n}", Behaviour(Kind.CLICK, "nobody", "cup-3", at)) for n in range(5)])
    await refresh_popularity(database, await learner.state.market(), now=clock())
    popular = (await copied(database))["cup-3"].popularity
    assert popular > 0
    await change(catalog, "cup-3", stock=0, price_amount=777)
    await refresh_catalogue(database, client)
    rows = await copied(database)
    assert (rows["cup-3"].stock, rows["cup-3"].price_amount, rows["cup-3"].popularity) == (0, 777, popular)
    assert {each.popularity for name, each in rows.items() if name != "cup-3"} == {0.0}
    await learner.stream.close()


async def test_a_catalog_that_is_away_leaves_the_copy_as_it_was(database: Database, client: GraphQLClient) -> None:
    await refresh_catalogue(database, client)
    away = GraphQLClient(NOWHERE, service="catalog", caller="recommendation", tokens=service_tokens())
    with pytest.raises(ServiceUnavailable):
        await refresh_catalogue(database, away)
    await away.close()
    assert [row.is_published for row in (await copied(database)).values()] == [True] * 6
