from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation.app import create_recommendation_app
from subgraphs.recommendation.resources import RecommendationResources
from subgraphs.recommendation.settings import MIGRATIONS
from tests.support.identity import service_tokens
from tests.support.recommendation import fill, settings_of
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
async def resources(
    database_url: str, tmp_path: Path, redis_url: str, clock: FixedClock
) -> AsyncIterator[RecommendationResources]:
    await upgrade(database_url, MIGRATIONS)
    settings = settings_of(tmp_path, database_url=database_url, redis_url=redis_url)
    # Tokens go by the true time: a test that moves its clock would find them expired.
    opened = replace(RecommendationResources.open(settings, clock=clock), tokens=service_tokens())
    await fill(opened.database)
    yield opened
    await opened.close()


@pytest.fixture
def database(resources: RecommendationResources) -> Database:
    return resources.database


@pytest.fixture
async def recommendation(resources: RecommendationResources) -> AsyncIterator[SubgraphUnderTest]:
    async with running_subgraph(create_recommendation_app(resources.settings, resources)) as subgraph:
        yield subgraph
