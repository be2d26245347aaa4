"""Every argument and input field of every subgraph, with what no client should send, on SQLite and on PostgreSQL.

One value is hostile at a time, beside others that could be sent. What comes back may be a refusal of any kind; it is never a fault of ours.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
from argon2 import PasswordHasher
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from starlette.applications import Starlette

from subgraphs import SERVICES
from subgraphs.kit.graph.cli import Deployable
from subgraphs.kit.graph.list_bounds import limit_of
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.keys import KeyRing
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.pagination import Cursors
from subgraphs.notification.seed import seed as seed_texts
from subgraphs.user.app import create_user_app
from subgraphs.user.passwords import Passwords
from subgraphs.user.resources import UserResources
from subgraphs.user.tokens import TokenKeys
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account
from tests.support.subgraph_schemas import schema_of
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

TOGETHER = 10
MANY = 50
NOWHERE = "http://127.0.0.1:9/graphql"
STAFF = account("staff-1", "BUYER", "SELLER", "SUPPORT", "ADMIN")
CALLER = replace(STAFF, caller="notification")
"""A service that calls for an account which may do all: it gets past each access rule."""

FOREIGN_CURSOR = Cursors(KeyRing.parse(CURSOR_KEYS)).encode("elsewhere", ["2026-01-01", "x", 1])

TEXTS = [
    "", " ", "\0", "a\0b", "\n", "\u202e", "\u200b", "\ufeff", "e\u0301", "\u00e9", "\u0416\u0443\u043a", "\u6f22\u5b57", "\u0639\u0631\u0628\u064a",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0010ffff", "%_\\", "'; --", "null", "-1", "9" * 5_000, "{{ 1/0 }}", "^(a+)+$",
    "[" * 200, '{"a":' * 200, "{}", '{"$ref":"http://127.0.0.1:9/"}', "x" * 100_000, uuid7().upper(), uuid7() + "x", FOREIGN_CURSOR,
    FOREIGN_CURSOR + "=", "x,y@example.org", "a.b.c",
]  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "String": TEXTS,
    "ID": [*TEXTS, 1, 2**31 - 1],
    "Int": [-1, 0, 2**31 - 1, -(2**31), 2**31, 1.5],
    "Float": [0, -1, 1e308, -1e308, 5e-324, 2**53 + 1],
    "Boolean": [False],
    "DateTime": [
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "2026", "", 1
    ],
    "MinorUnits": [-1, 0, 2**53 - 1, 2**53, -(2**53), 1.5],
    "JSON": [None, "a\0b", 2**64, [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]], {"a\0": 1}, list(range(2_000)), "x" * 100_000],
}  # fmt: skip
USUAL: dict[str, Any] = {
    "String": "x",
    "ID": uuid7(),
    "Int": 1,
    "Float": 1.5,
    "Boolean": True,
    "DateTime": "2026-01-01T00:00:00Z",
    "MinorUnits": 1,
    "JSON": {},
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A field with one hostile value.

    Attributes:
        operation: "query" or "mutation".
        owner: the entity that has the field; None for a root field.
        arguments: the values of its arguments, by name.
    """

    operation: str
    owner: str | None
    name: str
    field: GraphQLField
    arguments: dict[str, Any]


def usual(type_: Any) -> Any:
    """A value of an input type that could be sent."""
    bare = get_nullable_type(type_)
    if is_list_type(bare):
        return [usual(bare.of_type)]
    if isinstance(bare, GraphQLInputObjectType):
        return {name: usual(field.type) for name, field in bare.fields.items()}
    return next(iter(bare.values)) if isinstance(bare, GraphQLEnumType) else USUAL[bare.name]


def hostile(given: Any, type_: Any) -> Iterator[Any]:
    """The values of an argument or input field that should not be sent, each beside usual ones."""
    bare = get_nullable_type(type_)
    if not is_non_null_type(type_):
        yield None
    if is_list_type(bare):
        item, limit = usual(bare.of_type), limit_of(given) or 10
        yield from ([], [item] * limit, [item] * (limit + 1), [None])
        yield from ([each] for each in hostile(given, bare.of_type))
    elif isinstance(bare, GraphQLInputObjectType):
        yield {}
        whole = usual(bare)
        yield {name: whole[name] for name, field in bare.fields.items() if is_non_null_type(field.type)}
        for name, field in bare.fields.items():
            yield from ({**whole, name: each} for each in hostile(field, field.type))
    elif isinstance(bare, GraphQLEnumType):
        yield "NOTHING"
    else:
        yield from VALUES[bare.name]


def trials(name: str) -> Iterator[list[Trial]]:
    """The trials of each argument of each field of a subgraph."""
    schema = schema_of(name)._schema
    roots = {"query": schema.query_type, "mutation": schema.mutation_type}
    places: list[tuple[str, str | None, GraphQLObjectType]] = [
        (operation, None, root) for operation, root in roots.items() if root is not None
    ]
    places += [
        ("query", type_.name, type_)
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and "id" in type_.fields and type_ not in roots.values()
    ]
    for operation, owner, type_ in places:
        for field_name, field in type_.fields.items():
            if field_name.startswith("_"):
                continue
            whole = {each: usual(argument.type) for each, argument in field.args.items()}
            for argument_name, argument in field.args.items():
                yield [
                    Trial(operation, owner, field_name, field, {**whole, argument_name: value})
                    for value in hostile(argument, argument.type)
                ]


def document(together: list[Trial]) -> tuple[str, dict[str, Any]]:
    """One operation with the field under an alias for each trial, and its variables."""
    first = together[0]
    variables: dict[str, Any] = {}
    declared, fields = [], []
    selection = "" if is_leaf_type(get_named_type(first.field.type)) else " { __typename }"
    for number, trial in enumerate(together):
        given = []
        for name, value in trial.arguments.items():
            variable = f"{name}{number}"
            variables[variable] = value
            declared.append(f"${variable}: {first.field.args[name].type}")
            given.append(f"{name}: ${variable}")
        fields.append(f"a{number}: {first.name}({', '.join(given)}){selection}")
    body = " ".join(fields)
    if first.owner is not None:
        variables["r"] = [{"__typename": first.owner, "id": USUAL["ID"]}]
        declared.append("$r: [_Any!]!")
        body = f"_entities(representations: $r) {{ ... on {first.owner} {{ {body} }} }}"
    return f"{first.operation} ({', '.join(declared)}) {{ {body} }}", variables


@pytest.fixture(params=SERVICES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def opened_app(deployable: Deployable[Any], settings: Any) -> Starlette:
    """The application; the user service's hashes no password for long."""
    if deployable.name != "user":
        return deployable.app(settings)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return create_user_app(settings, UserResources.open(settings, passwords=cheap))


@pytest.fixture
def analytics_url(more_databases: Callable[[str], str]) -> str:
    return more_databases("analytics")


@pytest.fixture
async def subgraph(
    name: str, database_url: str, analytics_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[SubgraphUnderTest]:
    """The service with nobody to call."""
    deployable: Deployable[Any] = import_module(f"subgraphs.{name}.__main__").DEPLOYABLE
    keys = tmp_path / "keys" / "user-tokens.json"
    TokenKeys.rotate(keys)
    more: dict[str, dict[str, Any]] = {
        "user": {"token_keys_file": keys},
        "order": {"analytics_database_url": analytics_url},
        "payment": {"provider_url": NOWHERE, "provider_key": "k" * 20, "webhook_secret": "s" * 20},
    }
    everywhere = {f"{each}_url": NOWHERE for each in SERVICES}
    settings = cast("Callable[..., Any]", deployable.settings)(
        database_url=database_url,
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        **everywhere,
        **more.get(name, {}),
    )
    for each in deployable.databases(settings):
        await upgrade(each.url, each.migrations)
    if name == "notification":  # which needs its texts to tell anything
        (tmp_path / "orders.jsonl").touch()
        await seed_texts(settings, tmp_path)
    async with running_subgraph(opened_app(deployable, settings)) as running:
        yield running


async def test_no_value_of_an_argument_is_a_fault_of_ours(subgraph: SubgraphUnderTest, name: str) -> None:
    tried, faults = 0, set()
    for of_one_argument in trials(name):
        waiting = [of_one_argument[start : start + TOGETHER] for start in range(0, len(of_one_argument), TOGETHER)]
        while waiting:
            together = waiting.pop()
            query, variables = document(together)
            answer = await subgraph.answer(query, variables, by=CALLER)
            if answer.get("data") is None and len(together) > 1:  # one of them refused the document: one by one
                waiting += [[each] for each in together]
                continue
            tried += len(together)
            if "INTERNAL_SERVER_ERROR" in {error["extensions"]["code"] for error in answer.get("errors", [])}:
                faults.add(f"{together[0].owner}.{together[0].name} {[each.arguments for each in together]}"[:2_000])
    assert tried > MANY
    assert faults == set()
