"""Introspection is made beside the event loop, once for each selection, and remembered."""

import asyncio
import threading
from typing import Any

import pytest
from graphql import ExecutionResult, build_schema, execute_sync

from gateway.execution.interpreter import introspection
from gateway.execution.interpreter.introspection import Introspection, Introspector, compile_introspection
from gateway.operation.normalize import normalize
from gateway.operation.parse import parse_document

SCHEMA = build_schema("type Query { a: Int t(x: Int): T } type T { b: String }")


@pytest.fixture
def executions(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The thread and the number of root fields of each execution."""
    seen: list[tuple[int, int]] = []

    def counting(schema: Any, document: Any, **more: Any) -> ExecutionResult:
        seen.append((threading.get_ident(), len(document.definitions[0].selection_set.selections)))
        return execute_sync(schema, document, **more)

    monkeypatch.setattr("gateway.execution.interpreter.introspection.execute_sync", counting)
    return seen


def soon(seconds: float = 60.0) -> float:
    """A moment of the loop's clock."""
    return asyncio.get_running_loop().time() + seconds


def compiled(text: str, introspector: Introspector) -> Introspection:
    document = parse_document(text, max_tokens=1000)
    (definition,) = document.operations.values()
    made = compile_introspection(
        normalize(document, definition, SCHEMA, conditions={}, refuse=lambda *_: None), introspector
    )
    assert made is not None
    return made


async def test_it_is_made_in_another_thread(executions: list[tuple[int, int]]) -> None:
    answer = await compiled("{ __schema { queryType { name } } }", Introspector(SCHEMA)).answer({}, deadline=soon())
    assert answer == {"__schema": {"queryType": {"name": "Query"}}}
    assert executions[0][0] != threading.get_ident()


async def test_a_selection_under_several_names_is_made_once(executions: list[tuple[int, int]]) -> None:
    text = '{ a: __type(name: "T") { name } b: __type(name: "T") { name } c: __type(name: "Query") { name } }'
    answer = await compiled(text, Introspector(SCHEMA)).answer({}, deadline=soon())
    assert answer == {"a": {"name": "T"}, "b": {"name": "T"}, "c": {"name": "Query"}}
    assert [fields for _, fields in executions] == [2]


async def test_it_is_remembered_by_what_is_asked_not_by_its_names(executions: list[tuple[int, int]]) -> None:
    introspector = Introspector(SCHEMA)
    first = compiled("{ a: __schema { types { name } } }", introspector)
    second = compiled("query Other { b: __schema { types { name } } }", introspector)
    answers = await asyncio.gather(*(one.answer({}, deadline=soon()) for one in (first, second, first, second)))
    assert answers[0] is not None
    assert answers[1] is not None
    assert answers[0]["a"] == answers[1]["b"]
    assert len(executions) == 1


async def test_what_depends_on_a_variable_is_made_for_each_value(executions: list[tuple[int, int]]) -> None:
    asked = compiled("query ($n: String!) { __type(name: $n) { name } }", Introspector(SCHEMA))
    assert await asked.answer({"n": "T"}, deadline=soon()) == {"__type": {"name": "T"}}
    assert await asked.answer({"n": "Query", "other": 1}, deadline=soon()) == {"__type": {"name": "Query"}}
    assert len(executions) == 2


async def test_no_more_answers_are_remembered_than_the_bound() -> None:
    introspector = Introspector(SCHEMA)
    for number in range(introspection.MAX_REMEMBERED + 1):
        await compiled(f'{{ __type(name: "T{number}") {{ name }} }}', introspector).answer({}, deadline=soon())
    assert len(introspector._remembered) == introspection.MAX_REMEMBERED


async def test_request_gives_up_its_turn_at_its_deadline(executions: list[tuple[int, int]]) -> None:
    introspector, other_is_over = Introspector(SCHEMA), threading.Event()
    other = introspector._thread.submit(other_is_over.wait, 60)
    asked = compiled("{ __schema { types { name } } }", introspector)
    try:
        assert await asked.answer({}, deadline=soon(0.01)) is None
    finally:
        other_is_over.set()
    await asyncio.wrap_future(other)
    await asyncio.wrap_future(introspector._thread.submit(lambda: None))
    assert executions == []


@pytest.mark.parametrize("ends", ["deadline", "client leaves"])
async def test_answer_that_nothing_waits_for_is_not_made_to_its_end(monkeypatch: pytest.MonkeyPatch, ends: str) -> None:
    begun, is_over = threading.Event(), threading.Event()
    made: list[ExecutionResult] = []

    def begin(schema: Any, document: Any, **more: Any) -> ExecutionResult:
        begun.set()
        assert is_over.wait(60)
        made.append(execute_sync(schema, document, **more))
        return made[0]

    monkeypatch.setattr("gateway.execution.interpreter.introspection.execute_sync", begin)
    introspector = Introspector(SCHEMA)
    asked = compiled("{ __schema { types { name fields { name } } } }", introspector)
    waiting = asyncio.create_task(asked.answer({}, deadline=soon(0.01 if ends == "deadline" else 60.0)))
    if ends == "client leaves":
        await asyncio.to_thread(begun.wait, 60)
        waiting.cancel()
    await asyncio.wait([waiting])
    is_over.set()
    await asyncio.wrap_future(introspector._thread.submit(lambda: None))
    assert not made or (made[0].data is None and made[0].errors)
    assert len(introspector._remembered) == 0
    assert waiting.cancelled() if ends == "client leaves" else waiting.result() is None
