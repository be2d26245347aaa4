"""The generated demo market goes into every service's database, on both engines: a column too narrow for it shows here first."""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.deployables import OWNERS_OF_TABLES
from subgraphs import DATABASES
from tests.support.databases import make_postgres_database
from workers.demo_market.files import write
from workers.demo_market.generate import Plan, generate

ROOT = Path(__file__).resolve().parents[3]
UNTIL = 1_790_000_000.0


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write(generate(Plan(seed=3, until=UNTIL, days=5, product_count=200, buyer_count=40)), folder)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """Runs `local.deployables` on new, empty databases and gives what it printed."""
    urls = {}
    if request.param == "postgresql":
        port = request.getfixturevalue("postgres_port")
        urls = {f"{name.upper()}_DATABASE_URL": make_postgres_database(port) for name in DATABASES}
    keys = f"test:{base64.urlsafe_b64encode(bytes(32)).decode().rstrip('=')}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.endswith("_DATABASE_URL")},
        **urls,
        "YARMARKA_DATA_DIR": str(tmp_path),
        "YARMARKA_SERVICE_KEYS": keys,
        "YARMARKA_CURSOR_KEYS": keys,
        "PAYMENT_WEBHOOK_SECRET": "a secret for tests",
        "BANK_API_KEY": "a key for tests",
    }

    def deployables(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "local.deployables", *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
        return done.stdout

    return deployables


def test_market_is_seeded_once_and_a_second_time_adds_nothing(run: Callable[..., str], market: Path) -> None:
    run("migrate")
    first = run("seed", str(market))
    assert all(count > 0 for count in seeded(first).values()), first

    second = run("seed", str(market))
    assert set(seeded(second).values()) == {0}, second


def seeded(printed: str) -> dict[str, int]:
    """How many rows each owner says that it wrote."""
    found = {name: int(count) for name, count in re.findall(r"^(\w+): (\d+)", printed, re.MULTILINE)}
    assert found.keys() == set(OWNERS_OF_TABLES), printed
    return found
