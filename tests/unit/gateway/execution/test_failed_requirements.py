"""Requirements, keys and contexts that a failing field of the client's nulls: what needs them fails with the first cause, or is right."""

import asyncio
import re
from typing import Any

from gateway.execution.executor import COMPILE_AFTER, Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from gateway.supergraph.model import Supergraph
from tests.support.execution import DictSubgraph
from tests.support.planning import composed, normalized, planned

KIDS = "type Query { t: T } type T { id: ID! kids: [K] names: [String] } type K { ok: Int bad: Int! }"
SUMS = "type T { id: ID! sum: Int label: String all: Int }"
SUPERGRAPH = composed(
    kids='type Query { t: T } type T @key(fields: "id") { id: ID! kids: [K] names: [String] } type K { ok: Int bad: Int! }',
    sums="""
        type T @key(fields: "id") {
          id: ID! kids: [K] @external names: [String] @external
          sum: Int @requires(fields: "kids { ok }") label: String @requires(fields: "names") all: Int
        }
        type K { ok: Int @external }
    """,
)


class Fails(Exception):
    """Raised by a field of a test."""


class Sums:
    """The subgraph that adds up what it is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        entities = []
        for representation in request["variables"]["representations"]:
            self.sent.append(representation)
            kids = representation.get("kids")
            total = sum(kid["ok"] for kid in kids if kid is not None) if kids is not None else None
            entities.append({"sum": total, "label": "label", "all": 9})
        return {"data": {"_entities": entities}}


async def answer(supergraph: Supergraph, text: str, subgraphs: dict[str, Any], *, times: int = 1) -> Any:
    services = [SubgraphEndpoint(name, url) for name, url in supergraph.subgraphs.items()]
    executor = Executor(transport=FakeTransport(subgraphs), services=services, api_schema=supergraph.api)
    executable = executor.prepare(planned(supergraph, text), normalized(supergraph, text))
    answered = None
    for _ in range(times):
        if times > 1:
            executable.compile()
        deadline = asyncio.get_running_loop().time() + 5
        answered = (await executable.execute(ExecutionRequest(deadline=deadline))).decoded()
    return answered


def kids(*items: Any, names: Any = None) -> DictSubgraph:
    return DictSubgraph(KIDS, {"t": {"id": "1", "kids": list(items), "names": names}})


GOOD, FAILING = {"ok": 1, "bad": 5}, {"ok": 2, "bad": Fails("bad failed")}
SUM_AND_BAD = "{ t { sum kids { bad } } }"


async def test_field_fails_with_the_cause_where_a_clients_field_nulls_its_requirement() -> None:
    sums = Sums()
    answered = await answer(SUPERGRAPH, SUM_AND_BAD, {"kids": kids(GOOD, FAILING), "sums": sums})
    assert answered["data"] == {"t": {"sum": None, "kids": [{"bad": 5}, None]}}
    paths = {tuple(error["path"]): error["message"] for error in answered["errors"]}
    assert paths == {("t", "kids", 1, "bad"): "bad failed", ("t", "sum"): "bad failed"}
    assert sums.sent == []


async def test_field_fails_alike_on_the_fast_path() -> None:
    sums = Sums()
    subgraphs = {"kids": kids(GOOD, FAILING), "sums": sums}
    answered = await answer(SUPERGRAPH, SUM_AND_BAD, subgraphs, times=COMPILE_AFTER + 1)
    assert answered["data"] == {"t": {"sum": None, "kids": [{"bad": 5}, None]}}
    assert sums.sent == []


async def test_requirement_alone_is_not_disturbed() -> None:
    answered = await answer(SUPERGRAPH, "{ t { sum } }", {"kids": kids(GOOD, FAILING), "sums": Sums()})
    assert answered == {"data": {"t": {"sum": 3}}}


async def test_null_without_an_error_is_sent() -> None:
    sums = Sums()
    answered = await answer(SUPERGRAPH, SUM_AND_BAD, {"kids": kids(GOOD, None), "sums": sums})
    assert answered == {"data": {"t": {"sum": 1, "kids": [{"bad": 5}, None]}}}
    assert sums.sent[0]["kids"] == [{"ok": 1}, None]


async def test_leaf_in_a_list_that_fails_is_not_sent_as_null() -> None:
    sums = Sums()
    failing = [Fails("no name"), "Ada"]
    subgraph = DictSubgraph(KIDS, {"t": {"id": "1", "kids": [], "names": failing}})
    answered = await answer(SUPERGRAPH, "{ t { label } }", {"kids": subgraph, "sums": sums})
    assert answered["data"] == {"t": {"label": None}}
    assert [(error["message"], error["path"]) for error in answered["errors"]] == [("no name", ["t", "label"])]
    assert sums.sent == []


async def test_context_that_a_failing_field_nulls_is_not_sent() -> None:
    supergraph = composed(
        a='type Query { t: T } type T @key(fields: "id") { id: ID! box: Box u: U } type Box { a: Int b: Int! } type U @key(fields: "id") { id: ID! }',
        b="""
            type T @key(fields: "id") @context(name: "t") { id: ID! box: Box @external } type Box { a: Int @external }
            type U @key(fields: "id") { id: ID! p(x: Int @fromContext(field: "$t { box { a } }")): Int }
        """,
    )
    sdl = "type Query { t: T } type T { id: ID box: Box u: U } type Box { a: Int b: Int! } type U { id: ID }"
    box = {"a": 1, "b": Fails("b failed")}
    sums = Sums()
    subgraphs = {
        "a": DictSubgraph(sdl, {"t": {"id": "1", "box": box, "u": {"id": "2"}}}),
        "b": sums,
    }
    answered = await answer(supergraph, "{ t { box { b } u { p } } }", subgraphs)
    assert answered["data"] == {"t": {"box": None, "u": {"p": None}}}
    assert {tuple(error["path"]) for error in answered["errors"]} == {("t", "box", "b"), ("t", "u", "p")}
    assert sums.sent == []


async def test_field_fails_at_its_own_path_where_a_subgraph_is_away_below_its_requirement() -> None:
    """The nested part of a requirement is fetched where only the gateway asked; its failure was shown at the object alone."""
    supergraph = composed(
        shop='type Query { item: Item } type Item @key(fields: "id") { id: ID! maker: Maker } type Maker @key(fields: "id") { id: ID! }',
        makers='type Maker @key(fields: "id") { id: ID! name: String }',
        labels="""
            type Item @key(fields: "id") {
              id: ID! maker: Maker @external
              label: String @requires(fields: "maker { name }")
            }
            type Maker @key(fields: "id") { id: ID! name: String @external }
        """,
    )
    shop = DictSubgraph(
        "type Query { item: Item } type Item { id: ID! maker: Maker } type Maker { id: ID! }",
        {"item": {"id": "1", "maker": {"id": "7"}}},
    )
    answered = await answer(supergraph, "{ item { label } }", {"shop": shop})
    assert answered["data"] == {"item": {"label": None}}
    assert [error["path"] for error in answered["errors"]] == [["item", "label"]]


async def test_object_whose_type_was_not_told_is_not_sent_without_its_parts() -> None:
    """A subgraph that is away did not tell which fields of the requirement the object has; it was sent as an empty one."""
    supergraph = composed(
        items="""
            type Query { item: Item } type Item @key(fields: "id") { id: ID! owner: Owner }
            type Owner @key(fields: "id") @interfaceObject { id: ID! }
        """,
        owners="""
            interface Owner @key(fields: "id") { id: ID! name: String }
            type Person implements Owner @key(fields: "id") { id: ID! name: String }
            type Robot implements Owner @key(fields: "id") { id: ID! name: String }
            type Item @key(fields: "id") {
              id: ID! owner: Owner @external
              label: String @requires(fields: "owner { ... on Person { id } ... on Robot { name } }")
            }
        """,
    )
    items = DictSubgraph(
        "type Query { item: Item } type Item { id: ID! owner: Owner } type Owner { id: ID! }",
        {"item": {"id": "1", "owner": {"id": "7"}}},
    )
    sent: list[dict[str, Any]] = []

    def away(request: dict[str, Any]) -> dict[str, Any]:
        sent.append(request)
        return {"data": None, "errors": [{"message": "away"}]}

    answered = await answer(supergraph, "{ item { label } }", {"items": items, "owners": away})
    assert answered["data"] == {"item": {"label": None}}
    represented = [each for request in sent for each in request["variables"]["representations"]]
    assert [each for each in represented if each["__typename"] == "Item"] == []


PARTS = "type Query { t: T } type T { id: ID! note: String box: Box } type Box { note: String secret: Int! }"


async def test_every_field_that_a_failing_hidden_one_takes_with_it_has_an_error() -> None:
    supergraph = composed(
        items='type Query { t: T } type T @key(fields: "id") { id: ID! }',
        notes='type T @key(fields: "id") { id: ID! note: String secret: Int! box: Box } type Box { note: String }',
        sums='type T @key(fields: "id") { id: ID! secret: Int! @external sum: Int @requires(fields: "secret") }',
    )
    items = DictSubgraph("type Query { t: T } type T { id: ID! }", {"t": {"id": "1"}})

    def notes(request: dict[str, Any]) -> dict[str, Any]:
        assert "secret" in request["query"]
        hidden = re.search(r"(\w+): secret", request["query"])
        path = ["_entities", 0, hidden[1] if hidden else "secret"]
        return {"data": {"_entities": [None]}, "errors": [{"message": "no secret", "path": path}]}

    subgraphs = {"items": items, "notes": notes}
    answered = await answer(supergraph, "{ t { note box { note } sum } }", subgraphs)
    assert answered["data"] == {"t": {"note": None, "box": None, "sum": None}}
    told = {tuple(error["path"]): error["message"] for error in answered["errors"]}
    assert told == dict.fromkeys([("t", "note"), ("t", "box"), ("t", "sum")], "no secret")


async def test_object_that_a_failing_hidden_field_nulls_has_the_error() -> None:
    supergraph = composed(
        a=PARTS.replace("type T {", 'type T @key(fields: "id") {'),
        b="""
            type T @key(fields: "id") { id: ID! box: Box @external sum: Int @requires(fields: "box { secret }") }
            type Box { secret: Int! @external }
        """,
    )
    box = {"note": "n", "secret": Fails("no secret")}
    answered = await answer(
        supergraph,
        "{ t { note box { note } sum } }",
        {"a": DictSubgraph(PARTS, {"t": {"id": "1", "note": "x", "box": box}})},
    )
    assert answered["data"] == {"t": {"note": "x", "box": None, "sum": None}}
    told = {tuple(error["path"]): error["message"] for error in answered["errors"]}
    assert told == {("t", "box"): "no secret", ("t", "sum"): "no secret"}


async def test_missing_hidden_field_costs_no_field_beside_it() -> None:
    supergraph = composed(
        items='type Query { t: T } type T @key(fields: "id") { id: ID! }',
        notes='type T @key(fields: "id") { id: ID! note: String secret: Int }',
        sums='type T @key(fields: "id") { id: ID! secret: Int @external sum: Int @requires(fields: "secret") }',
    )
    items = DictSubgraph("type Query { t: T } type T { id: ID! }", {"t": {"id": "1"}})
    subgraphs = {"items": items, "notes": lambda _: {"data": {"_entities": [{"note": None}]}}}
    answered = await answer(supergraph, "{ t { note sum } }", subgraphs)
    assert answered["data"] == {"t": {"note": None, "sum": None}}
    assert [error["path"] for error in answered["errors"]] == [["t", "sum"]]
