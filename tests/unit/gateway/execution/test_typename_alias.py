"""``__typename`` as the alias of another field: the gateway still reads each object's type, and errors keep their paths."""

import asyncio
from typing import Any

import pytest

from gateway.execution.executor import Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from tests.support.execution import DictSubgraph
from tests.support.planning import composed, normalized, planned
from tests.unit.gateway.execution.test_failed_requirements import Fails, answer

PETS = """
    type Query { pet(id: ID): Pet pets: [Pet!] any: [Any] owned: [Owned] }
    interface Owned { id: ID! owner: Owner }
    interface Pet implements Owned { id: ID! name: String! owner: Owner friends: [Pet!] }
    type Cat implements Pet & Owned KEY { id: ID! name: String! lives: Int! owner: Owner friends: [Pet!] }
    type Dog implements Pet & Owned KEY { id: ID! name: String! breed: String! owner: Owner friends: [Pet!] }
    type Owner KEY { id: ID! name: String }
    union Any = Cat | Dog | Owner
"""
VETS = """
    type Cat KEY { id: ID! weight: Int nick: String! }
    type Dog KEY { id: ID! weight: Int }
    type Owner KEY { id: ID! phone: String name: String EXTERNAL  card: String REQUIRES }
"""
FEDERATED = {"KEY": '@key(fields: "id")', "EXTERNAL": "@external", "REQUIRES": '@requires(fields: "name")'}


def written(sdl: str, directives: dict[str, str]) -> str:
    for name in FEDERATED:
        sdl = sdl.replace(name, directives.get(name, ""))
    return sdl


SUPERGRAPH = composed(pets=written(PETS, FEDERATED), vets=written(VETS, FEDERATED))

OWNER = {"__typename": "Owner", "id": "o", "name": "Ada"}
CAT: dict[str, Any] = {"__typename": "Cat", "id": "c", "name": "Tom", "lives": 9, "owner": OWNER, "friends": []}
DOG: dict[str, Any] = {"__typename": "Dog", "id": "d", "name": "Rex", "breed": "pug", "owner": None, "friends": [CAT]}


def subgraphs(phone: Any = "123") -> dict[str, Any]:
    pets = {"pet": CAT, "pets": [CAT, DOG], "any": [DOG, OWNER, CAT], "owned": [CAT, DOG]}
    entities: dict[str, Any] = {
        "Cat": {"c": {"weight": 4, "nick": "Tommy"}},
        "Dog": {"d": {"weight": 9}},
        "Owner": {"o": {"phone": phone, "card": "Card"}},
    }
    return {
        "pets": DictSubgraph(written(PETS, {}), pets),
        "vets": DictSubgraph(written(VETS, {}), entities=entities),
    }


CASES = {
    "of a leaf": ("{ pet { __typename: name } }", {"pet": {"__typename": "Tom"}}),
    "of the root's fields": ("{ __typename: pet { name } }", {"__typename": {"name": "Tom"}}),
    "of an object in an object": (
        "{ __typename: pet { __typename: owner { __typename: name } } }",
        {"__typename": {"__typename": {"__typename": "Ada"}}},
    ),
    "of a list": ("{ __typename: pets { __typename: name } }", {"__typename": [{"__typename": "Tom"}, {"__typename": "Rex"}]}),
    "beside the real one": (
        "{ pets { t: __typename __typename: id } }",
        {"pets": [{"t": "Cat", "__typename": "c"}, {"t": "Dog", "__typename": "d"}]},
    ),
    "beside the name that would replace it": (
        "{ typename_1: pets { typename_2: id __typename: name } }",
        {"typename_1": [{"typename_2": "c", "__typename": "Tom"}, {"typename_2": "d", "__typename": "Rex"}]},
    ),
    "in exclusive fragments": (
        "{ any { ... on Cat { __typename: name } ... on Dog { __typename } ... on Owner { __typename: id weight: phone } } }",
        {"any": [{"__typename": "Dog"}, {"__typename": "o", "weight": "123"}, {"__typename": "Tom"}]},
    ),
    "of other fields in exclusive fragments": (
        "{ pets { ... on Cat { __typename: nick } ... on Dog { __typename: breed weight } } }",
        {"pets": [{"__typename": "Tommy"}, {"__typename": "pug", "weight": 9}]},
    ),
    "of fields of another subgraph": (
        "{ pets { ... on Cat { __typename: weight } ... on Dog { __typename: weight } } }",
        {"pets": [{"__typename": 4}, {"__typename": 9}]},
    ),
    "of a field that is part of a key": (
        "{ pets { __typename: id ... on Cat { weight } } }",
        {"pets": [{"__typename": "c", "weight": 4}, {"__typename": "d"}]},
    ),
    "of a requirement": ("{ pet { owner { __typename: name card } } }", {"pet": {"owner": {"__typename": "Ada", "card": "Card"}}}),
    "of the field that requires": ("{ pet { owner { __typename: card } } }", {"pet": {"owner": {"__typename": "Card"}}}),
    "in named fragments, in the client's order": (
        "{ owned { ...F id ... on Dog { x: breed } } } fragment F on Owned { __typename: owner { name } ... on Cat { weight } }",
        {
            "owned": [
                {"__typename": {"name": "Ada"}, "weight": 4, "id": "c"},
                {"__typename": None, "id": "d", "x": "pug"},
            ]
        },
    ),
    "merged": (
        "{ pet { __typename: owner { name } ... on Cat { __typename: owner { phone } } } }",
        {"pet": {"__typename": {"name": "Ada", "phone": "123"}}},
    ),
    "of objects below objects": (
        "{ pets { __typename: friends { __typename: name ... on Cat { lives } } } }",
        {"pets": [{"__typename": []}, {"__typename": [{"__typename": "Tom", "lives": 9}]}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("case", CASES)
async def test_another_field_may_have_that_alias(case: str, times: int) -> None:
    text, data = CASES[case]
    answered = await answer(SUPERGRAPH, text, subgraphs(), times=times)
    assert answered == {"data": data}
    assert str(answered["data"]) == str(data)  # in the same order


async def test_errors_have_the_clients_path() -> None:
    text = "{ __typename: pets { __typename: owner { __typename: phone name } } }"
    answered = await answer(SUPERGRAPH, text, subgraphs(Fails("no phone")))
    assert answered["data"] == {
        "__typename": [{"__typename": {"__typename": None, "name": "Ada"}}, {"__typename": None}]
    }
    assert [error["path"] for error in answered["errors"]] == [["__typename", 0, "__typename", "__typename"]]


async def test_errors_of_values_have_the_clients_path() -> None:
    bad = subgraphs()
    bad["pets"] = DictSubgraph(written(PETS, {}), {"pets": [{**CAT, "name": None}]})
    answered = await answer(SUPERGRAPH, "{ pets { __typename: name ... on Cat { weight } } }", bad)
    assert answered["data"] == {"pets": None}
    assert [error["path"] for error in answered["errors"]] == [["pets", 0, "__typename"]]
    bad["pets"] = lambda _request: {"data": {"pets": [{"__typename": "Cat", "typename_1": None}]}}
    answered = await answer(SUPERGRAPH, "{ pets { __typename: name } }", bad)
    assert [error["path"] for error in answered["errors"]] == [["pets", 0, "__typename"]]


async def test_errors_of_a_subgraph_that_is_down_have_the_clients_path() -> None:
    down = {**subgraphs(), "vets": lambda _request: {"errors": [{"message": "away"}]}}
    answered = await answer(SUPERGRAPH, "{ pet { owner { __typename: phone } } }", down)
    assert answered["data"] == {"pet": {"owner": {"__typename": None}}}
    assert [error["path"] for error in answered["errors"]] == [["pet", "owner", "__typename"]]


async def test_introspection_fields_may_have_that_alias() -> None:
    text = '{ __typename: __type(name: "Cat") { __typename: name kind } __schema { __typename: queryType { __typename: name x: __typename } } }'
    answered = await answer(SUPERGRAPH, text, subgraphs())
    assert answered == {
        "data": {
            "__typename": {"__typename": "Cat", "kind": "OBJECT"},
            "__schema": {"__typename": {"__typename": "Query", "x": "__Type"}},
        }
    }


async def test_interface_objects_types_are_still_fetched() -> None:
    supergraph = composed(
        a='interface Pet @key(fields: "id") { id: ID! } type Cat implements Pet @key(fields: "id") { id: ID! lives: Int }',
        b='type Query { pets: [Pet] } type Pet @interfaceObject @key(fields: "id") { id: ID! toys: Int }',
    )
    known = {"__typename": "Cat", "id": "1", "lives": 9}
    fakes = {
        "a": lambda _request: {"data": {"_entities": [known]}},
        "b": DictSubgraph("type Query { pets: [Pet] } type Pet { id: ID! toys: Int }", {"pets": [{"id": "1", "toys": 2}]}),
    }  # fmt: skip
    text = "{ pets { __typename: toys real: __typename ... on Cat { lives } } }"
    answered = await answer(supergraph, text, fakes)
    assert answered == {"data": {"pets": [{"__typename": 2, "real": "Cat", "lives": 9}]}}


MUTATIONS = composed(
    a='type Query { a: Int } type Mutation { add(n: Int): T } type T @key(fields: "id") { id: ID! name: String }',
    b='type T @key(fields: "id") { id: ID! other: String } type Mutation { other: Int } type Subscription { told: T told2: Int }',
)


async def test_mutations_run_in_order() -> None:
    def count(_info: Any, n: int) -> dict[str, str]:
        order.append(n)
        return {"id": str(n), "name": f"t{n}"}

    order: list[int] = []
    fakes = {
        "a": DictSubgraph("type Query { a: Int } type Mutation { add(n: Int): T } type T { id: ID! name: String }", {"add": count}),
        "b": DictSubgraph("type T { id: ID! other: String } type Query { x: Int }", entities={"T": {"1": {"other": "o"}, "2": {"other": "p"}}}),
    }  # fmt: skip
    text = "mutation { __typename: add(n: 1) { __typename: name other } x: add(n: 2) { __typename: other } }"
    answered = await answer(MUTATIONS, text, fakes)
    assert answered == {"data": {"__typename": {"__typename": "t1", "other": "o"}, "x": {"__typename": "p"}}}
    assert order == [1, 2]


async def test_events_of_a_subscription_have_that_alias() -> None:
    text = "subscription { __typename: told { __typename: name o: other } }"
    fakes: dict[str, Any] = {
        "a": DictSubgraph("type T { id: ID! name: String }", entities={"T": {"1": {"name": "Ada"}}}),
        "b": lambda _request: [{"data": {"typename_1": {"__id": "1", "o": "more"}}}],
    }
    executor = Executor(
        transport=FakeTransport(fakes),
        services=[SubgraphEndpoint(name, url) for name, url in MUTATIONS.subgraphs.items()],
        api_schema=MUTATIONS.api,
    )
    executable = executor.prepare(planned(MUTATIONS, text), normalized(MUTATIONS, text))
    deadline = asyncio.get_running_loop().time() + 5
    answers = [each.decoded() async for each in executable.subscribe(ExecutionRequest(deadline=deadline))]
    assert answers == [{"data": {"__typename": {"__typename": "Ada", "o": "more"}}}]


def test_fast_path_is_for_other_operations_and_for_the_real_typename() -> None:
    assert "general path" in source("{ pets { __typename: name } }")
    assert "general path" not in source("{ pets { __typename: __typename t: __typename name } }")


def source(text: str) -> str:
    services = [SubgraphEndpoint(name, url) for name, url in SUPERGRAPH.subgraphs.items()]
    executor = Executor(transport=FakeTransport({}), services=services, api_schema=SUPERGRAPH.api)
    return executor.prepare(planned(SUPERGRAPH, text), normalized(SUPERGRAPH, text)).python_source()


def test_refusals_name_the_path_that_the_client_knows() -> None:
    assert normalized(SUPERGRAPH, "{ pets { __typename: name } }").answer_path(["pets", 0, "typename_1"]) == [
        "pets",
        0,
        "__typename",
    ]


def test_only_operations_with_that_alias_are_treated_so() -> None:
    assert normalized(SUPERGRAPH, "{ pets { __typename t: __typename x: name } }").stand_in is None
    assert normalized(SUPERGRAPH, "{ typename_1: pets { __typename: name } }").stand_in == "typename_2"
