"""The list of subgraphs is true of the code, and the files that cannot import it say the same."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from subgraphs import DATABASES, SERVICES

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "subgraphs"
KIT = "kit"


def test_every_package_but_the_kit_is_a_listed_subgraph() -> None:
    packages = {path.parent.name for path in PACKAGES.glob("*/__init__.py")}
    assert packages == {*SERVICES, KIT}


@pytest.mark.parametrize("name", SERVICES)
def test_a_subgraph_with_databases_has_migrations_and_one_without_has_none(name: str) -> None:
    migrations = {path.parent.relative_to(PACKAGES).parts for path in (PACKAGES / name).rglob("migrations/env.py")}
    expected = {(*database.split("_"), "migrations") for database in SERVICES[name].databases}
    # The bank sandbox is a process of its own, with a file of its own.
    assert migrations - {("payment", "sandbox", "migrations")} == expected


@pytest.mark.parametrize("name", SERVICES)
def test_a_subgraph_publishes_events_if_it_has_their_schemas(name: str) -> None:
    events = PACKAGES / name / "events.py"
    statements = ast.parse(events.read_text()).body if events.exists() else []
    functions = {statement.name for statement in statements if isinstance(statement, ast.FunctionDef)}
    assert ("schemas" in functions) == SERVICES[name].publishes_events


def test_the_supergraph_is_composed_of_the_listed_subgraphs_at_their_addresses() -> None:
    composed = yaml.safe_load((ROOT / "supergraph.yaml").read_text())["subgraphs"]
    assert {name: source["routing_url"] for name, source in composed.items()} == {
        name: subgraph.url for name, subgraph in SERVICES.items()
    }


def test_the_gateway_routes_to_the_listed_subgraphs_at_their_addresses() -> None:
    routed = yaml.safe_load((ROOT / "gateway.yaml").read_text())["subgraphs"]
    assert {name: source["url"] for name, source in routed.items()} == {
        name: f"${{env.YARMARKA_{name.upper()}_URL:-{subgraph.url}}}" for name, subgraph in SERVICES.items()
    }


def test_import_contracts_hold_for_every_subgraph() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    modules = {f"subgraphs.{name}" for name in SERVICES}
    listed = [
        {module for module in value if module.startswith("subgraphs.") and not module.startswith("subgraphs.kit")}
        for contract in contracts
        for value in contract.values()
        if isinstance(value, list) and "subgraphs.user" in value
    ]
    assert listed == [modules] * 3


@pytest.mark.parametrize("script", ["make-secrets.sh", "postgres-init.sh"])
def test_containers_have_a_database_of_its_own_for_each_that_is_listed(script: str) -> None:
    owners = re.search(r"\bowner(?:s=\"| in )([a-z_ ]+)", (ROOT / "containers" / script).read_text())
    assert owners is not None
    assert set(owners.group(1).split()) == set(DATABASES)
