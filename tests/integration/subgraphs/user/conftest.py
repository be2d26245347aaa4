"""The user service, on SQLite and on PostgreSQL, with nobody to call."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.user.app import create_user_app
from subgraphs.user.passwords import Passwords
from subgraphs.user.resources import UserResources
from subgraphs.user.settings import MIGRATIONS, UserSettings
from subgraphs.user.tokens import TokenKeys
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

NOWHERE = "http://127.0.0.1:9/graphql"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
async def resources(database_url: str, tmp_path: Path, redis_url: str, clock: FixedClock) -> UserResources:
    keys = tmp_path / "keys" / "user-tokens.json"
    TokenKeys.rotate(keys)
    settings = UserSettings(
        database_url=database_url,
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url=NOWHERE,
        notification_url=NOWHERE,
        token_keys_file=keys,
        sign_in_attempts=3,
        sign_in_attempts_per_account=7,
    )
    await upgrade(database_url, MIGRATIONS)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    # Without the loops, whose statements would be counted among those of requests.
    return replace(UserResources.open(settings, clock=clock, passwords=cheap), loops=())


@pytest.fixture
async def user(resources: UserResources) -> AsyncIterator[SubgraphUnderTest]:
    async with running_subgraph(create_user_app(resources.settings, resources), clock=resources.clock) as subgraph:
        yield subgraph
