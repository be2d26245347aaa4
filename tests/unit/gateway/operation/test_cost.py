"""Static cost: weights, times sizes, with the dearest type of an abstract one."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateway.errors import ClientError
from gateway.operation.cost.actual import actual_cost
from gateway.operation.cost.estimate import MAX_REMEMBERED
from gateway.supergraph.errors import SupergraphError
from tests.laboratory.costs import CostedSchema, supergraph_of

SDL = """
type Query {
  good: Good
  goods(first: Int = 5, last: Int): [Good!]! @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
  page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)
  top: [Good] @listSize(assumedSize: 7)
  any: [Any]
  heavy(by: Int @cost(weight: 3), filter: Filter): Int @cost(weight: 20)
  report: Report
  thing: Thing
  things(first: Int!): [Thing] @listSize(slicingArguments: ["first"])
}
type Mutation { rename: Good renameAll(goods: [NewGood!]!): Int }
type Good { name: String seller: Seller tags: [String] }
type Seller { name: String goods: [Good] }
type Page { edges: [Edge] nodes: [Good] total: Int }
type Edge { node: Good }
type Report @cost(weight: 50) { text: String }
union Any = Good | Report
input Filter { text: String @cost(weight: 9), not: Filter }
input NewGood { name: String }
interface Thing { id: ID dear: Int parts(first: Int): [Part] }
type Box implements Thing {
  id: ID
  dear: Int @cost(weight: 100)
  parts(first: Int): [Part] @listSize(slicingArguments: ["first"])
}
type Bag implements Thing { id: ID dear: Int parts(first: Int): [Part] @listSize(assumedSize: 2) }
type Part { id: ID }
"""
SCHEMA = CostedSchema(supergraph_of(SDL))


def schema(sdl: str, **more: Any) -> CostedSchema:
    return CostedSchema(supergraph_of(sdl), **more)


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ __typename }", 0),
        ("{ good { name } }", 1),
        ("{ good { name seller { name } } }", 2),
        ("{ goods(first: 3) { seller { name } } }", 6),
        ("{ goods { name } }", 5),
        ("{ goods(first: 7, last: 8) { name } }", 8),
        ("{ goods(first: 2) { seller { goods { name } } } }", 2 * (1 + 1 + 10)),
        ("{ top { name } }", 7),
        ("{ page(first: 3) { edges { node { name } } total } }", 1 + 3 * 2),
        ("{ page { nodes { name } } }", 1 + 10),
        ("{ page(first: 3) { ...P } } fragment P on Page { nodes { name } }", 1 + 3),
        ("{ heavy }", 20),
        ("{ heavy(by: 1) }", 23),
        ('{ heavy(filter: {text: "x", not: {text: "y"}}) }', 20 + 1 + 9 + 1 + 9),
        ("{ report { text } }", 50),
        ("{ any { ... on Good { seller { name } } ... on Report { text } } }", 10 * 50),
        ("{ any { ... on Good { seller { name } } } }", 10 * 50),
        ("{ good { seller { name } seller { goods { name } } } }", 1 + 1 + 10),
        ("mutation { rename { name } }", 11),
        ("{ a: good { name } b: good { name } }", 2),
    ],
)
def test_the_cost_is_what_the_rules_add_up_to(text: str, cost: int) -> None:
    assert SCHEMA.cost(text).check({}) == cost


def test_the_cost_follows_the_variables() -> None:
    sized = SCHEMA.cost("query ($n: Int, $f: Filter) { goods(first: $n) { name } heavy(filter: $f) }")
    assert sized.check({"n": 7}) == 7 + 20
    assert sized.check({"n": 300}) == 300 + 20
    assert sized.check({"n": 7, "f": {"text": "x"}}) == 7 + 20 + 1 + 9
    assert sized.check({"n": 7}) == 7 + 20


def test_more_than_the_limit_is_refused_every_time() -> None:
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            SCHEMA.cost("{ goods(first: 11) { name } }", max_cost=10).check({})
        assert (refused.value.code, refused.value.extensions) == ("MAX_COST_EXCEEDED", {"cost": 11, "maxCost": 10})


class PausingVariables(Mapping[str, Any]):
    """Variables whose reader waits at the first value until it may go on."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values_given = values
        self.is_read, self.may_go_on = threading.Event(), threading.Event()

    def __getitem__(self, name: str) -> Any:
        self.is_read.set()
        assert self.may_go_on.wait(30)
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def test_two_requests_at_once_are_each_weighed_with_their_own_variables() -> None:
    cost = SCHEMA.cost("query ($n: Int, $m: Int) { a: goods(first: $n) { name } b: goods(first: $m) { name } }")
    dear = PausingVariables({"n": 1000, "m": 1000})
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(cost.check(dear)))
    thread.start()
    assert dear.is_read.wait(30)
    assert cost.check({"n": 6, "m": 6}) == 12
    dear.may_go_on.set()
    thread.join(30)
    assert found == [2000]
    assert (cost.check({"n": 6, "m": 6}), cost.check({"n": 1000, "m": 1000})) == (12, 2000)


class CountedList(list[Any]):
    """A list that counts how often it is walked, and how far."""

    walks = items = 0

    def __iter__(self) -> Iterator[Any]:
        self.walks += 1
        for item in super().__iter__():
            self.items += 1
            yield item


BULK = """
type Query { take(things: [Input!]): Int @cost(weight: 0) }
input Input { name: String @cost(weight: 1), inner: Input }
"""


def test_a_variable_is_weighed_once_a_request_however_often_it_is_used() -> None:
    fields = " ".join(f"a{number}: take(things: $things)" for number in range(100))
    cost = schema(BULK).cost(f"query ($things: [Input!]) {{ {fields} }}")
    things = CountedList({"name": "x"} for _ in range(1000))
    assert cost.check({"things": things}) == 100 * 1000 * 2
    assert (things.walks, things.items) == (1, 1000)


def test_weighing_ends_at_the_limit() -> None:
    cost = schema(BULK).cost("query ($things: [Input!]) { take(things: $things) }", max_cost=100)
    things = CountedList({"name": "x"} for _ in range(300_000))
    with pytest.raises(ClientError, match="or more"):
        cost.check({"things": things})
    assert things.items < 100


def test_sizes_are_remembered_and_no_values() -> None:
    cost = schema(BULK).cost("query ($things: [Input!]) { take(things: $things) }")
    for number in range(3 * MAX_REMEMBERED):
        cost.check({"things": [{"name": "x" * 1000}] * number})
    remembered = cost._remembered  # what is kept is the claim
    assert len(remembered) <= MAX_REMEMBERED
    assert all(isinstance(amount, int) for amounts in remembered for amount in amounts)


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ thing { dear } }", 1 + 100),
        ("{ thing { parts(first: 1000000) { id } } }", 1 + 1_000_000),
        ("{ thing { parts(first: 1) { id } } }", 1 + 2),
        ("{ thing { dear parts(first: 1000000) { id } } }", 1 + 100 + 1_000_000),
        ("{ thing { dear ... on Bag { parts(first: 9) { id } } } }", 1 + 100),
        ("{ thing { ... on Box { dear } ... on Bag { parts { id } } } }", 1 + 100),
        ("{ things(first: 3) { dear } }", 3 * (1 + 100)),
        ("{ thing { ...T } } fragment T on Thing { dear ... on Box { dear id } }", 1 + 100),
    ],
)
def test_the_dearest_of_the_possible_types_counts(text: str, cost: int) -> None:
    assert SCHEMA.cost(text).check({}) == cost


INHERITING = """
type Query { thing: Thing box: Box }
interface Thing { a(x: Int @cost(weight: 3)): Int @cost(weight: 5) parts(first: Int): [Part] @listSize(slicingArguments: ["first"]) }
type Box implements Thing { a(x: Int): Int parts(first: Int): [Part] }
type Part { id: ID }
"""


@pytest.mark.parametrize("root", ["thing", "box"])
def test_what_a_field_does_not_say_its_interface_says(root: str) -> None:
    """Fields that come from an interface object have their directives there alone."""
    text = f"{{ {root} {{ a(x: 1) parts(first: 50) {{ id }} }} }}"
    assert schema(INHERITING).cost(text).check({}) == 1 + 3 + 5 + 50


NEEDING = """
type Query { good: Good goods: [Good] @listSize(assumedSize: 4) locale: Locale }
type Locale @context(name: "a__locale") { texts: [Text] @listSize(assumedSize: 3) goods: [Good] @listSize(assumedSize: 4) }
type Text { id: ID }
type Good @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID
  sizes: [Size] @join__field(graph: A) @join__field(graph: B, external: true) @listSize(assumedSize: 5)
  freight: Int @join__field(graph: B, requires: "sizes { box { id } }")
  offer: Int @join__field(graph: A, requires: "freight") @join__field(graph: B, external: true)
  label: String @join__field(graph: A, contextArguments: [
    { context: "a__locale", name: "l", type: "String", selection: "{ texts { id } }" }])
}
type Size { box: Box }
type Box @cost(weight: 7) { id: ID }
"""


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ good { id } }", 1),
        ("{ good { freight } }", 1 + 5 * (1 + 7)),
        ("{ goods { freight } }", 4 * (1 + 5 * (1 + 7))),
        ("{ good { offer } }", 1 + 5 * (1 + 7)),
        ("{ locale { goods { label } } }", 1 + 4 * (1 + 3)),
    ],
)
def test_what_a_field_needs_is_part_of_its_cost(text: str, cost: int) -> None:
    assert schema(NEEDING).cost(text).check({}) == cost


SIZES = """
type Query {
  xs(first: Int = 1000, last: Int): [X] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
  assumed(first: Int): [X] @listSize(slicingArguments: ["first"], assumedSize: 30, requireOneSlicingArgument: false)
  one(first: Int, last: Int): [X] @listSize(slicingArguments: ["first", "last"])
  unknown: [X]
  grid: [[X]]
  nested(input: Paging): [X] @listSize(slicingArguments: ["input.page.first"], requireOneSlicingArgument: false)
  byIds(ids: [ID!]!): [X] @listSize(slicingArguments: ["ids"])
  long(first: Long): [X] @listSize(slicingArguments: ["first"])
  page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["inner.edges"])
  pages(first: Int): [Book] @listSize(slicingArguments: ["first"], sizedFields: ["leaves"])
  book(first: Int): Book @listSize(slicingArguments: ["first"], sizedFields: ["few"])
}
scalar Long
type X { id: ID more: X }
type Page { inner: Inner }
type Inner { edges: [X] }
type Book { leaves: [X] few(first: Int): [X] @listSize(slicingArguments: ["first"], assumedSize: 2, requireOneSlicingArgument: false) }
input Paging { page: Page_ }
input Page_ { first: Int = 40 }
"""


@pytest.mark.parametrize(
    ("text", "variables", "cost"),
    [
        ("query ($n: Int) { xs(first: $n) { id } }", {}, 1000),
        ("query ($n: Int = 3) { xs(first: $n) { id } }", {"n": 3}, 3),
        ("query ($n: Int) { xs(first: $n) { id } }", {"n": None}, 10),
        ("{ xs(first: null) { id } }", {}, 10),
        ("{ xs(first: null, last: 4) { id } }", {}, 4),
        ("{ xs(first: 0) { id more { id } } }", {}, 2),
        ("{ xs(first: -1) { id more { id } } }", {}, 20),
        ("query ($n: Int) { xs(first: $n) { more { id } } }", {"n": -5}, 20),
        ("{ assumed { id } }", {}, 30),
        ("{ assumed(first: 5) { id } }", {}, 5),
        ("query ($n: Int) { assumed(first: $n) { id } }", {}, 30),
        ("{ unknown { id } }", {}, 10),
        ("{ grid { id } }", {}, 100),
        ("{ one(first: 3) { id } }", {}, 3),
        ("query ($n: Int, $m: Int) { one(first: $n, last: $m) { id } }", {"m": 4}, 4),
        ("{ nested { id } }", {}, 10),
        ("{ nested(input: {page: {first: 6}}) { id } }", {}, 1 + 1 + 6),
        ("{ nested(input: {page: {}}) { id } }", {}, 1 + 1 + 40),
        ("query ($i: Paging) { nested(input: $i) { id } }", {"i": {"page": {"first": 7}}}, 1 + 1 + 7),
        ("query ($i: Paging) { nested(input: $i) { id } }", {"i": {"page": {}}}, 1 + 1 + 40),
        ("query ($p: Page_) { nested(input: {page: $p}) { id } }", {"p": {"first": 8}}, 1 + 1 + 8),
        ('{ byIds(ids: ["a", "b", "c"]) { id } }', {}, 3),
        ('{ byIds(ids: "a") { id } }', {}, 1),
        ("query ($i: [ID!]!) { byIds(ids: $i) { id } }", {"i": ["a"] * 50}, 50),
        ('{ long(first: "5000") { id } }', {}, 5000),
        ("query ($n: Long) { long(first: $n) { id } }", {"n": "5000"}, 5000),
        ("query ($n: Long) { long(first: $n) { id } }", {"n": 4999.5}, 5000),
        ("query ($n: Long) { long(first: $n) { id } }", {"n": 5e3}, 5000),
        ("{ page(first: 3) { inner { edges { id } } } }", {}, 1 + 1 + 3),
        ("{ pages(first: 3) { leaves { id } } }", {}, 3 * (1 + 3)),
        ("{ book(first: 9) { few { id } } }", {}, 1 + 9),
        ("{ book(first: 9) { few(first: 20) { id } } }", {}, 1 + 20),
    ],
)
def test_a_list_is_never_smaller_than_what_bounds_it(text: str, variables: dict[str, Any], cost: int) -> None:
    assert schema(SIZES).cost(text).check(variables) == cost


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ one { id } }", {}),
        ("{ one(first: 3, last: 3) { id } }", {}),
        ("{ one(first: null) { id } }", {}),
        ("query ($n: Int) { one(first: $n) { id } }", {}),
        ("query ($n: Int) { one(first: $n, last: 3) { id } }", {"n": 2}),
    ],
)
def test_exactly_one_slicing_argument_is_required_where_the_schema_says_so(
    text: str, variables: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        schema(SIZES).cost(text).check(variables)
    assert refused.value.code == "SLICING_ARGUMENT_REQUIRED"
    assert "first, last" in str(refused.value)
    assert schema(SIZES).cost(text, is_enforced=False).check(variables) > 0


INPUTS = """
type Query {
  cheap: Int @cost(weight: -1000000)
  discount(approximate: Boolean @cost(weight: -12), filter: Int @cost(weight: 15)): [X] @cost(weight: 5) @listSize(assumedSize: 2)
  byDefault(level: Int = 3 @cost(weight: 20), in: In = {deep: {}}): Int
  byType(money: Money, mode: Mode, modes: [Mode!]): Int
}
type Mutation { many(inputs: [In!]!): Int }
type X { id: ID dear: Int @cost(weight: 8) }
type Free @cost(weight: -5) { id: ID }
scalar Money @cost(weight: 4)
enum Mode @cost(weight: 2) { A B }
input In { name: String, amount: Money, deep: Deep, waived: Int @cost(weight: -100) }
input Deep { level: Int = 1 @cost(weight: 6) }
"""


@pytest.mark.parametrize(
    ("text", "variables", "cost"),
    [
        ("{ cheap }", {}, 0),
        ("{ discount { id } }", {}, 10),
        ("{ discount(filter: 1) { id } }", {}, 15 + 10),
        ("{ discount(approximate: true) { id } }", {}, 0),
        ("{ discount(approximate: true) { id dear } }", {}, 2 * 8),
        ("{ discount(approximate: true, filter: 1) { id } }", {}, 15 - 12 + 10),
        ("{ byDefault }", {}, 20 + 1 + 1 + 6),
        ("{ byDefault(level: null, in: null) }", {}, 0),
        ("query ($n: Int, $i: In) { byDefault(level: $n, in: $i) }", {}, 20 + 1 + 1 + 6),
        ("query ($n: Int, $i: In) { byDefault(level: $n, in: $i) }", {"n": 1, "i": {}}, 20 + 1),
        ("{ byType(money: 3) }", {}, 1 * 4 + 0),
        ("{ byType(mode: A, modes: [A, B, A]) }", {}, 2 + 3 * 2),
        ("query ($m: [Mode!]) { byType(modes: $m) }", {"m": ["A"] * 9}, 18),
        ("mutation { many(inputs: [{}, {amount: 1}]) }", {}, 10 + 1 + 1 + 4),
        ("mutation ($i: [In!]!) { many(inputs: $i) }", {"i": [{"name": "x"}] * 10_000}, 10 + 10_000),
        ("mutation ($i: In!) { many(inputs: [$i, {deep: {}}]) }", {"i": {"amount": 1}}, 10 + 1 + 4 + 1 + 1 + 6),
        ("mutation { many(inputs: [{waived: 1}, {amount: 1}]) }", {}, 10 + 0 + 5),
    ],
)
def test_inputs_weigh_what_they_hold_and_nothing_is_below_zero(text: str, variables: dict[str, Any], cost: int) -> None:
    assert schema(INPUTS).cost(text).check(variables) == cost


def test_mutations_in_a_fragment_cost_what_they_cost_written_plainly() -> None:
    fields = " ".join(f"a{number}: rename {{ name }}" for number in range(40))
    plain = SCHEMA.cost(f"mutation {{ {fields} }}").check({})
    assert plain == 40 * 11
    assert SCHEMA.cost(f"mutation {{ ...M }} fragment M on Mutation {{ {fields} }}").check({}) == plain
    assert SCHEMA.cost(f"mutation {{ ... on Mutation {{ {fields} }} }}").check({}) == plain


def test_a_mutation_below_the_root_costs_what_it_costs_at_the_root() -> None:
    nested = schema("type Query { a: Int } type Mutation { do: Int again: Mutation }")
    assert nested.cost("mutation { do }").check({}) == 10
    assert nested.cost("mutation { again { a: do b: do } }").check({}) == 11 + 2 * 10


def test_what_a_condition_skips_costs_nothing() -> None:
    text = "query ($open: Boolean!) { good { name } report @include(if: $open) { text } heavy @skip(if: true) }"
    assert SCHEMA.cost(text, {"open": False}).check({"open": False}) == 1
    assert SCHEMA.cost(text, {"open": True}).check({"open": True}) == 51


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('xs(ids: ID): [X] @listSize(slicingArguments: ["ids"])', "neither a number nor a list"),
        ('xs(ids: [[ID]]): [X] @listSize(slicingArguments: ["ids"])', "nor a list of values"),
        ('xs(ins: [In]): [X] @listSize(slicingArguments: ["ins.first"])', "no such argument"),
        ('xs(i: In): [X] @listSize(slicingArguments: ["i.nope"])', "no such argument"),
        ('xs: [X] @listSize(slicingArguments: ["first"])', "no such argument"),
        ('x: X @listSize(assumedSize: 1, sizedFields: ["nope"])', "no such field"),
        ('x: X @listSize(assumedSize: 1, sizedFields: ["id"])', "no list"),
        ('x: X @listSize(assumedSize: 1, sizedFields: ["x.id"])', "no list"),
        ("xs: [X] @listSize(assumedSize: -1)", "no number of items"),
        ('x: X @cost(weight: "heavy")', "no weight"),
        ("x: X @cost", "no weight"),
    ],
)
def test_a_weight_or_size_that_cannot_be_counted_is_refused_at_load(field: str, message: str) -> None:
    with pytest.raises(SupergraphError, match=message) as refused:
        schema(f"type Query {{ {field} }} type X {{ id: ID x: X xs: [X] }} input In {{ first: Int }}")
    assert refused.value.code == "INVALID_COST_DIRECTIVE"
    assert refused.value.line > 0


def test_weights_of_the_ibm_specification_are_strings() -> None:
    assert schema('type Query { a: Int @cost(weight: "2.5") b: Int @cost(weight: "3") }').cost("{ a b }").check({}) == 6


def test_an_estimate_without_end_is_still_a_number() -> None:
    text = "{ goods(first: 2000000000) { seller { goods { seller { name } } } } }"
    assert SCHEMA.cost("{ " + "a: goods(first: 2000000000) { name } }").check({}) == 2_000_000_000
    with pytest.raises(ClientError, match="would cost"):
        SCHEMA.cost(text, max_cost=10).check({})


def test_actual_cost_does_not_take_another_fields_value_for_a_type() -> None:
    real, alias = "{ any { __typename ... on Report { t: text } } }", "{ any { ... on Report { __typename: text } } }"
    good = {"any": [{"__typename": "Good"}]}
    assert actual_cost(SCHEMA.cost(real), {}, good) == 1
    assert actual_cost(SCHEMA.cost(alias), {}, good) == 50
