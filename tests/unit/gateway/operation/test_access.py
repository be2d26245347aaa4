"""Access is decided by concrete type and field, through interfaces and through what other fields require."""

import asyncio

import pytest

from gateway.execution.executor import Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from gateway.operation.access import ANONYMOUS, SIGNED_IN, AccessRules, Caller
from gateway.operation.model import Field, Fragment, Operation, Refusal, walk_fields
from gateway.operation.normalize import normalize
from gateway.operation.parse import parse_document, select_operation
from gateway.planning.planner import plan
from gateway.supergraph.reader import read_supergraph
from tests.support.gateway import shop_supergraph
from tests.support.planning import GOLDENS

SUPERGRAPH = read_supergraph(shop_supergraph())
RULES = AccessRules(SUPERGRAPH)
ANN = Caller(subject="ann")


def refusal(caller: Caller, type_name: str, field_name: str) -> Refusal | None:
    return RULES.refusals(RULES.satisfied(caller))(type_name, field_name)


def normalised(text: str, caller: Caller) -> Operation:
    document = parse_document(text, max_tokens=1000)
    refuse = RULES.refusals(RULES.satisfied(caller))
    return normalize(document, select_operation(document, None), SUPERGRAPH.api, conditions={}, refuse=refuse)


def test_nobody_is_asked_to_sign_in_and_somebody_is_told_no() -> None:
    nobody, somebody = refusal(ANONYMOUS, "Account", "mail"), refusal(ANN, "Account", "mail")
    assert nobody is not None
    assert nobody.code == "UNAUTHENTICATED"
    assert somebody is not None
    assert somebody.code == "FORBIDDEN"


def test_open_fields_are_refused_to_nobody() -> None:
    assert refusal(ANONYMOUS, "Account", "nickname") is None
    assert refusal(ANONYMOUS, "Query", "goods") is None


@pytest.mark.parametrize("scopes", [{"mail:read"}, {"admin"}, {"admin", "more"}])
def test_one_alternative_of_the_scopes_is_enough(scopes: set[str]) -> None:
    assert refusal(Caller(subject="ann", scopes=frozenset(scopes)), "Account", "mail") is None


def test_roles_satisfy_policies() -> None:
    assert refusal(ANN, "Account", "staffNote") is not None
    assert refusal(Caller(subject="ann", roles=frozenset({"STAFF"})), "Account", "staffNote") is None


def test_a_field_demands_what_it_requires_demands() -> None:
    assert refusal(ANN, "Account", "badge") == Refusal("FORBIDDEN", 'You may not see "badge".')
    assert refusal(Caller(subject="ann", scopes=frozenset({"mail:read"})), "Account", "badge") is None


def test_a_field_demands_what_its_arguments_from_contexts_demand() -> None:
    text = (GOLDENS / "contexts" / "supergraph.graphql").read_text(encoding="utf-8")
    guarded = text.replace("money: String!", "money: String! @authenticated").replace(
        "{\n  query: Query\n}",
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)\n{\n  query: Query\n}',
    )
    rules = AccessRules(read_supergraph(guarded))
    refuse = rules.refusals(rules.satisfied(ANONYMOUS))
    assert refuse("Item", "price") == Refusal("UNAUTHENTICATED", 'Sign in to see "price".')
    assert refuse("Item", "label") is None


def test_a_field_of_an_interface_is_judged_for_each_type() -> None:
    (items,) = normalised("{ items { margin } }", ANN).selections
    assert isinstance(items, Field)
    judged = {
        fragment.type_condition: fragment.selections[0].refusal is not None
        for fragment in items.selections
        if isinstance(fragment, Fragment) and isinstance(fragment.selections[0], Field)
    }
    assert judged == {"Bundle": False, "Good": True}


@pytest.mark.parametrize(
    "text",
    [
        "{ goods { margin } }",
        "{ goods { m: margin } }",
        "{ items { ... on Good { margin } } }",
        "{ goods { ...F } } fragment F on Item { margin }",
        "{ goods { ... @include(if: true) { margin } } }",
    ],
)
def test_no_way_to_a_field_leads_around_its_demand(text: str) -> None:
    margins = [found for found in walk_fields(normalised(text, ANN).selections) if found.name == "margin"]
    assert margins
    assert all(found.refusal is not None and not found.selections for found in margins)


def test_a_plan_depends_on_the_caller_only_where_its_fields_demand_something() -> None:
    open_text = parse_document("{ goods { name } }", max_tokens=100)
    closed_text = parse_document("{ me { ...F } } fragment F on Account { mail }", max_tokens=100)
    assert RULES.relevant(open_text, select_operation(open_text, None)) == 0
    demanded = RULES.relevant(closed_text, select_operation(closed_text, None))
    assert demanded & SIGNED_IN
    with_scope = Caller(subject="bob", scopes=frozenset({"mail:read"}))
    assert RULES.satisfied(ANN) & demanded != RULES.satisfied(with_scope) & demanded
    assert RULES.satisfied(ANN) & demanded == RULES.satisfied(Caller(subject="eve")) & demanded


def test_rights_have_the_same_meaning_in_other_rules() -> None:
    other = AccessRules(read_supergraph(shop_supergraph().replace('[["goods:margin"]]', '[["margins"]]')))
    bob = Caller(subject="bob", scopes=frozenset({"mail:read", "goods:margin"}), roles=frozenset({"STAFF"}))
    rights = RULES.rights(RULES.satisfied(bob))
    assert RULES.bits(rights) == RULES.satisfied(bob)
    assert other.bits(rights) == other.satisfied(bob)
    assert RULES.rights(0) == frozenset()
    assert ("scopes", (frozenset({"goods:margin"}),)) in rights


CLOSED = read_supergraph(
    shop_supergraph()
    .replace("type Bundle implements Item", "type Bundle implements Item @authenticated")
    .replace("items: [Item!]!", "items: [Item]!")
)
ITEMS = [{"__typename": "Good", "id": "1", "name": "good"}, {"__typename": "Bundle", "id": "2", "name": "bundle"}]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("{ items { ... on Bundle { __typename } } }", [{}, None]),
        ("{ items { ... on Bundle { kind: __typename } } }", [{}, None]),
        ("{ items { __typename } }", [{"__typename": "Good"}, None]),
        (
            "{ items { ...F } } fragment F on Item { ... on Item { __typename name } }",
            [{"__typename": "Good", "name": "good"}, None],
        ),
        ("{ items { name } }", [{"name": "good"}, {"name": None}]),
    ],
)
@pytest.mark.parametrize("is_compiled", [False, True])
async def test_the_name_of_a_type_is_told_to_who_may_see_it(
    text: str, items: list[dict[str, str | None] | None], *, is_compiled: bool
) -> None:
    rules = AccessRules(CLOSED)
    document = parse_document(text, max_tokens=1000)
    for caller in (ANONYMOUS, ANN):
        refuse = rules.refusals(rules.satisfied(caller))
        definition = select_operation(document, None)
        operation = normalize(document, definition, CLOSED.api, conditions={}, refuse=refuse)
        transport = FakeTransport({"goods": lambda _request: {"data": {"items": ITEMS}}})
        services = [SubgraphEndpoint(name, url) for name, url in CLOSED.subgraphs.items()]
        executor = Executor(transport=transport, services=services, api_schema=CLOSED.api)
        executable = executor.prepare(plan(operation, CLOSED), operation)
        if is_compiled:
            executable.compile()
        answer = await executable.execute(ExecutionRequest(deadline=asyncio.get_running_loop().time() + 60))
        if caller is ANONYMOUS:
            assert answer.data["items"] == items
            assert {error["extensions"]["code"] for error in answer.errors} == {"UNAUTHENTICATED"}
            assert rules.relevant(document, definition) & SIGNED_IN
        else:
            assert answer.errors == []
            assert None not in answer.data["items"]
