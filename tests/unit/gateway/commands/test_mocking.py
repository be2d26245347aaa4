"""Mocked subgraphs: typed, deterministic, and of one mind about the same thing."""

import uuid
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from gateway.composition.model import Subgraph
from gateway.dev.mock_server import MockServer
from gateway.dev.mocking import MockedSubgraph
from gateway.sources import ask_for_sdl

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", {name: "@external", as: "@foreign"}])\n'
SDL = (
    LINK
    + """
type Query {
  product(id: ID!): Product
  bySku(sku: Int!): Product
  products(first: Int, title: String): [Product!]!
  nested: [[Int!]!]!
  node(id: ID!): Node!
  media: [Media!]!
  price: Price
  scalars: Scalars!
  unmade: Unmade
}
type Mutation { rename(input: RenameInput!): Product! }
type Subscription { renamed: Product! }
input RenameInput { id: ID! title: String! notes: [String!] price: PriceInput }
input PriceInput { amount: Int }
type Product implements Node @key(fields: "id") @key(fields: "sku") {
  id: ID! sku: String! title: String! price: Price! kind: Kind! tags: [String!] weight: Int @foreign
}
type Price { amount: Int! currency: String! }
interface Node { id: ID! }
interface Unmade { x: Int }
union Media = Film | Book
type Film { id: ID! seconds: Int! }
type Book { id: ID! pages: Int! }
type Account @key(fields: "organization { id } number") { organization: Organization! number: Int! owner: String! }
type Organization { id: ID! name: String! }
enum Kind { A B }
type Scalars { int: Int! float: Float! boolean: Boolean! date: DateTime! uuid: UUID! json: JSON! odd: Odd! }
scalar DateTime
scalar UUID
scalar JSON
scalar Odd
"""
)


@pytest.fixture(scope="module")
def mock() -> MockedSubgraph:
    return MockedSubgraph(Subgraph("products", "", SDL))


def data(mock: MockedSubgraph, query: str, **variables: Any) -> Any:
    answer = mock.answer(query, variables, None)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def entities(mock: MockedSubgraph, selection: str, *representations: dict[str, Any]) -> Any:
    query = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ __typename {selection} }} }}"
    return data(mock, query, r=list(representations))["_entities"]


def test_lists_are_of_two_and_their_values_of_their_types(mock: MockedSubgraph) -> None:
    found = data(mock, "{ products { id title kind tags price { amount } } nested }")
    first, second = found["products"]
    assert first["id"] != second["id"]
    assert first["kind"] in {"A", "B"}
    assert len(first["tags"]) == 2
    assert isinstance(first["price"]["amount"], int)
    assert [len(row) for row in found["nested"]] == [2, 2]


def test_scalars_look_like_what_their_names_say(mock: MockedSubgraph) -> None:
    found = data(mock, "{ scalars { int float boolean date uuid json odd } }")["scalars"]
    assert isinstance(found["float"], float)
    assert isinstance(found["boolean"], bool)
    assert datetime.fromisoformat(found["date"]).year == 2026
    assert uuid.UUID(found["uuid"]).version == 4
    assert found["json"] == {}
    assert found["odd"].startswith("odd ")


def test_what_is_asked_twice_is_answered_alike(mock: MockedSubgraph) -> None:
    query = "{ products { id title } media { __typename } node(id: 1) { __typename id } }"
    assert data(mock, query) == data(MockedSubgraph(Subgraph("other", "", SDL)), query)


def test_an_abstract_field_gives_one_of_its_types(mock: MockedSubgraph) -> None:
    found = data(
        mock, "{ media { __typename ... on Film { seconds } ... on Book { pages } } node(id: 7) { __typename id } }"
    )
    assert all(isinstance(one.get("seconds", one.get("pages")), int) for one in found["media"])
    assert found["node"] == {"__typename": "Product", "id": "7"}


def test_an_interface_that_nothing_implements_is_null(mock: MockedSubgraph) -> None:
    assert data(mock, "{ unmade { x } }") == {"unmade": None}


def test_entities_keep_what_their_representations_say(mock: MockedSubgraph) -> None:
    first, second = entities(
        mock,
        "... on Product { id title }",
        {"__typename": "Product", "id": "p1"},
        {"__typename": "Product", "id": "p2"},
    )
    assert (first["__typename"], first["id"], second["id"]) == ("Product", "p1", "p2")
    assert first["title"] != second["title"]


def test_an_entity_is_the_same_however_it_was_found(mock: MockedSubgraph) -> None:
    listed = data(mock, "{ products { id title kind price { amount } } }")["products"][1]
    asked = data(mock, "query ($id: ID!) { product(id: $id) { id title kind price { amount } } }", id=listed["id"])
    (joined,) = entities(
        mock, "... on Product { id title kind price { amount } }", {"__typename": "Product", "id": listed["id"]}
    )
    assert asked["product"] == listed
    assert joined == {"__typename": "Product", **listed}


def test_a_required_field_in_a_representation_makes_no_other_entity(mock: MockedSubgraph) -> None:
    alone, required = entities(
        mock,
        "... on Product { title weight }",
        {"__typename": "Product", "id": "p1", "weight": 4},
        {"__typename": "Product", "id": "p1"},
    )
    assert alone["title"] == required["title"]
    assert alone["weight"] == 4


def test_a_nested_key_is_given_back_with_the_rest_made_up(mock: MockedSubgraph) -> None:
    (account,) = entities(
        mock,
        "... on Account { number owner organization { id name } }",
        {"__typename": "Account", "number": 3, "organization": {"__typename": "Organization", "id": "o1"}},
    )
    assert (account["number"], account["organization"]["id"]) == (3, "o1")
    assert account["organization"]["name"].startswith("name ")


def test_an_entity_that_is_none_is_an_error_of_its_place(mock: MockedSubgraph) -> None:
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    answer = mock.answer(query, {"r": [{"__typename": "Stranger", "id": 1}]}, None)
    assert "There is no entity 'Stranger' here." in answer["errors"][0]["message"]


def test_what_is_asked_for_by_a_value_has_it_if_the_types_agree(mock: MockedSubgraph) -> None:
    found = data(mock, '{ product(id: "p7") { id } bySku(sku: 7) { sku } products(title: "Kettle") { title } }')
    assert found["product"] == {"id": "p7"}
    assert found["bySku"]["sku"] != "7"
    assert [product["title"] for product in found["products"]] == ["Kettle", "Kettle"]


def test_a_mutation_gives_back_what_its_input_says(mock: MockedSubgraph) -> None:
    query = "mutation ($input: RenameInput!) { rename(input: $input) { id title price { amount } } }"
    renamed = data(mock, query, input={"id": "p1", "title": "Teapot", "price": {"amount": 5}})["rename"]
    assert (renamed["id"], renamed["title"]) == ("p1", "Teapot")


def test_a_subscription_has_its_first_event(mock: MockedSubgraph) -> None:
    assert data(mock, "subscription { renamed { title } }")["renamed"]["title"].startswith("title ")


def test_a_subgraph_of_federation_1_is_mocked_as_well() -> None:
    mock = MockedSubgraph(
        Subgraph("old", "", 'extend type Query { a: A } extend type A @key(fields: "id") { id: ID! @external x: Int! }')
    )
    (one,) = entities(mock, "... on A { id x }", {"__typename": "A", "id": "1"})
    assert one["id"] == "1"


def test_a_wrong_query_is_an_error(mock: MockedSubgraph) -> None:
    assert "errors" in mock.answer("{ nothing }", None, None)
    assert "errors" in mock.answer("{", None, None)


def test_mocks_answer_over_http() -> None:
    sdl = LINK + "type Query { q: Int _service: _Service! }\ntype _Service { sdl: String }\n"
    with closing(MockServer()) as server:
        server.serve({"a": MockedSubgraph(Subgraph("a", "", sdl))})
        assert ask_for_sdl("a", server.url("a"), {}).startswith("sdl ")
