"""An error about a value names the subgraph that was asked for it, where that is one."""

from typing import Any

import pytest

from gateway.execution.interpreter.value_sources import name_services
from tests.support.planning import GOLDENS, planned, read_supergraph_file

QUERY = "{ tops: topProducts { name inStock reviews { author { name username } } } users { name } }"
FETCHES = planned(read_supergraph_file(GOLDENS / "benchmark" / "supergraph.graphql"), QUERY).fetches


def named(path: list[str | int], code: str = "INVALID_SUBGRAPH_VALUE") -> str | None:
    error: dict[str, Any] = {"path": path, "extensions": {"code": code}}
    name_services([error], FETCHES)
    service: str | None = error["extensions"].get("serviceName")
    return service


@pytest.mark.parametrize(
    ("path", "service"),
    [
        (["tops"], "products"),
        (["tops", 0], "products"),
        (["tops", 3, "name"], "products"),
        (["tops", 3, "inStock"], "inventory"),
        (["tops", 3, "reviews", 0], "reviews"),
        (["tops", 3, "reviews", 0, "author", "username"], "reviews"),
        (["tops", 3, "reviews", 0, "author", "name"], "accounts"),
        (["users", 1, "name"], "accounts"),
        (["topProducts"], None),
        (["tops", 0, "unknown"], None),
        (["name"], None),
    ],
)
def test_subgraph_is_found_by_the_clients_names(path: list[str | int], service: str | None) -> None:
    assert named(path) == service


def test_error_that_is_not_about_a_value_is_left_alone() -> None:
    assert named(["users", 1, "name"], "FORBIDDEN") is None


def test_value_that_two_subgraphs_were_asked_for_is_nobodys() -> None:
    supergraph = read_supergraph_file(GOLDENS / "interfaces" / "supergraph.graphql")
    fetches = planned(supergraph, "{ feed { by } }").fetches
    assert {"dates", "songs"} <= {fetch.service for fetch in fetches}
    error: dict[str, Any] = {"path": ["feed", 0, "by"], "extensions": {"code": "INVALID_SUBGRAPH_VALUE"}}
    name_services([error], fetches)
    assert error["extensions"] == {"code": "INVALID_SUBGRAPH_VALUE"}
