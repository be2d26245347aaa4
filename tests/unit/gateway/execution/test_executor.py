"""Execution of plans written by hand, on both paths: order of fetches, merging, errors and nulls."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from graphql import build_schema

from gateway.errors import SubgraphError
from gateway.execution.executor import COMPILE_AFTER, Executable, Executor
from gateway.execution.limits import ExecutionLimits
from gateway.execution.request import Answer, ExecutionRequest, HeaderLines, SubgraphEndpoint, header_lines
from gateway.execution.transport.fake import FakeTransport, Subgraph
from gateway.execution.transport.interface import Reply
from gateway.operation.model import Operation, OperationKind
from gateway.planning.plan import Plan
from tests.support.execution import DictSubgraph, PlanWriter, normalized

API = build_schema(
    """
    type Query { users: [User] me: User! top: [Product!]! grid: [[Product!]] product: Product node: Node search: [Result] }
    type Mutation { rename(name: String): User  ban: User }
    interface Node { id: ID }
    union Result = User | Product
    type User implements Node { id: ID name: String! nick: String favourite: Product }
    type Product implements Node { id: ID title: String price: Int! stock: Int! note: String kind: Kind size: Size }
    enum Kind { TOOL TOY }
    scalar Size
    """
)

ACCOUNTS = DictSubgraph(
    "type Query { users: [User] me: User } type User { id: ID name: String favourite: Product } type Product { id: ID }",
    {
        "users": [
            {"id": "1", "name": "Ada", "favourite": {"id": "p1"}},
            {"id": "2", "name": "Bob", "favourite": {"id": "p2"}},
            None,
            {"id": "3", "name": "Cyd", "favourite": {"id": "p1"}},
        ],
        "me": {"id": "1", "name": "Ada", "favourite": None},
    },
)
PRODUCTS_SDL = "type Product { id: ID title: String price: Int }"
PRODUCTS = DictSubgraph(
    PRODUCTS_SDL, entities={"Product": {"p1": {"title": "Saw", "price": 5}, "p2": {"title": "Axe", "price": 7}}}
)
WRITER = PlanWriter({"accounts": ACCOUNTS.schema, "products": PRODUCTS.schema})
SERVICES = [
    SubgraphEndpoint(name, f"http://{name}.test/graphql") for name in ("accounts", "products", "stock", "notes")
]


@pytest.fixture(autouse=True, params=["general", "fast"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs each test on the general path, and again with the fast path before it."""
    if request.param == "fast":
        prepare = Executor.prepare

        def prepare_and_compile(executor: Executor, plan: Plan, operation: Operation) -> Executable:
            executable = prepare(executor, plan, operation)
            executable.compile()
            return executable

        monkeypatch.setattr(Executor, "prepare", prepare_and_compile)


async def execute(
    plan: Plan,
    text: str,
    subgraphs: Mapping[str, Subgraph] | FakeTransport,
    *,
    variables: Mapping[str, Any] | None = None,
    limits: ExecutionLimits | None = None,
    seconds: float = 5.0,
    services: Sequence[SubgraphEndpoint] = SERVICES,
    **more: Any,
) -> Answer:
    transport = subgraphs if isinstance(subgraphs, FakeTransport) else FakeTransport(subgraphs)
    executor = Executor(transport=transport, services=services, api_schema=API, limits=limits)
    executable = executor.prepare(plan, normalized(API, text))
    deadline = asyncio.get_running_loop().time() + seconds
    return await executable.execute(ExecutionRequest(deadline=deadline, variables=variables or {}, **more))


def query_plan(*fetches: Any) -> Plan:
    return Plan(OperationKind.QUERY, tuple(fetches))


FAVOURITES = "{ users { name favourite { title price } } }"
FAVOURITES_PLAN = query_plan(
    WRITER.root(0, "accounts", "{ users { name favourite { __id: id } } }"),
    WRITER.entities(
        1,
        "products",
        [WRITER.group("products", "Product", "{ title price }", "users[].favourite", keys=("id=__id",))],
        depends_on=(0,),
    ),
)


async def test_entities_are_asked_once_and_land_at_every_place() -> None:
    transport = FakeTransport({"accounts": ACCOUNTS, "products": PRODUCTS})
    answer = await execute(FAVOURITES_PLAN, FAVOURITES, transport)
    assert answer.decoded() == {
        "data": {
            "users": [
                {"name": "Ada", "favourite": {"title": "Saw", "price": 5}},
                {"name": "Bob", "favourite": {"title": "Axe", "price": 7}},
                None,
                {"name": "Cyd", "favourite": {"title": "Saw", "price": 5}},
            ]
        }
    }
    assert transport.sent[1].request["variables"] == {
        "representations": [{"__typename": "Product", "id": "p1"}, {"__typename": "Product", "id": "p2"}]
    }


async def test_fields_come_in_the_clients_order() -> None:
    answer = await execute(
        FAVOURITES_PLAN, "{ users { favourite { price title } name } }", {"accounts": ACCOUNTS, "products": PRODUCTS}
    )
    assert answer.body.startswith(b'{"data":{"users":[{"favourite":{"price":5,"title":"Saw"},"name":"Ada"}')


async def test_long_lists_go_in_chunks() -> None:
    transport = FakeTransport({"accounts": ACCOUNTS, "products": PRODUCTS})
    answer = await execute(FAVOURITES_PLAN, FAVOURITES, transport, limits=ExecutionLimits(max_representations=1))
    assert [sent.service for sent in transport.sent] == ["accounts", "products", "products"]
    assert answer.data["users"][1] == {"name": "Bob", "favourite": {"title": "Axe", "price": 7}}
    assert answer.fetch_count == 3


@pytest.mark.parametrize(("max_answer_bytes", "asked"), [(250, ["accounts"]), (350, ["accounts", "products"])])
async def test_an_answer_that_grows_too_large_ends_with_one_error(max_answer_bytes: int, asked: list[str]) -> None:
    """Three places of two products: too many by themselves, or with what the response brings to each."""
    transport = FakeTransport({"accounts": ACCOUNTS, "products": PRODUCTS})
    limits = ExecutionLimits(max_answer_bytes=max_answer_bytes)
    answer = await execute(FAVOURITES_PLAN, FAVOURITES, transport, limits=limits)
    assert answer.decoded()["data"] is None
    assert [(error["extensions"]["code"], error["path"]) for error in answer.errors] == [
        ("ANSWER_TOO_LARGE", ["users", 0, "favourite"])
    ]
    assert (answer.error_count, [sent.service for sent in transport.sent]) == (1, asked)


async def test_an_answer_within_the_limit_is_whole() -> None:
    limits = ExecutionLimits(max_answer_bytes=500)
    answer = await execute(FAVOURITES_PLAN, FAVOURITES, {"accounts": ACCOUNTS, "products": PRODUCTS}, limits=limits)
    assert (answer.errors, len(answer.data["users"])) == ([], 4)


async def test_an_error_of_one_chunk_costs_its_entities_only() -> None:
    def products(request: dict[str, Any]) -> Any:
        if request["variables"]["representations"][0]["id"] == "p2":
            return Reply(503, "text/html", b"<html>")
        return PRODUCTS(request)

    answer = await execute(
        FAVOURITES_PLAN,
        "{ users { name favourite { title } } }",
        {"accounts": ACCOUNTS, "products": products},
        limits=ExecutionLimits(max_representations=1),
    )
    assert [user and user["favourite"]["title"] for user in answer.data["users"]] == ["Saw", None, None, "Saw"]
    assert [error["path"] for error in answer.errors] == [["users", 1, "favourite", "title"]]


async def test_an_error_at_a_field_that_the_client_asks_of_another_type_is_nobodys() -> None:
    """Where types are told late, a field is asked of every object; here `nick` of users is, and of products."""
    found = DictSubgraph(
        "type Query { search: [Result] } union Result = User | Product type User { nick: String } type Product { nick: String }",
        {
            "search": [
                {"__typename": "Product", "nick": ValueError("of a product")},
                {"__typename": "User", "nick": ValueError("of a user")},
            ]
        },
    )
    writer = PlanWriter({"accounts": found.schema})
    document = "{ search { __typename ... on User { nick } ... on Product { nick } } }"
    plan = query_plan(writer.root(0, "accounts", document))
    answer = await execute(plan, "{ search { ... on User { nick } } }", {"accounts": found})
    assert answer.data == {"search": [{}, {"nick": None}]}
    assert [(error["message"], error["path"]) for error in answer.errors] == [("of a user", ["search", 1, "nick"])]


async def test_an_error_below_what_only_the_gateway_needs_is_shown_above_it_once() -> None:
    hidden = query_plan(
        WRITER.root(0, "accounts", "{ users { name __favourite: favourite { __id: id } } }"),
        WRITER.entities(
            1,
            "products",
            [WRITER.group("products", "Product", "{ __title: title }", "users[].__favourite", keys=("id=__id",))],
            depends_on=(0,),
        ),
    )
    subgraphs: dict[str, Subgraph] = {
        "accounts": ACCOUNTS,
        "products": lambda _request: Reply(503, "text/html", b"<html>"),
    }
    answer = await execute(hidden, "{ users { name } }", subgraphs)
    assert [error["path"] for error in answer.errors] == [["users", 0], ["users", 3], ["users", 1]]
    limited = await execute(hidden, "{ users { name } }", subgraphs, limits=ExecutionLimits(max_answer_bytes=250))
    assert [error["path"] for error in limited.errors] == [["users", 0]]


async def test_an_entity_error_is_shown_at_every_place_of_the_entity() -> None:
    products = DictSubgraph(
        PRODUCTS_SDL, entities={"Product": {"p1": {"title": ValueError("lost"), "price": 5}, "p2": {"price": 7}}}
    )
    answer = await execute(
        FAVOURITES_PLAN,
        FAVOURITES,
        {"accounts": ACCOUNTS, "products": products},
    )
    assert [(error["message"], error["path"]) for error in answer.errors] == [
        ("lost", ["users", 0, "favourite", "title"]),
        ("lost", ["users", 3, "favourite", "title"]),
    ]
    assert answer.errors[0]["extensions"] == {"code": "DOWNSTREAM_SERVICE_ERROR", "serviceName": "products"}


async def test_aliases_are_in_the_paths_of_errors() -> None:
    writer = PlanWriter({"products": DictSubgraph(PRODUCTS_SDL + " type Query { product: Product }").schema})
    products = DictSubgraph(
        PRODUCTS_SDL + " type Query { product: Product }",
        {"product": {"id": "1", "title": ValueError("lost"), "price": 3}},
    )
    plan = query_plan(writer.root(0, "products", "{ thing: product { label: title price } }"))
    answer = await execute(plan, "{ thing: product { label: title price } }", {"products": products})
    assert answer.data == {"thing": {"label": None, "price": 3}}
    assert [error["path"] for error in answer.errors] == [["thing", "label"]]


async def test_a_subgraph_that_is_down_costs_its_fields() -> None:
    answer = await execute(FAVOURITES_PLAN, "{ users { name favourite { title } } }", {"accounts": ACCOUNTS})
    assert answer.data["users"][0] == {"name": "Ada", "favourite": {"title": None}}
    codes = {(error["extensions"]["code"], error["extensions"]["serviceName"]) for error in answer.errors}
    assert codes == {("SUBGRAPH_UNREACHABLE", "products")}


async def test_a_null_that_a_failure_explains_is_not_reported_again() -> None:
    answer = await execute(FAVOURITES_PLAN, "{ users { name favourite { price } } }", {"accounts": ACCOUNTS})
    assert [user and user["favourite"] for user in answer.data["users"]] == [None, None, None, None]
    assert {error["extensions"]["code"] for error in answer.errors} == {"SUBGRAPH_UNREACHABLE"}


async def test_a_null_in_a_non_null_field_takes_the_nearest_nullable_with_it() -> None:
    accounts = DictSubgraph(
        "type Query { users: [User] } type User { id: ID name: String }",
        {"users": [{"id": "1", "name": "Ada"}, {"id": "2", "name": None}]},
    )
    plan = query_plan(WRITER.root(0, "accounts", "{ users { id name } }"))
    answer = await execute(plan, "{ users { id name } }", {"accounts": accounts})
    assert answer.data == {"users": [{"id": "1", "name": "Ada"}, None]}
    assert [(error["path"], error["extensions"]["code"]) for error in answer.errors] == [
        (["users", 1, "name"], "NON_NULL_FIELD_IS_NULL")
    ]
    assert answer.errors[0]["locations"] == [{"line": 1, "column": 14}]


async def test_a_null_goes_up_to_data() -> None:
    plan = query_plan(WRITER.root(0, "accounts", "{ me { id name } }"))
    answer = await execute(plan, "{ me { id name } }", {"accounts": lambda _request: {"data": {"me": None}}})
    assert answer.decoded()["data"] is None
    assert [error["path"] for error in answer.errors] == [["me"]]


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ([[{"price": 1}], [{"price": None}, {"price": 2}], None], [[{"price": 1}], None, None]),
        ([[], [None]], [[], None]),
        (None, None),
        ([[{"price": 1}], 5], [[{"price": 1}], None]),
        ({"price": 1}, None),
        ([[{"price": "1"}]], [None]),
        ([[[{"price": 1}]]], [None]),
    ],
)
async def test_nulls_in_lists_of_lists_go_up_by_the_wrappers(grid: Any, expected: Any) -> None:
    writer = PlanWriter({"products": build_schema("type Query { grid: [[Product]] } " + PRODUCTS_SDL)})
    plan = query_plan(writer.root(0, "products", "{ grid { price } }"))
    answer = await execute(plan, "{ grid { price } }", {"products": lambda _request: {"data": {"grid": grid}}})
    assert answer.data == {"grid": expected}


async def test_a_fetch_starts_when_its_own_dependencies_are_done_not_when_a_wave_is() -> None:
    stock = DictSubgraph("type Product { id: ID stock: Int }", entities={"Product": {"p1": {"stock": 4}}})
    top = DictSubgraph("type Query { top: [Product] } " + PRODUCTS_SDL, {"top": [{"id": "p1", "title": "Saw"}]})
    writer = PlanWriter({"accounts": ACCOUNTS.schema, "products": top.schema, "stock": stock.schema})
    plan = query_plan(
        writer.root(0, "accounts", "{ users { name } }"),
        writer.root(1, "products", "{ top { __id: id title } }"),
        writer.entities(
            2, "stock", [writer.group("stock", "Product", "{ stock }", "top[]", keys=("id=__id",))], depends_on=(1,)
        ),
    )
    transport = FakeTransport({"accounts": ACCOUNTS, "products": top, "stock": stock})
    transport.hold("accounts")
    running = asyncio.create_task(execute(plan, "{ users { name } top { title stock } }", transport))
    await transport.until_sent("accounts", "products", "stock")
    transport.release("accounts")
    answer = await running
    assert answer.data["top"] == [{"title": "Saw", "stock": 4}]
    assert answer.errors == []


async def test_groups_of_one_fetch_go_as_one_request() -> None:
    stock = DictSubgraph(
        "type Product { id: ID stock: Int note: String }",
        entities={"Product": {"p1": {"stock": 4, "note": "new"}, "p2": {"stock": 5, "note": None}}},
    )
    top = DictSubgraph(
        "type Query { top: [Product] product: Product } " + PRODUCTS_SDL,
        {"top": [{"id": "p1"}, {"id": "p2"}], "product": {"id": "p2"}},
    )
    writer = PlanWriter({"products": top.schema, "stock": stock.schema})
    plan = query_plan(
        writer.root(0, "products", "{ top { __id: id } product { __id: id } }"),
        writer.entities(
            1,
            "stock",
            [
                writer.group("stock", "Product", "{ stock }", "top[]", alias="_0", variable="r0", keys=("id=__id",)),
                writer.group(
                    "stock", "Product", "{ note stock }", "product", alias="_1", variable="r1", keys=("id=__id",)
                ),
            ],
            depends_on=(0,),
        ),
    )
    transport = FakeTransport({"products": top, "stock": stock})
    answer = await execute(plan, "{ top { stock } product { note stock } }", transport)
    assert answer.decoded() == {"data": {"top": [{"stock": 4}, {"stock": 5}], "product": {"note": None, "stock": 5}}}
    assert len(transport.sent) == 2


async def test_a_null_in_the_middle_of_a_path_sends_nothing() -> None:
    transport = FakeTransport(
        {"accounts": lambda _request: {"data": {"users": [None, {"name": "Ada", "favourite": None}]}}}
    )
    answer = await execute(FAVOURITES_PLAN, FAVOURITES, transport)
    assert answer.decoded() == {"data": {"users": [None, {"name": "Ada", "favourite": None}]}}
    assert [sent.service for sent in transport.sent] == ["accounts"]


async def test_a_null_key_sends_nothing_and_a_null_requirement_is_sent() -> None:
    stock = DictSubgraph(
        "type Product { id: ID title: String note: String }", entities={"Product": {"p1": {"note": "n"}}}
    )
    writer = PlanWriter(
        {"products": build_schema("type Query { top: [Product] }" + PRODUCTS_SDL), "notes": stock.schema}
    )
    plan = query_plan(
        writer.root(0, "products", "{ top { id __title: title } }"),
        writer.entities(
            1,
            "notes",
            [writer.group("notes", "Product", "{ note }", "top[]", requires=("title=__title",))],
            depends_on=(0,),
        ),
    )
    top = [{"id": "p1", "__title": None}, {"id": None, "__title": "x"}, {"id": "p3"}]
    transport = FakeTransport({"products": lambda _request: {"data": {"top": top}}, "notes": stock})
    answer = await execute(plan, "{ top { id note } }", transport)
    assert transport.sent[1].request["variables"]["representations"] == [
        {"__typename": "Product", "id": "p1", "title": None}
    ]
    assert answer.data == {"top": [{"id": "p1", "note": "n"}, {"id": None, "note": None}, {"id": "p3", "note": None}]}
    # The null key is no error; the requirement that the subgraph left out is.
    (error,) = answer.errors
    assert (error["extensions"]["code"], error["path"]) == ("SUBGRAPH_MALFORMED_RESPONSE", ["top", 2, "note"])


async def test_root_mutations_run_in_the_order_of_their_dependencies_and_are_never_safe() -> None:
    schema = build_schema(
        "type Query { a: Int } type Mutation { rename(name: String): User ban: User } type User { name: String }"
    )
    writer = PlanWriter({"accounts": schema, "notes": schema})
    plan = Plan(
        OperationKind.MUTATION,
        (
            writer.root(0, "accounts", "mutation($name: String) { rename(name: $name) { name } }"),
            writer.root(1, "notes", "mutation { ban { name } }", depends_on=(0,)),
        ),
    )
    transport = FakeTransport(
        {
            "accounts": lambda request: {"data": {"rename": {"name": request["variables"]["name"]}}},
            "notes": lambda _request: {"data": {"ban": {"name": "B"}}},
        }
    )
    transport.hold("accounts")
    running = asyncio.create_task(
        execute(
            plan,
            "mutation($name: String) { rename(name: $name) { name } ban { name } }",
            transport,
            variables={"name": "A"},
        )
    )
    await transport.until_sent("accounts")
    for _ in range(10):
        await asyncio.sleep(0)
    assert [sent.service for sent in transport.sent] == ["accounts"]
    transport.release("accounts")
    answer = await running
    assert answer.body == b'{"data":{"rename":{"name":"A"},"ban":{"name":"B"}}}'
    assert [sent.is_safe for sent in transport.sent] == [False, False]


async def test_a_fetch_gets_just_the_variables_that_it_names_and_that_were_given() -> None:
    schema = build_schema("type Query { me: User } type User { name(a: Int, b: Int): String }")
    writer = PlanWriter({"accounts": schema})
    plan = query_plan(writer.root(0, "accounts", "query($a: Int, $b: Int) { me { name(a: $a, b: $b) } }"))
    transport = FakeTransport({"accounts": lambda _request: {"data": {"me": {"name": "x"}}}})
    await execute(plan, "{ me { name } }", transport, variables={"a": 1, "c": 3})
    assert transport.sent[0].request["variables"] == {"a": 1}


async def test_abstract_types_are_shown_by_the_type_of_each_object() -> None:
    found = [
        {"__typename": "User", "name": "Ada", "id": "1"},
        {"__typename": "Product", "title": "Saw", "id": "2"},
        {"__typename": "Secret", "title": "hidden"},
        None,
        "text",
    ]
    schema = build_schema(
        "type Query { search: [Result] } union Result = User | Product type User { id: ID name: String } "
        + PRODUCTS_SDL
    )
    plan = query_plan(
        PlanWriter({"products": schema}).root(
            0, "products", "{ search { __typename ... on User { id name } ... on Product { id title } } }"
        )
    )
    answer = await execute(
        plan,
        "{ search { ... on Product { title } kind: __typename ... on Node { id } ... on User { name } } }",
        {"products": lambda _request: {"data": {"search": found}}},
    )
    assert answer.body.startswith(
        b'{"data":{"search":[{"kind":"User","id":"1","name":"Ada"},{"title":"Saw","kind":"Product","id":"2"},null,null,null]}'
    )
    assert [error["path"] for error in answer.errors] == [["search", 2], ["search", 4]]
    assert b"Secret" not in answer.body


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("kind", "TOOL", "TOOL"),
        ("kind", "HIDDEN", None),
        ("kind", 1, None),
        ("note", 5, None),
        ("note", {"a": 1}, None),
        ("id", 7, "7"),
        ("id", True, None),
        ("size", {"w": 1.10, "h": [1, None]}, {"w": 1.10, "h": [1, None]}),
        ("size", False, False),
    ],
)
async def test_leaves_are_shown_if_they_fit_their_type(field: str, value: Any, shown: Any) -> None:
    schema = build_schema(
        "scalar Size enum Kind { A } type Query { product: Product } type Product { id: ID kind: Kind note: String size: Size }"
    )
    plan = query_plan(PlanWriter({"products": schema}).root(0, "products", f"{{ product {{ {field} }} }}"))
    answer = await execute(
        plan, f"{{ product {{ {field} }} }}", {"products": lambda _request: {"data": {"product": {field: value}}}}
    )
    assert answer.data == {"product": {field: shown}}
    assert [error["path"] for error in answer.errors] == ([] if shown in (value, "7") else [["product", field]])


@pytest.mark.parametrize(
    "literal", [b"1.10", b"1e400", b"123456789012345678901234567890", b"0.1000000000000000055511151231257827"]
)
async def test_custom_scalars_pass_untouched_to_the_digit(literal: bytes) -> None:
    schema = build_schema("scalar Size type Query { product: Product } type Product { size: Size }")
    plan = query_plan(PlanWriter({"products": schema}).root(0, "products", "{ product { size } }"))
    answer = await execute(
        plan, "{ product { size } }", {"products": lambda _request: b'{"data":{"product":{"size":[' + literal + b"]}}}"}
    )
    assert answer.body.lower().replace(b"+", b"") == b'{"data":{"product":{"size":[' + literal + b"]}}}"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"<html>",
        b'{"data":{"me":',
        b"[]",
        b"[" * 1_000_000,
        b'{"data":{"me":' + b"[" * 100_000,
        b'{"data":[]}',
        b'{"data":null}',
        b'{"errors":"no"}',
        b'{"data":{"me":[{"name":"x"}]}}',
        b'{"data":{"me":"x"}}',
        b'{"data":{"me":{"name":["x"]}}}',
        b'{"data":{"me":{"name":"\xff"}}}',
        Reply(500, "text/html", b"<h1>"),
        Reply(200, "text/html", b"<h1>"),
        Reply(302, "", b""),
        Reply(500, "application/json", b'{"error":"x"}'),
        Reply(400, "application/json", b'{"errors":[{"message":"bad"}]}'),
    ],
)
async def test_whatever_a_subgraph_sends_costs_its_fields_only(reply: Any) -> None:
    writer = PlanWriter(
        {"accounts": ACCOUNTS.schema, "products": build_schema("type Query { product: Product } " + PRODUCTS_SDL)}
    )
    plan = query_plan(
        writer.root(0, "accounts", "{ me { name } }"), writer.root(1, "products", "{ product { id title } }")
    )
    bad = {
        "accounts": lambda _request: reply,
        "products": lambda _request: {"data": {"product": {"id": "1", "title": "Saw"}}},
    }
    nullable = build_schema("type Query { me: User product: Product } type User { name: String! } " + PRODUCTS_SDL)
    executor = Executor(transport=FakeTransport(bad), services=SERVICES, api_schema=nullable)
    executable = executor.prepare(plan, normalized(nullable, "{ me { name } product { id title } }"))
    answer = await executable.execute(ExecutionRequest(deadline=asyncio.get_running_loop().time() + 5))
    assert answer.data == {"me": None, "product": {"id": "1", "title": "Saw"}}
    assert answer.error_count > 0
    assert all(error["path"][0] == "me" for error in answer.errors)


@pytest.mark.parametrize("entities", [None, [], [None], {}, [{"title": "A"}, {"title": "B"}, {"title": "C"}], "x"])
async def test_a_wrong_number_of_entities_costs_their_fields(entities: Any) -> None:
    answer = await execute(
        FAVOURITES_PLAN,
        "{ users { name favourite { title } } }",
        {"accounts": ACCOUNTS, "products": lambda _request: {"data": {"_entities": entities}}},
    )
    assert [user and user["favourite"] for user in answer.data["users"]] == [
        {"title": None},
        {"title": None},
        None,
        {"title": None},
    ]
    assert {error["extensions"]["code"] for error in answer.errors} == {"SUBGRAPH_MALFORMED_RESPONSE"}


@pytest.mark.parametrize(
    "errors",
    [
        [{"message": "boom"}],
        [{"message": "boom", "path": ["_entities"]}],
        [{"message": "boom", "path": "x"}],
        [{"message": "boom", "path": ["_entities", 99]}],
        [{"message": "boom", "path": [None]}],
    ],
)
async def test_an_error_without_a_usable_path_is_shown_at_every_null_that_it_explains(errors: Any) -> None:
    answer = await execute(
        FAVOURITES_PLAN,
        FAVOURITES,
        {
            "accounts": ACCOUNTS,
            "products": lambda _request: {"data": {"_entities": [{"title": "T", "price": 1}, None]}, "errors": errors},
        },
    )
    assert [error["path"] for error in answer.errors] == [
        ["users", 1, "favourite", "title"],
        ["users", 1, "favourite", "price"],
    ]


@pytest.mark.parametrize("error", ["text", None, 5, {}, {"message": 5}, {"message": "", "extensions": []}])
async def test_a_malformed_error_is_still_an_error(error: Any) -> None:
    plan = query_plan(WRITER.root(0, "accounts", "{ users { id } }"))
    answer = await execute(
        plan, "{ users { id } }", {"accounts": lambda _request: {"data": {"users": None}, "errors": [error]}}
    )
    assert [shown["path"] for shown in answer.errors] == [["users"]]
    assert answer.errors[0]["message"] == "Subgraph 'accounts' reported an error without a message."


async def test_an_error_keeps_its_code_and_gains_the_services_name() -> None:
    plan = query_plan(WRITER.root(0, "accounts", "{ users { id } }"))
    error = {"message": "no", "path": ["users"], "extensions": {"code": "FORBIDDEN", "serviceName": "fake", "why": 1}}
    answer = await execute(
        plan, "{ users { id } }", {"accounts": lambda _request: {"data": {"users": None}, "errors": [error]}}
    )
    assert answer.errors == [
        {"message": "no", "path": ["users"], "extensions": {"code": "FORBIDDEN", "serviceName": "accounts", "why": 1}}
    ]


async def test_the_deadline_costs_the_fields_of_the_slow_subgraph() -> None:
    transport = FakeTransport({"accounts": ACCOUNTS, "products": PRODUCTS})
    transport.hold("products")
    answer = await execute(FAVOURITES_PLAN, "{ users { name favourite { title } } }", transport, seconds=0.05)
    assert answer.data["users"][0] == {"name": "Ada", "favourite": {"title": None}}
    assert {error["extensions"]["code"] for error in answer.errors} == {"SUBGRAPH_TIMEOUT"}


async def test_a_subgraphs_own_time_out_costs_its_fields_long_before_the_deadline() -> None:
    transport = FakeTransport({"accounts": ACCOUNTS, "products": PRODUCTS})
    transport.hold("products")
    services = [SERVICES[0], replace(SERVICES[1], timeout_seconds=0.02)]
    answer = await execute(FAVOURITES_PLAN, FAVOURITES, transport, seconds=3_600.0, services=services)
    assert answer.data["users"][0] == {"name": "Ada", "favourite": None}  # its price is not nullable
    assert {error["extensions"]["code"] for error in answer.errors} == {"SUBGRAPH_TIMEOUT"}
    assert [sent.service for sent in transport.sent] == ["accounts", "products"]


async def test_whoever_joins_a_request_that_times_out_does_not_ask_again() -> None:
    transport = FakeTransport({"accounts": ACCOUNTS})
    transport.hold("accounts")
    services = [replace(SERVICES[0], timeout_seconds=0.05)]
    executor = Executor(transport=transport, services=services, api_schema=API)
    executable = executor.prepare(
        query_plan(WRITER.root(0, "accounts", "{ me { name } }")), normalized(API, "{ me { name } }")
    )
    deadline = asyncio.get_running_loop().time() + 3_600
    answers = await asyncio.gather(*(executable.execute(ExecutionRequest(deadline=deadline)) for _ in range(3)))
    assert [answer.errors[0]["extensions"]["code"] for answer in answers] == ["SUBGRAPH_TIMEOUT"] * 3
    assert len(transport.sent) == 1


async def test_a_request_that_its_senders_deadline_cuts_short_is_not_shared() -> None:
    transport = FakeTransport({"accounts": ACCOUNTS})
    transport.hold("accounts")
    services = [replace(SERVICES[0], timeout_seconds=600.0)]
    executor = Executor(transport=transport, services=services, api_schema=API)
    executable = executor.prepare(
        query_plan(WRITER.root(0, "accounts", "{ me { name } }")), normalized(API, "{ me { name } }")
    )
    now = asyncio.get_running_loop().time()
    short = asyncio.create_task(executable.execute(ExecutionRequest(deadline=now + 0.05)))
    await transport.until_sent("accounts")
    patient = asyncio.create_task(executable.execute(ExecutionRequest(deadline=now + 3_600)))
    await transport.until_sent("accounts", "accounts")
    assert (await short).errors[0]["extensions"]["code"] == "SUBGRAPH_TIMEOUT"
    transport.release("accounts")
    assert (await patient).data == {"me": {"name": "Ada"}}


async def test_cancelling_an_execution_gives_its_fetches_up() -> None:
    transport = FakeTransport({"accounts": ACCOUNTS})
    transport.hold("accounts")
    running = asyncio.create_task(execute(FAVOURITES_PLAN, FAVOURITES, transport))
    await transport.until_sent("accounts")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(0)
    assert transport.cancelled == 1


async def test_introspection_and_typename_ask_no_subgraph() -> None:
    transport = FakeTransport({})
    answer = await execute(
        query_plan(),
        "query($n: String!) { __typename t: __type(name: $n) { name fields { name } } __schema { queryType { name } } }",
        transport,
        variables={"n": "User"},
    )
    assert answer.data["__typename"] == "Query"
    assert answer.data["t"]["fields"][1] == {"name": "name"}
    assert answer.data["__schema"] == {"queryType": {"name": "Query"}}
    assert transport.sent == []


@pytest.mark.parametrize(
    ("asked", "data", "path"),
    [
        ('t: __type(name: "User") { name }', {"t": None, "me": {"name": "Ada"}}, ["t"]),
        ("__schema { queryType { name } }", None, ["__schema"]),
    ],
)
async def test_schema_that_is_not_read_in_time_costs_its_own_fields(
    monkeypatch: pytest.MonkeyPatch, asked: str, data: Any, path: list[str]
) -> None:
    async def answer_late(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr("gateway.execution.interpreter.introspection.Introspector.answer", answer_late)
    plan = query_plan(WRITER.root(0, "accounts", "{ me { name } }"))
    answer = await execute(plan, f"{{ {asked} me {{ name }} }}", {"accounts": ACCOUNTS})
    assert answer.data == data
    (error,) = answer.errors
    assert (error["path"], error["extensions"]["code"]) == (path, "INTROSPECTION_TIMEOUT")


async def test_a_trace_tells_what_each_fetch_did() -> None:
    answer = await execute(FAVOURITES_PLAN, FAVOURITES, {"accounts": ACCOUNTS, "products": PRODUCTS}, is_traced=True)
    assert answer.trace is not None
    first, second = answer.trace.fetches
    assert (second.found, second.sent, second.requests, second.depends_on) == (3, 2, 1, (0,))
    assert first.started_at is not None
    assert second.started_at is not None
    assert first.started_at <= first.finished_at <= second.started_at <= second.finished_at
    assert first.response_bytes > 0
    assert answer.trace.critical_path() == (0, 1)
    assert answer.decoded()["extensions"]["trace"]["fetches"][1]["isCritical"] is True


def identity(name: str) -> Any:
    lines = header_lines([("authorization", name)])
    return lambda _service: lines


@pytest.mark.parametrize(("one", "other", "sent"), [("a", "a", 1), ("a", "b", 2)])
async def test_identical_queries_in_flight_are_shared_within_one_identity(one: str, other: str, sent: int) -> None:
    plan = query_plan(WRITER.root(0, "accounts", "{ users { name } }"))
    transport = FakeTransport({"accounts": ACCOUNTS})
    transport.hold("accounts")
    executor = Executor(transport=transport, services=SERVICES, api_schema=API)
    executable = executor.prepare(plan, normalized(API, "{ users { name } }"))
    deadline = asyncio.get_running_loop().time() + 5
    running = [
        asyncio.create_task(
            executable.execute(
                ExecutionRequest(deadline=deadline, headers=identity(name), hop_headers=HeaderLines(name.encode()))
            )
        )
        for name in (one, other)
    ]
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(transport.sent) == sent
    running[0].cancel()
    await asyncio.sleep(0)
    transport.release("accounts")
    answer = await running[1]
    assert len(answer.data["users"]) == 4
    with pytest.raises(asyncio.CancelledError):
        await running[0]


async def test_identical_mutations_are_never_shared() -> None:
    schema = build_schema("type Query { a: Int } type Mutation { ban: User } type User { name: String }")
    plan = Plan(
        OperationKind.MUTATION, (PlanWriter({"accounts": schema}).root(0, "accounts", "mutation { ban { name } }"),)
    )
    transport = FakeTransport({"accounts": lambda _request: {"data": {"ban": {"name": "A"}}}})
    executor = Executor(transport=transport, services=SERVICES, api_schema=API)
    executable = executor.prepare(plan, normalized(API, "mutation { ban { name } }"))
    request = ExecutionRequest(deadline=asyncio.get_running_loop().time() + 5)
    await asyncio.gather(executable.execute(request), executable.execute(request))
    assert len(transport.sent) == 2


async def test_a_subscription_fetches_the_rest_of_each_event() -> None:
    api = build_schema("type Query { a: Int } type Subscription { picked: Product } " + PRODUCTS_SDL)
    feed = build_schema("type Query { a: Int } type Subscription { picked: Product } type Product { id: ID }")
    writer = PlanWriter({"notes": feed, "products": PRODUCTS.schema})
    plan = Plan(
        OperationKind.SUBSCRIPTION,
        (
            writer.root(0, "notes", "subscription { picked { __id: id } }"),
            writer.entities(
                1,
                "products",
                [writer.group("products", "Product", "{ title }", "picked", keys=("id=__id",))],
                depends_on=(0,),
            ),
        ),
    )

    def events(_request: dict[str, Any]) -> Any:
        yield {"data": {"picked": {"__id": "p1"}}}
        yield {"data": {"picked": None}, "errors": [{"message": "no", "path": ["picked"]}]}
        yield {"data": {"picked": {"__id": "p2"}}}
        raise SubgraphError("gone", service="notes", code="SUBGRAPH_STREAM_LOST")

    transport = FakeTransport({"notes": events, "products": PRODUCTS})
    executor = Executor(transport=transport, services=SERVICES, api_schema=api)
    executable = executor.prepare(plan, normalized(api, "subscription { picked { title } }"))
    request = ExecutionRequest(deadline=asyncio.get_running_loop().time() + 5)
    answers = [answer.decoded() async for answer in executable.subscribe(request)]
    assert [answer["data"] for answer in answers] == [
        {"picked": {"title": "Saw"}},
        {"picked": None},
        {"picked": {"title": "Axe"}},
        None,
    ]
    assert [[error["message"] for error in answer.get("errors", [])] for answer in answers] == [
        [],
        ["no"],
        [],
        ["gone"],
    ]


async def test_a_plan_is_compiled_after_some_executions(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = FakeTransport({"accounts": ACCOUNTS, "products": PRODUCTS})
    executor = Executor(transport=transport, services=SERVICES, api_schema=API)
    executable = executor.prepare(FAVOURITES_PLAN, normalized(API, FAVOURITES))
    request = ExecutionRequest(deadline=asyncio.get_running_loop().time() + 5)
    bodies = {(await executable.execute(request)).body for _ in range(COMPILE_AFTER)}
    if executable._compiling is not None:
        await executable._compiling
    monkeypatch.setattr("gateway.execution.executor.GeneralRun", None)
    bodies.add((await executable.execute(request)).body)
    assert len(bodies) == 1


@pytest.mark.parametrize("depth", [900, 920, 940, 950, 960, 970, 980, 990, 1000, 5000])
async def test_a_value_nested_to_the_stacks_limit_costs_its_field_at_most(depth: int) -> None:
    schema = build_schema("scalar Size type Query { product: Product } type Product { id: ID size: Size }")
    plan = query_plan(PlanWriter({"products": schema}).root(0, "products", "{ product { id size } }"))
    deep = b"[" * depth + b"]" * depth
    answer = await execute(
        plan,
        "{ product { id size } }",
        {"products": lambda _request: b'{"data":{"product":{"id":"1","size":' + deep + b"}}}"},
    )
    if depth == 900:
        assert answer.body == b'{"data":{"product":{"id":"1","size":' + deep + b"}}}"
    if depth == 5000:
        assert [error["path"] for error in answer.errors] == [["product"]]


HOP_PLAN = query_plan(
    WRITER.root(0, "accounts", "{ users { name favourite { __id: id } } }"),
    PlanWriter({"stock": build_schema("type Query { a: Int } type Product { id: ID note: String }")}).entities(
        1,
        "stock",
        [
            PlanWriter({"stock": build_schema("type Query { a: Int } type Product { id: ID note: String }")}).group(
                "stock", "Product", "{ __note: note }", "users[].favourite", keys=("id=__id",)
            )
        ],
        depends_on=(0,),
    ),
    WRITER.entities(
        2,
        "products",
        [
            WRITER.group(
                "products", "Product", "{ title }", "users[].favourite", keys=("id=__id",), requires=("note=__note",)
            )
        ],
        depends_on=(1,),
    ),
)
TITLES = "{ users { name favourite { title } } }"


async def test_what_could_not_be_asked_for_is_explained_by_the_failure_before_it() -> None:
    answer = await execute(HOP_PLAN, TITLES, {"accounts": ACCOUNTS, "products": PRODUCTS})
    assert [(error["path"], error["extensions"]["serviceName"]) for error in answer.errors] == [
        (["users", 0, "favourite", "title"], "stock"),
        (["users", 1, "favourite", "title"], "stock"),
        (["users", 3, "favourite", "title"], "stock"),
    ]


async def test_an_entity_that_is_silently_unknown_explains_nothing_and_breaks_nothing() -> None:
    stock = DictSubgraph(
        "type Product { id: ID note: String }", entities={"Product": {"p1": None, "p2": {"note": "n"}}}
    )
    transport = FakeTransport({"accounts": ACCOUNTS, "stock": stock, "products": PRODUCTS})
    answer = await execute(HOP_PLAN, TITLES, transport)
    assert answer.errors == []
    assert [user and user["favourite"]["title"] for user in answer.data["users"]] == [None, "Axe", None, None]
    assert transport.sent[2].request["variables"]["representations"] == [
        {"__typename": "Product", "id": "p2", "note": "n"}
    ]


async def test_a_failure_on_the_way_to_one_entity_is_told_at_that_entity_only() -> None:
    stock = DictSubgraph(
        "type Product { id: ID note: String! }",
        entities={"Product": {"p1": {"note": ValueError("lost")}, "p2": {"note": "n"}}},
    )
    answer = await execute(HOP_PLAN, TITLES, {"accounts": ACCOUNTS, "stock": stock, "products": PRODUCTS})
    assert [(error["message"], error["path"]) for error in answer.errors] == [
        ("lost", ["users", 0, "favourite", "title"]),
        ("lost", ["users", 3, "favourite", "title"]),
    ]
    assert answer.data["users"][1]["favourite"] == {"title": "Axe"}


async def test_a_flood_of_errors_is_counted_not_multiplied() -> None:
    accounts = {"data": {"users": [{"name": "A", "favourite": {"__id": str(number)}} for number in range(2000)]}}
    flood = [{"message": f"boom {number}"} for number in range(100_000)]
    answer = await execute(
        FAVOURITES_PLAN,
        FAVOURITES,
        {"accounts": lambda _request: accounts, "products": lambda _request: {"data": None, "errors": flood}},
    )
    assert answer.error_count == 10_000
    assert answer.errors[-1]["extensions"]["code"] == "TOO_MANY_ERRORS"


async def test_errors_beyond_the_first_thousand_of_an_answer_are_counted() -> None:
    plan = query_plan(WRITER.root(0, "accounts", "{ users { id } }"))
    flood = [{"message": f"boom {number}", "path": ["users", number]} for number in range(1_500)]
    answer = await execute(
        plan, "{ users { id } }", {"accounts": lambda _request: {"data": {"users": [None] * 1_500}, "errors": flood}}
    )
    assert len(answer.errors) == 1_001
    assert answer.errors[-1]["message"] == "Subgraph 'accounts' reported 500 more errors."
