"""How a change of a flag reaches the services: by a long poll, at once, without a request in between."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from subgraphs.config.app import create_config_app
from subgraphs.config.resources import ConfigResources
from subgraphs.config.seed import seed
from subgraphs.config.settings import MIGRATIONS, ConfigSettings
from subgraphs.kit.runtime.background import running
from subgraphs.kit.runtime.feature_flags import ServiceConfig
from subgraphs.kit.storage.migrate import upgrade
from tests.support.bank import eventually, served
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account, service, service_tokens
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

ADMIN, FEED = account("admin", "ADMIN"), service("feed")
CONFIG = """query ($rev: String, $wait: Int!) { serviceConfig(context: {platform: "service:feed", appVersion: "1"},
  keys: ["feed.shelves"], ifNotRevision: $rev, waitMs: $wait) { revision flags { key value } } }"""
KILL = 'mutation ($key: String!) { killFlag(key: $key, reason: "it burns") { __typename } }'


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ConfigSettings:
    return ConfigSettings(
        database_url=database_url, data_dir=tmp_path, service_keys=SERVICE_KEYS, cursor_keys=CURSOR_KEYS
    )


@pytest.fixture
async def resources(settings: ConfigSettings, database_url: str, tmp_path: Path) -> ConfigResources:
    await upgrade(database_url, MIGRATIONS)
    await seed(settings, tmp_path)
    return ConfigResources.open(settings)


@pytest.fixture
async def config(resources: ConfigResources) -> AsyncIterator[SubgraphUnderTest]:
    async with running_subgraph(create_config_app(resources.settings, resources)) as subgraph:
        yield subgraph


async def asked(config: SubgraphUnderTest, revision: str | None, *, wait_ms: int) -> dict[str, Any] | None:
    answer = (await config.data(CONFIG, {"rev": revision, "wait": wait_ms}, by=FEED))["serviceConfig"]
    return dict(answer) if answer is not None else None


async def test_the_answer_waits_for_a_change_of_the_caller_s_own_flags(config: SubgraphUnderTest) -> None:
    now = await asked(config, None, wait_ms=0)
    assert now is not None
    assert now["flags"] == [{"key": "feed.shelves", "value": True}]
    waiting = asyncio.create_task(asked(config, now["revision"], wait_ms=30_000))
    await config.data(KILL, {"key": "feed.shelves"}, by=ADMIN)
    changed = await asyncio.wait_for(waiting, 20)
    assert changed is not None
    assert changed["flags"] == [{"key": "feed.shelves", "value": False}]


async def test_without_a_change_the_answer_is_null_when_the_wait_is_over(config: SubgraphUnderTest) -> None:
    now = await asked(config, None, wait_ms=0)
    assert now is not None
    assert await asked(config, now["revision"], wait_ms=0) is None
    assert await asked(config, now["revision"], wait_ms=20) is None


async def test_a_process_that_stops_answers_those_who_wait(
    config: SubgraphUnderTest, resources: ConfigResources
) -> None:
    now = await asked(config, None, wait_ms=0)
    assert now is not None
    waiting = asyncio.create_task(asked(config, now["revision"], wait_ms=30_000))
    await resources.snapshots.drain()
    assert await asyncio.wait_for(waiting, 20) is None


async def test_clients_cannot_wait(config: SubgraphUnderTest) -> None:
    assert await config.codes(CONFIG, {"wait": 30_000}, by=account("b", "BUYER")) == ["FORBIDDEN"]


async def test_a_service_asks_once_and_has_the_change_when_it_is_made(
    resources: ConfigResources, settings: ConfigSettings
) -> None:
    app, requests = create_config_app(settings, resources), 0

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal requests
        requests += scope["type"] == "http"
        await app(scope, receive, send)

    async with served(counted) as url:
        shared = settings.model_copy(update={"config_url": f"{url}/graphql"})
        source = ServiceConfig({"feed.shelves": True}, service="feed", settings=shared, tokens=service_tokens())
        async with running(source.loop):
            await eventually(lambda: requests == 2)  # the first, and the one that waits
            assert source.current.get("feed.shelves") is True
            async with httpx.AsyncClient(base_url=url) as http:
                await SubgraphUnderTest(http).data(KILL, {"key": "feed.shelves"}, by=ADMIN)
            await eventually(lambda: source.current.get("feed.shelves") is False)
        await source.close()
    assert requests <= 4  # with the mutation, and the wait after the change if it was not cancelled before
