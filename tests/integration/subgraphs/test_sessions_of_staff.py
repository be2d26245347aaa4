"""Sellers and administrators whose session has ended change neither products nor flags nor models; readers are not looked up."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from subgraphs.catalog.app import create_catalog_app
from subgraphs.catalog.settings import MIGRATIONS as CATALOG_MIGRATIONS
from subgraphs.catalog.settings import CatalogSettings
from subgraphs.config.app import create_config_app
from subgraphs.config.settings import MIGRATIONS as CONFIG_MIGRATIONS
from subgraphs.config.settings import ConfigSettings
from subgraphs.kit.messaging.ended_sessions import EndedSessions
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.recommendation.app import create_recommendation_app
from subgraphs.recommendation.settings import MIGRATIONS as RECOMMENDATION_MIGRATIONS
from subgraphs.recommendation.settings import RecommendationSettings
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

SELLER = replace(account("seller-1", "SELLER"), session_id="session-seller")
ADMIN = replace(account("admin-1", "ADMIN"), session_id="session-admin")
BUYER = replace(account("buyer-1", "BUYER"), session_id="session-buyer")


@dataclass(frozen=True, slots=True)
class Service:
    """A service, what changes it, who may, and what everybody reads of it."""

    settings: type[Any]
    app: Callable[[Any], Starlette]
    migrations: Path
    change: str
    by: Any
    read: str


CATALOG = Service(
    CatalogSettings,
    create_catalog_app,
    CATALOG_MIGRATIONS,
    'mutation { setProductStatus(id: "p", status: DRAFT) { __typename } }',
    SELLER,
    '{ product(id: "p") { id } }',
)
CONFIG = Service(
    ConfigSettings,
    create_config_app,
    CONFIG_MIGRATIONS,
    'mutation { killFlag(key: "app.unknown", reason: "r") { __typename } }',
    ADMIN,
    '{ clientConfig(context: {platform: "web", appVersion: "1.0"}) { revision } }',
)
RECOMMENDATION = Service(
    RecommendationSettings,
    create_recommendation_app,
    RECOMMENDATION_MIGRATIONS,
    'mutation { activateModel(id: "m") { __typename } }',
    ADMIN,
    "{ __typename }",
)


@pytest.fixture(params=[CATALOG, CONFIG, RECOMMENDATION], ids=["catalog", "config", "recommendation"])
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.param
    return found


@pytest.fixture
async def running(service: Service, tmp_path: Path, redis_url: str) -> AsyncIterator[SubgraphUnderTest]:
    settings = service.settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/service.db",
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url="http://127.0.0.1:9/graphql",
    )
    await upgrade(settings.database, service.migrations)
    async with running_subgraph(service.app(settings)) as subgraph:
        yield subgraph


async def test_a_change_by_a_session_that_ended_is_refused(
    service: Service, running: SubgraphUnderTest, redis_url: str
) -> None:
    assert (await running.answer(service.change, by=service.by)).get("errors") is None
    ended = EndedSessions(redis_url)
    try:
        assert await ended.add(["session-seller", "session-admin", "session-buyer"], seconds=60)
    finally:
        await ended.close()
    assert await running.codes(service.change, by=service.by) == ["UNAUTHENTICATED"]
    other = replace(service.by, session_id="session-other")
    assert (await running.answer(service.change, by=other)).get("errors") is None
    assert (await running.answer(service.read, by=BUYER)).get("errors") is None
