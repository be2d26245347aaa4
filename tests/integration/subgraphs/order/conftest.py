from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.databases import make_postgres_database
from tests.support.orders import OrderMarket, order_market


@pytest.fixture
def analytics_url(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if database_url.startswith("sqlite"):
        return f"sqlite+aiosqlite:///{tmp_path / 'analytics.db'}"
    return make_postgres_database(request.getfixturevalue("postgres_port"))


@pytest.fixture
async def market(tmp_path: Path, database_url: str, analytics_url: str, redis_url: str) -> AsyncIterator[OrderMarket]:
    async with order_market(
        tmp_path, database_url=database_url, analytics_url=analytics_url, redis_url=redis_url
    ) as running:
        yield running
