"""Static cost: weights, times sizes, with the dearest type of an abstract one."""

import pytest
from graphql import build_schema, parse

from gateway.errors import ClientError
from gateway.operation.cost import OperationCost, read_cost_rules
from gateway.operation.parse import parse_document, select_operation

SDL = """
directive @cost(weight: Int!) on FIELD_DEFINITION | OBJECT | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | SCALAR | ENUM
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean) on FIELD_DEFINITION
type Query {
  good: Good
  goods(first: Int = 5, last: Int): [Good!]! @listSize(slicingArguments: ["first", "last"])
  page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["edges", "nodes"])
  top: [Good] @listSize(assumedSize: 7)
  any: [Any]
  heavy(by: Int @cost(weight: 3), filter: Filter): Int @cost(weight: 20)
  report: Report
}
type Mutation { rename: Good }
type Good { name: String seller: Seller tags: [String] }
type Seller { name: String goods: [Good] }
type Page { edges: [Edge] nodes: [Good] total: Int }
type Edge { node: Good }
type Report @cost(weight: 50) { text: String }
union Any = Good | Report
input Filter { text: String @cost(weight: 9), not: Filter }
"""
SCHEMA = build_schema(SDL)
RULES = read_cost_rules(parse(SDL), cost="cost", list_size="listSize")


def operation(text: str, max_cost: int = 10**9) -> OperationCost:
    document = parse_document(text, max_tokens=10_000)
    definition = select_operation(document, None)
    return OperationCost(RULES, SCHEMA, document, definition, max_cost=max_cost, assumed_list_size=10)


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ __typename }", 0),
        ("{ good { name } }", 1),
        ("{ good { name seller { name } } }", 2),
        ("{ goods(first: 3) { seller { name } } }", 6),
        ("{ goods { name } }", 5),
        ("{ goods(first: 3, last: 4) { name } }", 4),
        ("{ goods(first: 2) { seller { goods { name } } } }", 2 * (1 + 1 + 10)),
        ("{ top { name } }", 7),
        ("{ page(first: 3) { edges { node { name } } total } }", 1 + 3 * 2),
        ("{ page { nodes { name } } }", 1 + 10),
        ("{ page(first: 3) { ...P } } fragment P on Page { nodes { name } }", 1 + 3),
        ("{ heavy }", 20),
        ("{ heavy(by: 1) }", 23),
        ('{ heavy(filter: {text: "x", not: {text: "y"}}) }', 38),
        ("{ report { text } }", 50),
        ("{ any { ... on Good { seller { name } } ... on Report { text } } }", 10 * (1 + 1)),
        ("{ any { ... on Good { seller { name } } ... on Good { x: seller { name } } } }", 10 * (1 + 2)),
        ("mutation { rename { name } }", 11),
        ("{ a: good { name } b: good { name } }", 2),
    ],
)
def test_the_cost_is_what_the_rules_add_up_to(text: str, cost: int) -> None:
    assert operation(text).check({}) == cost


def test_the_cost_follows_the_variables() -> None:
    sized = operation("query ($n: Int, $f: Filter) { goods(first: $n) { name } heavy(filter: $f) }")
    assert sized.check({"n": 3}) == 23
    assert sized.check({"n": 300}) == 320
    assert sized.check({"n": 3, "f": {"text": "x"}}) == 32
    assert sized.check({"n": 3}) == 23


def test_more_than_the_limit_is_refused_every_time() -> None:
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            operation("{ goods(first: 11) { name } }", max_cost=10).check({})
        assert refused.value.code == "MAX_COST_EXCEEDED"


def test_a_negative_size_makes_nothing_cheaper() -> None:
    assert operation("{ goods(first: -1000) { name } good { name } }").check({}) == 1
