from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.market import Client, Market, running_market


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """One market for the whole run; each test brings its own persons or leaves shared ones as they were."""
    data_dir: Path = tmp_path_factory.mktemp("market")
    with running_market(data_dir) as running:
        yield running


@pytest.fixture
def anonymous(market: Market) -> Client:
    return Client(market.gateway_url)


@pytest.fixture
def buyer(market: Market) -> Client:
    client = Client(market.gateway_url)
    client.sign_in("buyer@yarmarka.test")
    return client


@pytest.fixture
def seller(market: Market) -> Client:
    client = Client(market.gateway_url)
    client.sign_in("seller@yarmarka.test")
    return client


@pytest.fixture
def admin(market: Market) -> Client:
    client = Client(market.gateway_url)
    client.sign_in("admin@yarmarka.test")
    return client
