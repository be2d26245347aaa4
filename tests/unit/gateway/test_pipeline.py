"""A plan is made once for everything that it depends on, and never used for anything else."""

import asyncio
import gc
import threading
import tracemalloc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import parse

from gateway.errors import ClientError
from gateway.execution.transport.http import HttpTransport
from gateway.operation.access import ANONYMOUS, Caller
from gateway.operation.cost import estimate
from gateway.operation.model import Operation
from gateway.pipeline import Hot, Pipeline, Ready, Request
from gateway.planning.plan import Plan
from gateway.planning.planner import plan
from gateway.planning_thread import PlanningThread
from gateway.server import supergraphs
from gateway.server.supergraphs import LoadedSupergraph, make_pipeline
from gateway.settings import CacheSettings, LimitSettings, Settings
from gateway.supergraph.costs import read_cost_rules
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph
from tests.support.gateway import shop_supergraph

CONDITIONAL = "query ($no: Boolean!) { goods { id name @skip(if: $no) } }"


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    transport = HttpTransport()
    yield transport
    await transport.close()


def pipeline_of(transport: HttpTransport, text: str = shop_supergraph(), settings: Settings | None = None) -> Pipeline:
    told = settings or Settings()
    costs = read_cost_rules(parse(text)) if told.limits.counts_costs else None
    return make_pipeline(LoadedSupergraph(read_supergraph(text), costs), told, transport, PlanningThread())


def ready(pipeline: Pipeline, text: str, caller: Caller = ANONYMOUS, **variables: Any) -> Ready:
    deadline = asyncio.get_running_loop().time() + 5
    return pipeline.make(Request(text, None, variables, deadline, caller=caller))


async def test_equal_requests_share_a_plan(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport)
    first = ready(pipeline, "query ($n: Int) { goods(first: $n) { id } }", n=1)
    second = ready(pipeline, "query ($n: Int) { goods(first: $n) { id } }", n=2)
    assert first.planned is second.planned
    assert (first.variables, second.variables) == ({"n": 1}, {"n": 2})


def wide(number: int, fields: int = 100) -> str:
    """An operation with so many fields, under names of its own."""
    return "{ goods { " + " ".join(f"a{number}_{field}: name" for field in range(fields)) + " } }"


async def test_plans_are_bounded_in_bytes(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport, settings=Settings(cache=CacheSettings(plan_bytes=2_000_000)))
    made = [ready(pipeline, wide(number)).planned for number in range(30)]
    remembered = [ready(pipeline, wide(number)).planned is made[number] for number in reversed(range(30))]
    assert (remembered[0], remembered[-1]) == (True, False)
    last = ready(pipeline, wide(0)).planned
    too_large = wide(1, fields=450)
    assert ready(pipeline, too_large).planned is not ready(pipeline, too_large).planned
    assert ready(pipeline, wide(0)).planned is last


async def test_plans_take_about_the_bytes_that_they_are_counted_with(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport)
    ready(pipeline, wide(99)).planned.executable.compile()
    gc.collect()
    tracemalloc.start()
    try:
        before, counted = tracemalloc.get_traced_memory()[0], pipeline._plans._bytes
        for number in range(10):
            ready(pipeline, wide(number)).planned.executable.compile()
        gc.collect()
        taken, counted = tracemalloc.get_traced_memory()[0] - before, pipeline._plans._bytes - counted
    finally:
        tracemalloc.stop()
    assert taken / 3 < counted < taken * 3


async def test_conditions_have_plans_of_their_own(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport)
    with_name, without = ready(pipeline, CONDITIONAL, no=False), ready(pipeline, CONDITIONAL, no=True)
    assert "name" in with_name.planned.executable.plan.fetches[0].document
    assert "name" not in without.planned.executable.plan.fetches[0].document
    assert with_name.planned.digest != without.planned.digest
    assert ready(pipeline, CONDITIONAL, no=True).planned is without.planned


async def test_a_condition_that_is_null_is_refused(transport: HttpTransport) -> None:
    text = "query ($no: Boolean = true) { goods { id name @skip(if: $no) } }"
    with pytest.raises(ClientError) as refused:
        ready(pipeline_of(transport), text, no=None)
    assert refused.value.code == "BAD_USER_INPUT"


async def test_callers_share_a_plan_exactly_if_they_may_the_same(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport)
    text = "{ account(id: 1) { nickname mail } }"
    ann, eve = Caller(subject="ann"), Caller(subject="eve", scopes=frozenset({"unrelated"}))
    reader = Caller(subject="bob", scopes=frozenset({"mail:read"}))
    assert ready(pipeline, text, ann).planned is ready(pipeline, text, eve).planned
    assert ready(pipeline, text, ann).planned is not ready(pipeline, text, reader).planned
    assert ready(pipeline, text, ann).planned is not ready(pipeline, text).planned
    open_text = "{ account(id: 1) { nickname } }"
    assert ready(pipeline, open_text, reader).planned is ready(pipeline, open_text).planned


async def test_a_plan_that_was_there_is_told_from_one_that_was_made(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport)
    deadline = asyncio.get_running_loop().time() + 5
    asked = Request("{ goods { id } }", None, {}, deadline, shows_plan=True, is_traced=True)
    for is_cached in (False, True):
        extensions = (await pipeline.ready(asked)).extensions
        assert extensions is not None
        assert extensions["queryPlan"]["isCached"] is is_cached
        assert extensions["trace"]["planIsCached"] is is_cached
        assert extensions["trace"]["preparedInMs"] > 0
    assert ready(pipeline, "{ goods { id } }").extensions is None


async def test_a_refused_field_is_in_no_fetch(transport: HttpTransport) -> None:
    planned = ready(pipeline_of(transport), "{ account(id: 1) { nickname mail badge } }").planned
    documents = [fetch.document for fetch in planned.executable.plan.fetches]
    assert len(documents) == 1
    assert "mail" not in documents[0]


async def test_a_new_schema_starts_with_the_plans_that_were_used_most(transport: HttpTransport) -> None:
    old, new = (
        pipeline_of(transport),
        pipeline_of(transport, shop_supergraph().replace("nickname: String", "nick: String")),
    )
    deadline = asyncio.get_running_loop().time() + 5
    for _ in range(3):
        ready(old, CONDITIONAL, no=True)
    ready(old, "{ account(id: 1) { nickname } }")
    assert old.hottest(1) == [Hot(CONDITIONAL, None, (True,), frozenset(), frozenset())]
    assert new.warm(old.hottest(10)) == 1
    assert new.recall(Request(CONDITIONAL, None, {"no": True}, deadline)) is not None
    assert new.recall(Request(CONDITIONAL, None, {"no": False}, deadline)) is None
    with pytest.raises(ClientError):
        ready(new, "{ account(id: 1) { nickname } }")


async def test_a_new_schema_starts_with_the_plans_of_callers_with_the_same_rights(transport: HttpTransport) -> None:
    """Its rules have other bits for the same rights, since it demands something else first."""
    old = pipeline_of(transport)
    demanding = '  nickname: String @join__field(graph: ACCOUNTS) @requiresScopes(scopes: [["names"]])\n  mail: String'
    text = (
        shop_supergraph()
        .replace("  nickname: String @join__field(graph: ACCOUNTS)\n", "")
        .replace("  mail: String", demanding)
    )
    assert text.count("nickname") == 1
    new = pipeline_of(transport, text)
    query = "{ account(id: 1) { mail badge } }"
    reader = Caller(subject="bob", scopes=frozenset({"mail:read"}))
    deadline = asyncio.get_running_loop().time() + 5
    for _ in range(2):
        ready(old, query, reader)
    assert new.warm(old.hottest(10)) == 1
    warmed = new.recall(Request(query, None, {}, deadline, caller=reader))
    assert warmed is not None
    assert "mail" in warmed.planned.executable.plan.fetches[0].document
    for other in (ANONYMOUS, Caller(subject="eve")):
        assert new.recall(Request(query, None, {}, deadline, caller=other)) is None


async def test_no_more_plans_are_remembered_than_the_settings_say(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport, settings=Settings(cache=CacheSettings(plans=3)))
    texts = [f"{{ goods {{ a{number}: id }} }}" for number in range(10)]
    for text in texts:
        ready(pipeline, text)
    deadline = asyncio.get_running_loop().time() + 5
    remembered = [text for text in texts if pipeline.recall(Request(text, None, {}, deadline)) is not None]
    assert remembered == texts[-3:]


async def test_while_a_plan_is_made_what_is_remembered_is_answered_and_equal_requests_wait_for_it(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end = threading.Event(), threading.Event()
    made: list[str] = []

    def slow_plan(operation: Operation, supergraph: Supergraph, **more: Any) -> Plan:
        made.append(operation.name or "")
        if operation.name == "Slow":
            began.set()
            assert may_end.wait(10)
        return plan(operation, supergraph, **more)

    monkeypatch.setattr(supergraphs, "plan", slow_plan)
    pipeline = pipeline_of(transport)
    deadline = asyncio.get_running_loop().time() + 10
    known, slow = (Request(f"query {name} {{ goods {{ id }} }}", None, {}, deadline) for name in ("Known", "Slow"))
    await pipeline.ready(known)
    waiting = [asyncio.create_task(pipeline.ready(slow)) for _ in range(3)]
    assert await asyncio.to_thread(began.wait, 10)
    assert pipeline.recall(known) is not None
    assert await pipeline.ready(known)
    assert not any(task.done() for task in waiting)
    may_end.set()
    first, *others = [ready.planned for ready in await asyncio.gather(*waiting)]
    assert all(other is first for other in others)
    assert made == ["Known", "Slow"]


async def test_that_there_is_no_plan_is_remembered(transport: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Operation] = []

    def no_plan(operation: Operation, _supergraph: Supergraph, **_more: Any) -> Plan:
        tried.append(operation)
        raise ClientError("Too much.", code="QUERY_TOO_COMPLEX")

    monkeypatch.setattr(supergraphs, "plan", no_plan)
    pipeline = pipeline_of(transport)
    for _ in range(3):
        with pytest.raises(ClientError, match="Too much"):
            await pipeline.ready(Request("{ goods { id } }", None, {}, asyncio.get_running_loop().time() + 10))
    assert len(tried) == 1


LIMITED = Settings(limits=LimitSettings(max_cost=20))


async def test_what_costs_too_much_is_refused_before_it_is_planned(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[Operation] = []

    def counted_plan(operation: Operation, supergraph: Supergraph, **more: Any) -> Plan:
        planned.append(operation)
        return plan(operation, supergraph, **more)

    monkeypatch.setattr(supergraphs, "plan", counted_plan)
    pipeline = pipeline_of(transport, settings=LIMITED)
    deadline = asyncio.get_running_loop().time() + 10
    plain = Request("{ goods(first: 21) { id } }", None, {}, deadline)
    text = "query ($n: Int) { goods(first: $n) { id } }"
    for _ in range(2):
        for request in (plain, Request(text, None, {"n": 21}, deadline)):
            with pytest.raises(ClientError, match="would cost 21"):
                await pipeline.ready(request)
    assert planned == []
    for request in (plain, Request(text, None, {"n": 21}, deadline)):
        with pytest.raises(ClientError, match="would cost 21"):
            pipeline.recall(request)
    assert (await pipeline.ready(Request(text, None, {"n": 20}, deadline))).cost == 20
    assert len(planned) == 1
    with pytest.raises(ClientError, match="would cost 21"):
        pipeline.recall(Request(text, None, {"n": 21}, deadline))


async def test_a_cost_that_takes_long_to_work_out_is_no_work_for_the_event_loop(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "MAX_INLINE_TERMS", 0)
    pipeline = pipeline_of(transport, settings=LIMITED)
    deadline = asyncio.get_running_loop().time() + 10
    text = "query ($n: Int) { goods(first: $n) { id } }"
    dear, first, second = (Request(text, None, {"n": size}, deadline) for size in (21, 1, 2))
    for request in (dear, first, second):
        assert pipeline.recall(request) is None
    for _ in range(2):
        with pytest.raises(ClientError, match="would cost 21"):
            await pipeline.ready(dear)
    assert (await pipeline.ready(first)).cost == 1
    assert pipeline.recall(second) is None
    assert (await pipeline.ready(second)).cost == 2
    for request, cost in ((first, 1), (second, 2)):
        recalled = pipeline.recall(request)
        assert recalled is not None
        assert recalled.cost == cost


async def test_a_closed_part_of_a_screen_is_not_counted(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport, settings=LIMITED)
    text = "query ($open: Boolean!) { goods { id } dear: goods(first: 1000) @include(if: $open) { id } }"
    assert ready(pipeline, text, open=False).cost == 5
    with pytest.raises(ClientError, match="would cost 1005"):
        ready(pipeline, text, open=True)


async def test_what_the_caller_may_not_see_is_not_counted(transport: HttpTransport) -> None:
    text = "{ me { nickname } goods { id } }"
    pipeline = pipeline_of(transport, settings=LIMITED)
    assert (ready(pipeline, text).cost, ready(pipeline, text, Caller(subject="ann")).cost) == (5, 6)


async def test_measuring_refuses_nothing_and_needs_no_limit(transport: HttpTransport) -> None:
    for limits in (
        LimitSettings(cost_mode="measure"),
        LimitSettings(cost_mode="measure", max_cost=20),
    ):
        pipeline = pipeline_of(transport, settings=Settings(limits=limits))
        measured = ready(pipeline, "query ($n: Int) { goods(first: $n) { id } }", n=30)
        assert measured.cost == 30
        assert measured.is_beyond_limit is (limits.max_cost is not None)


async def test_a_list_without_a_size_counts_ten_by_default(transport: HttpTransport) -> None:
    pipeline = pipeline_of(transport, settings=Settings(limits=LimitSettings(max_cost=1_000)))
    assert ready(pipeline, "{ account(id: 1) { friends { id } } }").cost == 1 + 10


class Watched(str):
    """A text that can be watched until it is gone."""

    __slots__ = ("__weakref__",)


@pytest.mark.parametrize(
    "text",
    [
        "query ($id: ID!) { account(id: $id) { nope } }",
        "query ($id: ID!) { goods(first: 21) { id } account(id: $id) { id } }",
    ],
)
async def test_a_remembered_refusal_holds_no_variables_of_those_it_refused(transport: HttpTransport, text: str) -> None:
    """Raised itself, it would hold the frames of the last request that it ended."""
    pipeline = pipeline_of(transport, settings=LIMITED)
    gone = []
    for _ in range(2):
        value = Watched("x" * 1000)
        gone.append(weakref.ref(value))
        with pytest.raises(ClientError):
            ready(pipeline, text, id=value)
        del value
    gc.collect()
    assert [reference() for reference in gone] == [None, None]
