"""Aliases that begin with two underscores: names of keys and requirements keep clear of them, errors keep their paths."""

from typing import Any

import pytest

from tests.support.execution import DictSubgraph
from tests.support.planning import composed, planned
from tests.unit.gateway.execution.test_failed_requirements import Fails, answer

SUPERGRAPH = composed(
    a='type Query { t: T } type T @key(fields: "id") { id: ID! name: String }',
    b='type T @key(fields: "id") { id: ID! other: String }',
)


def subgraphs(other: Any) -> dict[str, Any]:
    return {
        "a": DictSubgraph("type Query { t: T } type T { id: ID! name: String }", {"t": {"id": "1", "name": "Ada"}}),
        "b": DictSubgraph("type T { id: ID! other: String }", entities={"T": {"1": {"other": other}}}),
    }


@pytest.mark.parametrize("times", [1, 4])
async def test_alias_that_looks_like_a_key_is_no_key(times: int) -> None:
    text = "{ t { __id: name __other: other __1_id: id } }"
    answered = await answer(SUPERGRAPH, text, subgraphs("more"), times=times)
    assert answered == {"data": {"t": {"__id": "Ada", "__other": "more", "__1_id": "1"}}}


async def test_error_of_such_a_field_has_its_path() -> None:
    answered = await answer(SUPERGRAPH, "{ __t: t { __other: other } }", subgraphs(Fails("no more")))
    assert answered["data"] == {"__t": {"__other": None}}
    assert [error["path"] for error in answered["errors"]] == [["__t", "__other"]]


def test_hidden_names_begin_with_more_underscores_than_any_alias() -> None:
    made = planned(SUPERGRAPH, "{ t { ___x: name other } }")
    assert made.hidden_prefix == "____"
    assert "____id: id" in made.fetches[0].document
    assert planned(SUPERGRAPH, "{ t { x: __typename _x: name other } __schema { __typename } }").hidden_prefix == "__"
