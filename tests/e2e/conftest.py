from collections.abc import Iterator
from pathlib import Path

import pytest

from subgraphs import DATABASES
from tests.support.containers import running_containers
from tests.support.databases import make_postgres_database
from tests.support.market import Client, Market, running_market


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--containers-url", help="test the containers whose gateway answers here; see tests.e2e.containers"
    )
    parser.addoption(
        "--market-database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what the market under test runs on",
    )
    parser.addoption("--containers-compose", help="the command that started them, such as `docker compose`")


@pytest.fixture(scope="session")
def market(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """One market for the whole run; each test brings its own persons or leaves shared ones as they were."""
    containers_url = request.config.getoption("--containers-url", None)
    if containers_url:
        yield running_containers(containers_url, request.config.getoption("--containers-compose", None))
        return
    data_dir: Path = tmp_path_factory.mktemp("market")
    database_urls: dict[str, str] = {}
    if request.config.getoption("--market-database", "sqlite") == "postgresql":
        port = request.getfixturevalue("postgres_port")
        database_urls = {f"{name.upper()}_DATABASE_URL": make_postgres_database(port) for name in DATABASES}
    with running_market(data_dir, database_urls=database_urls) as running:
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
