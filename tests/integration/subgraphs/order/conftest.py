from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.orders import OrderMarket, order_market


@pytest.fixture
def analytics_url(more_databases: Callable[[str], str]) -> str:
    return more_databases("analytics")


@pytest.fixture
async def market(tmp_path: Path, database_url: str, analytics_url: str, redis_url: str) -> AsyncIterator[OrderMarket]:
    async with order_market(
        tmp_path, database_url=database_url, analytics_url=analytics_url, redis_url=redis_url
    ) as running:
        yield running
