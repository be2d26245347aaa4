"""A trace tells where the time of a request went: as numbers, and as a table that is read without a tool."""

import asyncio
from typing import Any

from gateway.execution.executor import Executable, Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.trace import FetchTrace, Trace
from gateway.execution.transport.fake import FakeTransport
from gateway.planning.planner import plan
from gateway.supergraph.reader import read_supergraph
from tests.support.gateway import shop_supergraph
from tests.support.planning import normalized


def asked(
    id_: int, service: str, *depends_on: int, started_at: float | None, finished_at: float, **more: int
) -> FetchTrace:
    fetch = FetchTrace(id_, service, "{ a }", depends_on, started_at=started_at, finished_at=finished_at)
    for name, value in {"requests": 0 if started_at is None else 1, **more}.items():
        setattr(fetch, name, value)
    return fetch


TRACE = Trace(
    [
        asked(0, "accounts", started_at=0.0001, finished_at=0.0024, request_bytes=46, response_bytes=420),
        asked(1, "products", started_at=0.0001, finished_at=0.0012, request_bytes=60, response_bytes=310, shared=1),
        asked(2, "reviews", 0, 1, started_at=0.0025, finished_at=0.0151, request_bytes=710, response_bytes=41_200, found=120, sent=9),
        asked(3, "stock", 1, started_at=None, finished_at=0.0012, found=0, sent=0),
    ],
    duration=0.0152,
)  # fmt: skip


def test_each_fetch_is_a_line_and_those_that_the_answer_waited_for_are_marked() -> None:
    assert TRACE.table() == [
        "  fetch       after  start ms   wait ms  sent kB  got kB  entities  unique  requests  shared  errors  |0               15.20 ms|",
        "* 0 accounts      -      0.10      2.30     0.05    0.42         -       -         1       0       0  |====                    |",
        "  1 products      -      0.10      1.10     0.06    0.31         -       -         1       1       0  |==                      |",
        "* 2 reviews    0, 1      2.50     12.60     0.71   41.20       120       9         1       0       0  |   =====================|",
        "  3 stock         1         -  not sent     0.00    0.00         0       0         0       0       0  |                        |",
        "critical path (*): 0 > 2, 14.90 of 15.20 ms",
    ]


def test_numbers_are_in_milliseconds_and_bytes() -> None:
    shown = TRACE.shown()
    assert (shown["durationMs"], shown["criticalPath"], shown["table"]) == (15.2, [0, 2], TRACE.table())
    assert shown["fetches"][2] == {
        "id": 2,
        "service": "reviews",
        "query": "{ a }",
        "dependsOn": [0, 1],
        "isCritical": True,
        "readyMs": 0.0,
        "startMs": 2.5,
        "waitMs": 12.6,
        "endMs": 15.1,
        "requests": 1,
        "sharedInFlight": 0,
        "requestBytes": 710,
        "responseBytes": 41_200,
        "entitiesFound": 120,
        "entitiesSent": 9,
        "errors": 0,
    }
    assert (shown["fetches"][0]["entitiesFound"], shown["fetches"][3]["startMs"]) == (None, None)


def test_critical_path_goes_back_by_what_was_done_last() -> None:
    fetches = [
        asked(0, "slow", started_at=0.0, finished_at=0.3),
        asked(1, "quick", started_at=0.0, finished_at=0.1),
        asked(2, "both", 0, 1, started_at=0.3, finished_at=0.4),
        asked(3, "long", 1, started_at=0.1, finished_at=0.5),
    ]
    assert Trace(fetches[:3], 0.4).critical_path() == (0, 2)
    assert Trace(fetches, 0.5).critical_path() == (1, 3)


def test_nothing_to_fetch_is_said_so() -> None:
    shown = Trace([], 0.001).shown()
    assert (shown["table"], shown["criticalPath"], shown["fetches"]) == (["no subgraph was asked"], [], [])


def executable_of(text: str, transport: FakeTransport) -> Executable:
    supergraph = read_supergraph(shop_supergraph())
    services = [SubgraphEndpoint(name, url) for name, url in supergraph.subgraphs.items()]
    executor = Executor(transport=transport, services=services, api_schema=supergraph.api)
    operation = normalized(supergraph, text)
    return executor.prepare(plan(operation, supergraph), operation)


def traced(**more: Any) -> ExecutionRequest:
    return ExecutionRequest(deadline=asyncio.get_running_loop().time() + 5, is_traced=True, **more)


async def test_only_who_joins_a_request_in_flight_has_shared_it() -> None:
    transport = FakeTransport({"goods": lambda _: {"data": {"goods": [{"__typename": "Good", "id": "1"}]}}})
    transport.hold("goods")
    executable = executable_of("{ goods { id } }", transport)
    running = [asyncio.create_task(executable.execute(traced())) for _ in range(2)]
    await transport.until_sent("goods")
    transport.release("goods")
    answers = [await task for task in running]
    assert [answer.trace.fetches[0].shared for answer in answers if answer.trace is not None] == [0, 1]
    assert [sent.service for sent in transport.sent] == ["goods"]


async def test_time_that_a_subgraph_took_is_seen_below_a_millisecond() -> None:
    """The clock of the loop would not do: that of uvloop counts whole milliseconds."""
    transport = FakeTransport({"goods": lambda _: {"data": {"goods": []}}})
    answer = await executable_of("{ goods { id } }", transport).execute(traced())
    assert answer.trace is not None
    (fetch,) = answer.trace.fetches
    assert fetch.started_at is not None
    assert 0.0 < fetch.ready_at < fetch.started_at < fetch.finished_at < answer.trace.duration


async def test_an_event_of_a_subscription_is_not_called_shared() -> None:
    event = {"data": {"renamed": {"__typename": "Good", "id": "1"}}}
    executable = executable_of("subscription { renamed { id } }", FakeTransport({"goods": lambda _: [event]}))
    (answer,) = [answer async for answer in executable.subscribe(traced())]
    assert answer.trace is not None
    assert (answer.trace.fetches[0].shared, answer.trace.fetches[0].requests) == (0, 1)


async def test_a_trace_goes_on_with_what_was_known_before_it() -> None:
    known = {"trace": {"planIsCached": True}, "other": 1}
    answer = await executable_of("{ __typename }", FakeTransport({})).execute(traced(extensions=known))
    extensions = answer.decoded()["extensions"]
    assert (extensions["other"], extensions["trace"]["planIsCached"]) == (1, True)
    assert list(extensions["trace"])[:2] == ["planIsCached", "durationMs"]
