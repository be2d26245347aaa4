"""Interfaces that no type implements: composition accepts them, so operations on them have plans where a key leads to what they ask."""

import pytest

from gateway.errors import ClientError
from gateway.planning.emit.documents import print_selections
from gateway.supergraph.model import Supergraph
from tests.support.planning import composed, planned
from tests.unit.gateway.execution.test_failed_requirements import answer

ALONE = composed(a="type Query { thing: Thing things: [Thing] } interface Thing { id: ID! part: Thing }")
BEHIND_AN_INTERFACE_OBJECT = composed(
    a='type Query { a: Thing } interface Thing @key(fields: "id") { id: ID! name: String part: Part } interface Part { x: Int }',
    b="""
        type Query { b: Thing other: Other }
        type Thing @key(fields: "id") @interfaceObject {
          id: ID! weight: Int name: String @external label: String @requires(fields: "name")
        }
        type Other @key(fields: "id") { id: ID! thing: Thing }
    """,
    c='type Other @key(fields: "id") { id: ID! size: Int }',
)
ON_TOP_OF_ANOTHER = composed(
    a="""
        type Query { a: Base }
        interface Base @key(fields: "id") { id: ID! base: Int }
        interface Thing implements Base @key(fields: "id") { id: ID! base: Int own: Int }
    """,
    b='type Query { b: Base } type Base @key(fields: "id") @interfaceObject { id: ID! }',
    c='type Query { c: Thing } type Thing @key(fields: "id") @interfaceObject { id: ID! most: Int }',
)
UNKNOWN_IN_ONE = composed(
    a="type Query { a: Thing } interface Thing { id: ID! name: String }",
    b="""
        interface Thing @key(fields: "id") { id: ID! name: String more: Int }
        type Real implements Thing @key(fields: "id") { id: ID! name: String more: Int }
    """,
    c='type Thing @key(fields: "id") @interfaceObject { id: ID! most: Int }',
)
"""Subgraph a has no type that implements its interface, so that its field is always null; others have one."""

SHARED = composed(
    a="type Query { box: Box @shareable } interface Thing { id: ID! } type Box @shareable { thing: Thing a: Int }",
    b="type Query { box: Box @shareable } interface Thing { id: ID! } type Box @shareable { thing: Thing b: Int }",
)


@pytest.mark.parametrize(
    ("supergraph", "text"),
    [
        (ALONE, "{ thing { id } }"),
        (ALONE, "{ thing { __typename id part { t: __typename } } things { __typename } }"),
        (ALONE, "{ thing { ... on Thing { id __typename } } }"),
        (BEHIND_AN_INTERFACE_OBJECT, "{ b { __typename } }"),
        (BEHIND_AN_INTERFACE_OBJECT, "{ b { id name weight } }"),
        (BEHIND_AN_INTERFACE_OBJECT, "{ b { __typename name part { x __typename } } a { name weight label } }"),
        (BEHIND_AN_INTERFACE_OBJECT, "{ b { label part { x } } }"),
        (BEHIND_AN_INTERFACE_OBJECT, "{ other { size thing { name label __typename } } }"),
        (ON_TOP_OF_ANOTHER, "{ b { base __typename } a { base } }"),
        (ON_TOP_OF_ANOTHER, "{ c { base own most __typename } }"),
        (ON_TOP_OF_ANOTHER, "{ c { base } a { ... on Thing { own most } } b { ... on Thing { own most } } }"),
        (UNKNOWN_IN_ONE, "{ a { id name __typename ... on Real { more } } }"),
        (UNKNOWN_IN_ONE, "{ a { id more most } }"),
        (SHARED, "{ box { a b thing { __typename id } } }"),
    ],
)
def test_operations_have_plans(supergraph: Supergraph, text: str) -> None:
    planned(supergraph, text)


def test_field_of_the_interface_is_fetched_by_its_key() -> None:
    made = planned(BEHIND_AN_INTERFACE_OBJECT, "{ b { weight name } }")
    assert [fetch.service for fetch in made.fetches] == ["b", "a"]
    assert print_selections(made.fetches[1].groups[0].selections) == "{ ... on Thing { name } }"


def test_field_that_no_key_leads_to_is_refused() -> None:
    supergraph = composed(
        a='type Query { a: Thing } interface Thing @key(fields: "id") { id: ID! }',
        b='type Thing @key(fields: "id", resolvable: false) @interfaceObject { id: ID! far: Int }',
    )
    with pytest.raises(ClientError, match=r"No subgraphs together can answer a\.far here"):
        planned(supergraph, "{ a { far } }")


async def test_answer_is_null_where_no_object_can_be() -> None:
    answered = await answer(UNKNOWN_IN_ONE, "{ a { id more } }", {"a": lambda _request: {"data": {"a": None}}})
    assert answered == {"data": {"a": None}}


async def test_type_that_nobody_knows_is_an_error() -> None:
    fakes = {
        "a": lambda _request: {"data": {"_entities": [{"__typename": "Gone", "name": "n"}]}},
        "b": lambda _request: {"data": {"b": {"__id": "1", "weight": 2}}},
    }
    answered = await answer(BEHIND_AN_INTERFACE_OBJECT, "{ b { weight name __typename } }", fakes)
    assert answered["data"] == {"b": None}
    assert [error["extensions"]["code"] for error in answered["errors"]] == ["INVALID_SUBGRAPH_VALUE"]
