"""Refusals are answered as members of result unions; see `kit.graph.result_unions`."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import strawberry
from strawberry import federation

from subgraphs.kit.graph.errors import (
    IdempotencyConflictError,
    NotFoundError,
    UserError,
    ValidationError,
    VersionConflictError,
    presented,
    shown,
)
from subgraphs.kit.graph.schema import make_schema
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.runtime.refusals import IdempotencyConflict, InvalidInput, NotFound, Refusal, VersionConflict


class Taken(Refusal):
    """Raised when the name belongs to somebody else."""

    code = "TAKEN"

    def __init__(self, suggestion: str) -> None:
        super().__init__("The name is taken", "input", "name")
        self.suggestion = suggestion


class Paused(Refusal):
    """Raised when nothing is taken; no union has a member for it."""

    code = "PAUSED"


@strawberry.type
class Done:
    said: str


@strawberry.type
class TakenError(UserError):
    suggestion: str


def answer_of(refusal: Refusal) -> UserError | None:
    return TakenError(**shown(refusal), suggestion=refusal.suggestion) if isinstance(refusal, Taken) else None


AllResult = Annotated[
    Done | TakenError | ValidationError | NotFoundError | VersionConflictError | IdempotencyConflictError,
    strawberry.union("AllResult"),
]
FewResult = Annotated[Done | NotFoundError, strawberry.union("FewResult")]
REFUSALS = {
    "taken": Taken("b"),
    "invalid": InvalidInput("It is wrong", "input", "name"),
    "absent": NotFound("The thing", "id"),
    "old": VersionConflict(7),
    "reused": IdempotencyConflict(),
    "paused": Paused("Not now"),
}


def said(what: str) -> Done:
    if what in REFUSALS:
        raise REFUSALS[what]
    return Done(said=what)


@strawberry.type
class Query:
    @strawberry.field
    def read(self, what: str) -> AllResult:
        return said(what)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def all(self, what: str) -> AllResult | None:
        return said(what)

    @strawberry.mutation
    async def few(self, what: str) -> FewResult | None:
        return said(what)

    @strawberry.mutation
    async def plain(self, what: str) -> bool | None:
        return bool(said(what))

    @federation.mutation(authenticated=True)
    async def own(self, what: str) -> AllResult | None:
        return said(what)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def follow(self, what: str) -> AsyncIterator[AllResult]:
        yield said(what)


schema = make_schema(query=Query, mutation=Mutation, subscription=Subscription, answer_of=answer_of)
ERROR = "... on Done { said } ... on UserError { code message path }"


def answer(operation: str) -> Any:
    context = SimpleNamespace(identity=Identity(caller="gateway"))
    result = asyncio.run(schema.execute(operation, context_value=context))
    if result.errors:
        return [error["extensions"]["code"] for error in map(presented, result.errors)]
    return next(iter((result.data or {}).values()))


def test_a_success_is_the_answer_itself() -> None:
    assert answer(f'mutation {{ all(what: "x") {{ __typename {ERROR} }} }}') == {"__typename": "Done", "said": "x"}


@pytest.mark.parametrize(
    ("what", "type_name", "path"),
    [
        ("taken", "TakenError", ["input", "name"]),
        ("invalid", "ValidationError", ["input", "name"]),
        ("absent", "NotFoundError", ["id"]),
        ("old", "VersionConflictError", ["expectedVersion"]),
        ("reused", "IdempotencyConflictError", ["idempotencyKey"]),
    ],
)
@pytest.mark.parametrize("field", ["query { read", "mutation { all"])
def test_a_refusal_is_the_member_of_the_union_that_answers_it(
    field: str, what: str, type_name: str, path: list[str]
) -> None:
    refusal = REFUSALS[what]
    expected = {"__typename": type_name, "code": refusal.code, "message": str(refusal), "path": path}
    assert answer(f'{field}(what: "{what}") {{ __typename {ERROR} }} }}') == expected


def test_a_member_has_the_fields_of_its_own() -> None:
    mutation = 'mutation { all(what: "%s") { ... on TakenError { suggestion } ... on VersionConflictError { currentVersion } } }'
    assert answer(mutation % "taken") == {"suggestion": "b"}
    assert answer(mutation % "old") == {"currentVersion": 7}


@pytest.mark.parametrize("what", ["taken", "invalid", "old", "reused", "paused"])
def test_a_refusal_without_a_member_is_an_error_with_its_code(what: str) -> None:
    assert answer(f'mutation {{ few(what: "{what}") {{ __typename }} }}') == [REFUSALS[what].code]


@pytest.mark.parametrize("what", REFUSALS)
def test_a_field_without_a_union_has_errors_alone(what: str) -> None:
    assert answer(f'mutation {{ plain(what: "{what}") }}') == [REFUSALS[what].code]


def test_access_is_denied_as_an_error_before_anything_is_refused() -> None:
    assert answer('mutation { own(what: "invalid") { __typename } }') == ["UNAUTHENTICATED"]


async def test_an_event_of_a_subscription_that_is_refused_is_an_error() -> None:
    context = SimpleNamespace(identity=Identity(caller="gateway"))
    stream: Any = await schema.subscribe('subscription { follow(what: "taken") { __typename } }', context_value=context)
    results = [result async for result in stream]
    assert [error["extensions"]["code"] for result in results for error in map(presented, result.errors or ())] == [
        "TAKEN"
    ]
