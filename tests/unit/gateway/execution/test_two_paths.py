"""Two paths, one meaning: whatever subgraphs answer, the fast path and the general path give the same answer and ask the same.

The subgraphs here are liars: their answers are made from the selection they are asked for, and now and then something in them is
replaced by a null, a value of another type, a wrong length, an error, or no GraphQL at all.
"""

import asyncio
import hashlib
import random
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from gateway.execution import executor as executor_module
from gateway.execution.encoding import decode_json, encode_json
from gateway.execution.executor import Executable, Executor
from gateway.execution.request import Answer, ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from gateway.execution.transport.interface import Reply
from gateway.planning.plan import FetchedField, FetchedFragment, FetchedSelection, Plan
from gateway.planning.planner import plan as make_plan
from gateway.supergraph.reader import read_supergraph
from tests.support.examples import examples
from tests.support.execution import normalized

LINK = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
      import: ["@key", "@external", "@requires", "@shareable", "@inaccessible"])
"""
SDL = {
    "people": """
        type Query { users: [User!] me: User search: [Thing] node: Named }
        interface Named { id: ID! }
        union Thing = User | Product
        type User implements Named @key(fields: "id") {
          id: ID! name: String! age: Int favourite: Product owned: [Product!]!
        }
        type Product implements Named @key(fields: "id") { id: ID! }
    """,
    "shop": """
        scalar Blob
        enum Kind { TOOL TOY SECRET @inaccessible }
        type Query { grid: [[Product!]!] top: [Product] }
        type Product @key(fields: "id") {
          id: ID! title: String kind: Kind size: Blob mark: Blob! price: Int! tags: [String] dims: [Dims]
        }
        type Dims @shareable { w: Int h: Float! }
    """,
    "stock": """
        type User @key(fields: "id") { id: ID! score: Float! friends: [User] }
        type Product @key(fields: "id") {
          id: ID! price: Int! @external cost: Float @requires(fields: "price") inStock: Boolean owner: User
          tags: [String] @external dims: [Dims] @external volume: Int @requires(fields: "tags dims { w h }")
        }
        type Dims @shareable { w: Int h: Float! }
    """,
}
COMPOSED = compose([Subgraph(name, f"http://{name}.test/", LINK + sdl) for name, sdl in SDL.items()])
SUPERGRAPH = read_supergraph(COMPOSED.supergraph_sdl)
OPERATIONS = [
    "{ me { age name } users { name id } }",
    "{ users { name favourite { title kind size } owned { mark title price } } }",
    "{ users { score friends { name score friends { id name } } favourite { cost inStock } } top { cost title owner { name } } }",
    "{ grid { id price cost } top { inStock id } }",
    "{ search { __typename ... on User { id name score } ... on Product { title cost } } }",
    "{ search { ... on Product { title inStock } ... on User { name favourite { kind } } __typename } }",
    "{ node { id } other: node { __typename id ... on User { label: name friends { score } } } }",
    "{ top { volume title } users { favourite { dims { h } volume } } }",
    "{ a: me { favourite { owner { score } } } b: me { kind: __typename owned { owner { owned { cost } } } } }",
]
SERVICES = [SubgraphEndpoint(name, url) for name, url in SUPERGRAPH.subgraphs.items()]


class Liar:
    """Answers a selection with values that depend on the request and a seed alone.

    Args:
        lies: how likely, from 0 to 1, each value is to be replaced.
        absent: how likely an entity is unknown, which is no lie.
    """

    def __init__(self, plan: Plan, seed: int, lies: float, absent: float = 0.0) -> None:
        self._fetches = {fetch.document: fetch for fetch in plan.fetches}
        self._seed = seed
        self._lies = lies
        self._absent = absent

    def __call__(self, request: dict[str, Any]) -> Any:
        digest = hashlib.sha256(msgspec.json.encode([self._seed, request])).digest()
        dice = random.Random(digest)
        fetch = self._fetches[request["query"]]
        if dice.random() < self._lies:
            return dice.choice(
                [b"", b"{", b"null", Reply(500, "text/html", b"<h1>"), {"errors": [{"message": "no"}]}, {"data": None}]
            )
        if fetch.groups:
            data: Any = {}
            for group in fetch.groups:
                asked = request["variables"][group.variable]
                entities = [
                    None if dice.random() < self._absent else self._object(dice, group.selections, item["__typename"])
                    for item in asked
                ]
                if entities and dice.random() < self._lies:
                    entities.pop()
                data[group.alias] = entities
        else:
            data = self._object(dice, fetch.selections, "Query")
        response = {"data": data}
        if dice.random() < self._lies:
            response["errors"] = dice.choice(
                [None, [], [{"message": "oh"}], [{"message": "oh", "path": ["_entities", 0]}]]
            )
        return response

    def _object(self, dice: random.Random, selections: Sequence[FetchedSelection], type_name: str) -> Any:
        if dice.random() < self._lies / 2:
            return dice.choice([None, 5, [], "x"])
        found: dict[str, Any] = {}
        for item in self._flat(selections, type_name):
            if item.name == "__typename":
                found[item.response_name] = type_name if dice.random() >= self._lies / 4 else dice.choice(["Nobody", 5])
                continue
            found[item.response_name] = self._value(dice, item, item.wrappers)
            if dice.random() < self._lies / 4:
                del found[item.response_name]
        return found

    def _flat(self, selections: Sequence[FetchedSelection], type_name: str) -> list[FetchedField]:
        fields: dict[str, FetchedField] = {}
        for selection in selections:
            if isinstance(selection, FetchedFragment):
                inner = self._flat(selection.selections, type_name) if type_name in selection.types else []
            else:
                inner = [selection]
            for item in inner:
                fields.setdefault(item.response_name, item)
        return list(fields.values())

    def _value(self, dice: random.Random, item: FetchedField, wrappers: str) -> Any:
        if dice.random() < self._lies:
            return dice.choice([None, None, 7, "x", [], {}, True, 1.5, [None]])
        if not wrappers.startswith("!") and dice.random() < 0.1:
            return None
        wrappers = wrappers.removeprefix("!")
        if wrappers.startswith("["):
            return [self._value(dice, item, wrappers[1:]) for _ in range(dice.randrange(4))]
        possible = {"Thing": ["User", "Product"], "Named": ["User", "Product"]}.get(item.type_name, [item.type_name])
        if item.selections:
            return self._object(dice, item.selections, dice.choice(possible))
        match item.type_name:
            case "ID":
                return dice.choice(["1", "2", "3"])
            case "Int":
                return dice.choice([0, 1, -5])
            case "Float":
                return dice.choice([1, 2.5, 1e30])
            case "Boolean":
                return dice.choice([True, False])
            case "Kind":
                return dice.choice(["TOOL", "TOY"])
            case "Blob":
                return dice.choice(["b", 3, {"a": [1.5, None]}, 2**70])
            case _:
                return dice.choice(["Ada", "Büro \u2028", ""])


class Switched:
    """A transport that passes everything to another one, which each example exchanges."""

    def __init__(self) -> None:
        self.inner = FakeTransport({})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@cache
def prepared(text: str, *, is_compiled: bool) -> tuple[Executable, Switched]:
    operation = normalized(SUPERGRAPH.api, text)
    transport = Switched()
    executor = Executor(transport=transport, services=SERVICES, api_schema=SUPERGRAPH.api)
    executable = executor.prepare(make_plan(operation, SUPERGRAPH), operation)
    if is_compiled:
        executable.compile()
    return executable, transport


async def answered(
    text: str, seed: int, lies: float, *, is_compiled: bool, absent: float = 0.0
) -> tuple[Answer, list[tuple[str, bytes]]]:
    executable, switched = prepared(text, is_compiled=is_compiled)
    liar = Liar(executable.plan, seed, lies, absent)
    switched.inner = transport = FakeTransport(dict.fromkeys(SDL, liar))
    answer = await executable.execute(ExecutionRequest(deadline=asyncio.get_running_loop().time() + 5))
    return answer, sorted((sent.service, sent.body) for sent in transport.sent)


def same(body: bytes) -> bytes:
    """The same JSON with every number spelled one way: ``1e30`` and ``1E+30`` are one."""
    return encode_json(decode_json(body))


@pytest.fixture(autouse=True, scope="module")
def _by_command_only() -> Iterator[None]:
    """Plans are compiled where a test says so, however often they run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor_module, "COMPILE_AFTER", -1)
        yield


@examples(600)
@given(
    text=st.sampled_from(OPERATIONS),
    seed=st.integers(0, 2**32),
    lies=st.sampled_from([0.0, 0.0, 0.005, 0.02, 0.1]),
    absent=st.sampled_from([0.0, 0.3]),
)
def test_both_paths_answer_alike_and_ask_alike(text: str, seed: int, lies: float, absent: float) -> None:
    async def both() -> None:
        fast, asked_fast = await answered(text, seed, lies, is_compiled=True, absent=absent)
        general, asked_general = await answered(text, seed, lies, is_compiled=False, absent=absent)
        assert same(fast.body) == same(general.body)
        assert [(service, same(body)) for service, body in asked_fast] == [
            (service, same(body)) for service, body in asked_general
        ]

    asyncio.run(both())


@pytest.mark.parametrize("text", OPERATIONS)
async def test_the_fast_path_answers_alone_when_nothing_is_wrong(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = []
    monkeypatch.setattr(executor_module, "GeneralRun", lambda *_args, **_more: reached.append(1))
    answers = [await answered(text, seed, 0.0, is_compiled=True) for seed in range(3)]
    assert reached == []
    assert all(answer.error_count == 0 for answer, _ in answers)


async def test_an_entity_that_is_not_known_is_no_reason_to_leave_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_module, "GeneralRun", None)
    answer, _ = await answered("{ top { id inStock owner { id } } }", 1, 0.0, is_compiled=True, absent=1.0)
    assert any(answer.data["top"])
    assert all(product is None or product["inStock"] is None for product in answer.data["top"])
