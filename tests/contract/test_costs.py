"""The market's limit admits every operation of our own clients, and the demo's screens have room to grow."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.operation.cost.costing import cost_of
from gateway.operation.cost.estimate import CostLimit
from gateway.operation.cost.needs import weights_of
from gateway.operation.normalize import condition_variables, normalize
from gateway.operation.parse import parse_document, select_operation
from gateway.server.supergraphs import load_supergraph

ROOT = Path(__file__).parents[2]
OPERATIONS = sorted((ROOT / "schema" / "operations").glob("*.graphql"))
LIMITS = yaml.safe_load((ROOT / "gateway.yaml").read_text(encoding="utf-8"))["limits"]
LOADED = load_supergraph(ROOT / "schema" / "supergraph.graphql", with_costs=True)
LARGEST_PAGE = 100
"""What a client may ask of any list of the market (`subgraphs.kit.storage.pagination`)."""


def estimate(path: Path, variables: dict[str, Any]) -> int:
    """The cost for a caller who may see everything, whose conditions are all true."""
    assert LOADED.costs is not None
    assumed = LIMITS["assumed_list_size"]
    document = parse_document(path.read_text(encoding="utf-8"), max_tokens=5_000)
    definition = select_operation(document, None)
    conditions = dict.fromkeys(condition_variables(document, definition), True)
    operation = normalize(
        document, definition, LOADED.supergraph.api, conditions=conditions, refuse=lambda _type, _field: None
    )
    weights = weights_of(LOADED.costs, LOADED.supergraph, assumed)
    return cost_of(operation, weights, CostLimit(LIMITS["max_cost"]), assumed).check(variables)


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_the_market_s_limit_admits_its_clients(path: Path) -> None:
    example = path.with_suffix(".example.json")
    variables = json.loads(example.read_text(encoding="utf-8")).get("variables", {}) if example.exists() else {}
    assert 0 < estimate(path, variables) <= LIMITS["max_cost"] / 2
    if "first" in variables:
        assert estimate(path, {**variables, "first": LARGEST_PAGE}) <= LIMITS["max_cost"]


def test_every_use_of_costs_is_linked() -> None:
    assert LOADED.costs is not None
    assert LOADED.costs.unlinked == ()
