"""A small subgraph on the kit, over HTTP: access, errors, events, limits; and the client that services call it with."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing
from typing import Any

import orjson
import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry import federation
from strawberry.federation.schema_directives import Inaccessible

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.graph.context import Context
from subgraphs.kit.graph.errors import Fault
from subgraphs.kit.graph.scalars import MinorUnits
from subgraphs.kit.graph.schema import make_schema
from subgraphs.kit.graph.streams import Streams
from subgraphs.kit.messaging.task_queue import QueueUnavailable
from subgraphs.kit.runtime import server
from subgraphs.kit.runtime.background import Lifespan, Loop
from subgraphs.kit.runtime.client import GraphQLClient, ServiceRefused, ServiceUnavailable
from subgraphs.kit.runtime.deadline import within
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.storage.faults import DatabaseUnavailable, TransactionConflict
from tests.support.identity import ANONYMOUS, account, service, service_tokens
from tests.support.ports import free_port
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

started: list[float] = []

Info = strawberry.Info[Context[dict[str, Any], None], None]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @federation.field(authenticated=True)
    def mine(self, info: Info) -> str:
        return info.context.account_id

    @federation.field(requires_scopes=[["a", "b"], ["c"]])
    def scoped(self) -> str | None:
        return "yes"

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("password=hunter2")

    @strawberry.field
    def refused(self) -> str | None:
        raise Fault("TEAPOT", "I am a teapot")

    @strawberry.field
    def unavailable(self, info: Info, dependency: str) -> str | None:
        raise {
            "database": DatabaseUnavailable("database is locked"),
            "conflict": TransactionConflict("SQLSTATE 40P01"),
            "queue": QueueUnavailable("ConnectionError"),
            "service": ServiceUnavailable("catalog", "timed out"),
        }[dependency]

    @strawberry.field
    def double(self, amount: MinorUnits) -> MinorUnits:
        return MinorUnits(amount * 2)

    @strawberry.field
    async def slow(self, seconds: float) -> str:
        started.append(seconds)
        await asyncio.sleep(seconds)
        return "late"

    @strawberry.field
    def calls(self, info: Info) -> int:
        return int(info.context.resources["calls"])


@strawberry.type
class Mutation:
    @federation.mutation(directives=[Inaccessible()])
    def internal(self) -> bool:
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number


async def close_nothing() -> None:
    return


async def fail_round() -> None:
    raise ValueError("unknown product counters: ['stars']")


async def is_away() -> None:
    raise ConnectionError


async def hook(_: Request) -> Response:
    raise DatabaseUnavailable("database is locked")


def make_app(streams: Streams | None = None) -> Starlette:
    return create_app(
        name="test",
        schema=make_schema(query=Query, mutation=Mutation, subscription=Subscription),
        tokens=service_tokens(),
        resources={"calls": 3},
        loaders=lambda _, __: None,
        checks={"database": is_away},
        lifespan=Lifespan(Loop("test.market", fail_round, pause_seconds=60.0), close=close_nothing),
        routes=[Route("/hook", hook, methods=["POST"])],
        max_body_bytes=10_000,
        streams=streams,
    )


@pytest.fixture
async def subgraph() -> AsyncIterator[SubgraphUnderTest]:
    async with running_subgraph(make_app()) as running:
        yield running


@pytest.mark.parametrize("dependency", ["database", "conflict", "queue", "service"])
async def test_a_dependency_that_is_away_is_told_as_such(subgraph: SubgraphUnderTest, dependency: str) -> None:
    answer = await subgraph.answer("query ($d: String!) { unavailable(dependency: $d) }", {"d": dependency})
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retryable": True}
    assert not {"locked", "40P01", "timed"} & set(error["message"].split())


async def test_a_webhook_while_the_database_is_away_is_asked_to_come_again(subgraph: SubgraphUnderTest) -> None:
    answer = await subgraph.http.post("/hook")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_access_directives_are_enforced_here(subgraph: SubgraphUnderTest) -> None:
    assert await subgraph.codes("{ mine }") == ["UNAUTHENTICATED"]
    assert await subgraph.data("{ mine }", by=account("a")) == {"mine": "a"}
    assert await subgraph.codes("{ scoped }", by=account("a")) == ["FORBIDDEN"]
    assert await subgraph.codes("{ scoped }", by=service("x", "a")) == ["FORBIDDEN"]
    for scopes in (("a", "b"), ("c",)):
        assert await subgraph.data("{ scoped }", by=service("x", *scopes)) == {"scoped": "yes"}


async def test_an_internal_field_is_for_services(subgraph: SubgraphUnderTest) -> None:
    assert await subgraph.codes("mutation { internal }", by=account("a", "ADMIN")) == ["FORBIDDEN"]
    assert await subgraph.data("mutation { internal }", by=service("order")) == {"internal": True}


async def test_unexpected_errors_are_masked_and_faults_are_not(subgraph: SubgraphUnderTest) -> None:
    answer = await subgraph.answer("{ hello broken refused }")
    assert answer["data"] == {"hello": "world", "broken": None, "refused": None}
    shown = {error["path"][0]: (error["message"], error["extensions"]["code"]) for error in answer["errors"]}
    assert shown == {
        "broken": ("Internal error", "INTERNAL_SERVER_ERROR"),
        "refused": ("I am a teapot", "TEAPOT"),
    }


async def test_wrong_documents_and_variables_have_codes_and_no_suggestions(subgraph: SubgraphUnderTest) -> None:
    assert await subgraph.codes("{ hello") == ["GRAPHQL_PARSE_FAILED"]
    unknown = await subgraph.answer("{ helo }")
    assert unknown["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "Did you mean" not in unknown["errors"][0]["message"]
    double = "query ($n: MinorUnits!) { double(amount: $n) }"
    assert await subgraph.data(double, {"n": 2**51}) == {"double": 2**52}
    for wrong in (1.5, "1", True, 2**53):
        assert await subgraph.codes(double, {"n": wrong}) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (b'{"query": 1}', 400, "BAD_REQUEST"),
        (b'{"query": "{hello}", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "query A {hello}", "operationName": "B"}', 400, "BAD_REQUEST"),
        (b'{"query": "' + b"x" * 10_001 + b'"}', 413, "PAYLOAD_TOO_LARGE"),
    ],
)
async def test_a_bad_body_is_refused(subgraph: SubgraphUnderTest, body: bytes, status: int, code: str) -> None:
    response = await subgraph.http.post("/graphql", content=body, headers=subgraph.headers())
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (status, code)


async def test_a_request_ends_with_its_callers_deadline(subgraph: SubgraphUnderTest) -> None:
    response = await subgraph.http.post(
        "/graphql", json={"query": "{ slow(seconds: 30) }"}, headers={**subgraph.headers(), "x-deadline-ms": "50"}
    )
    assert response.status_code == 504
    assert response.json()["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"


async def test_a_subscription_is_a_stream_of_events(subgraph: SubgraphUnderTest) -> None:
    headers = {**subgraph.headers(), "accept": "text/event-stream"}
    response = await subgraph.http.post("/graphql", json={"query": "subscription { count(to: 2) }"}, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [event.splitlines() for event in response.text.split("\n\n") if event]
    assert [lines[0] for lines in events] == ["event: next", "event: next", "event: complete"]
    assert [orjson.loads(lines[1].removeprefix("data: ")) for lines in events[:2]] == [
        {"data": {"count": 0}},
        {"data": {"count": 1}},
    ]


async def test_a_client_has_as_many_streams_as_it_may_and_no_more() -> None:
    streams = Streams(per_account=2)
    ann, bob = account("ann", "BUYER"), account("bob", "BUYER")
    body = {"query": "subscription { count(to: 1) }"}
    async with running_subgraph(make_app(streams)) as subgraph:

        async def first_event(by: Identity) -> Any:
            headers = {**subgraph.headers(by), "accept": "text/event-stream"}
            response = await subgraph.http.post("/graphql", json=body, headers=headers)
            return orjson.loads(response.text.splitlines()[1].removeprefix("data: "))

        with streams.place(ann, None), streams.place(ann, "192.0.2.1"):
            assert (await first_event(ann))["errors"][0]["extensions"]["code"] == "TOO_MANY_STREAMS"
            assert await first_event(bob) == {"data": {"count": 0}}
        for _ in range(4):
            assert await first_event(ann) == {"data": {"count": 0}}


def test_clients_that_are_not_signed_in_are_bounded_by_address() -> None:
    streams = Streams(per_address=1)
    addresses = ("192.0.2.1", "192.0.2.1", "192.0.2.2", None)
    with ExitStack() as stack:
        places = [stack.enter_context(streams.place(ANONYMOUS, address)) for address in addresses]
    assert places == [True, False, True, True]


async def test_a_stream_that_cannot_begin_says_why(subgraph: SubgraphUnderTest) -> None:
    headers = {**subgraph.headers(), "accept": "text/event-stream"}
    for body, code in (
        ({"query": "subscription { nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { hello }", "operationName": "B"}, "BAD_REQUEST"),
    ):
        response = await subgraph.http.post("/graphql", json=body, headers=headers)
        first, last = (event.splitlines() for event in response.text.split("\n\n") if event)
        assert orjson.loads(first[1].removeprefix("data: "))["errors"][0]["extensions"]["code"] == code
        assert last[0] == "event: complete"


async def test_ready_names_what_fails_and_health_does_not_ask(subgraph: SubgraphUnderTest) -> None:
    ready = await subgraph.http.get("/ready")
    assert (ready.status_code, ready.json()["failing"]) == (
        503,
        {"database": "ConnectionError", "loop test.market": "ValueError, 1 times in a row"},
    )
    assert (await subgraph.http.get("/health")).status_code == 200
    assert "graphql_request_seconds" in (await subgraph.http.get("/metrics")).text


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[int]:
    port = free_port()
    config = uvicorn.Config(
        app, port=port, log_config=None, lifespan="off", http=server.ReadTimeoutProtocol, ws="none", loop="none"
    )
    running = server.DrainingServer(config)
    task = asyncio.create_task(running.serve())
    async with asyncio.timeout(10):
        while not running.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        running.should_exit = True
        await task


def client_of(port: int) -> GraphQLClient:
    return GraphQLClient(f"http://127.0.0.1:{port}/graphql", service="test", caller="order", tokens=service_tokens())


async def test_the_client_carries_identity_and_reports_refusals() -> None:
    async with listening(make_app()) as port:
        client = client_of(port)
        assert await client.execute("{ mine }", identity=account("a")) == {"mine": "a"}
        assert await client.execute("mutation { internal }") == {"internal": True}
        with pytest.raises(ServiceRefused) as refused:
            await client.execute("{ refused }")
        assert refused.value.codes == ("TEAPOT",)
        with within(0.05), pytest.raises((ServiceUnavailable, ServiceRefused)):
            await client.execute("{ slow(seconds: 30) }")
        await client.close()


async def test_only_what_may_be_repeated_is_tried_again() -> None:
    seen: list[int] = []

    async def flaky(scope: Any, receive: Any, send: Any) -> None:
        seen.append(1)
        status = 503 if len(seen) % 3 else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b'{"data":{"ok":true}}'})

    async with listening(flaky) as port:
        client = client_of(port)
        with pytest.raises(ServiceUnavailable):
            await client.execute("{ ok }")
        assert len(seen) == 1
        assert await client.execute("{ ok }", attempts=3) == {"ok": True}
        assert len(seen) == 3
        await client.close()


async def test_a_service_that_is_away_is_a_typed_error() -> None:
    client = client_of(free_port())
    with pytest.raises(ServiceUnavailable):
        await client.execute("{ hello }", attempts=2)
    await client.close()


@pytest.mark.parametrize(
    "sent", [b"", b"POST /graphql HTT", b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"]
)
async def test_a_slow_sender_is_closed(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READ_TIMEOUT_SECONDS", 0.2)
    async with listening(make_app()) as port:
        with closing(socket.create_connection(("127.0.0.1", port))) as connection:
            connection.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(connection, sent)
            async with asyncio.timeout(5):
                try:
                    while await loop.sock_recv(connection, 4096):
                        pass
                except ConnectionResetError:
                    pass


async def test_a_running_request_is_answered_while_the_server_drains() -> None:
    async with listening(make_app()) as port:
        client = client_of(port)
        started.clear()
        running = asyncio.create_task(client.execute("{ slow(seconds: 0.3) }"))
        async with asyncio.timeout(5):
            while not started:  # noqa: ASYNC110 - set by a resolver
                await asyncio.sleep(0.01)
    assert await running == {"slow": "late"}
    await client.close()
