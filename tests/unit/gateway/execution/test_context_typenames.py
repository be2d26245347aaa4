"""Arguments from contexts that take a ``__typename``: of what sets the context, or of an object below it."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.planning.check.checker import UnsoundPlan, check
from tests.support.execution import DictSubgraph
from tests.support.planning import composed, normalized, planned
from tests.unit.gateway.execution.test_failed_requirements import answer

SHOP = """
    type Query SETS_TOP { home: Home plans: [Plan] }
    interface Plan SETS_PLAN { id: ID! unit: Unit owner: Owner }
    type Free implements Plan { id: ID! unit: Unit owner: Owner }
    type Paid implements Plan { id: ID! unit: Unit owner: Owner price: Int }
    union Owner = Person | Team
    type Person { id: ID! name: String }
    type Team { id: ID! name: String }
    type Home SETS_HOME { id: ID! part: Part owner: Owner best: Plan }
    type Unit KEY { id: ID! OF_PLANS }
    type Part KEY { id: ID! OF_HOMES }
"""
OF_HOMES = """
    inHome(by: String @fromContext(field: "$home { __typename }")): String
    homeOf(by: String @fromContext(field: "$home { owner { ... on Person { __typename } ... on Team { __typename } } }")): String
    inTop(by: String! @fromContext(field: "$top { ... on Query { __typename } }")): String
    bestHome(by: String @fromContext(field: "$home { best { __typename } }")): String
"""
OF_PLANS = """
    inPlan(by: String @fromContext(field: "$plan { __typename }")): String
    ownedBy(by: String @fromContext(field: "$plan { owner { __typename } }")): String
"""
HOME_FIELDS, PLAN_FIELDS = ("inHome", "homeOf", "inTop", "bestHome"), ("inPlan", "ownedBy")


def shop(federated: dict[str, str]) -> str:
    sdl = SHOP
    for name, fields in (("OF_HOMES", HOME_FIELDS), ("OF_PLANS", PLAN_FIELDS)):
        sdl = sdl.replace(name, federated.get(name, " ".join(f"{field}(by: String): String" for field in fields)))
    for name in ("SETS_TOP", "SETS_PLAN", "SETS_HOME", "KEY"):
        sdl = sdl.replace(name, federated.get(name, ""))
    return sdl


SUPERGRAPH = composed(
    shop=shop(
        {
            "OF_HOMES": OF_HOMES,
            "OF_PLANS": OF_PLANS,
            "SETS_TOP": '@context(name: "top")',
            "SETS_PLAN": '@context(name: "plan")',
            "SETS_HOME": '@context(name: "home")',
            "KEY": '@key(fields: "id")',
        }
    ),
    size='type Part @key(fields: "id") { id: ID! size: Int }',
)


def given(_info: Any, by: str | None = None) -> str | None:
    return by and f"by {by}"


ON_PLANS, ON_HOMES = dict.fromkeys(PLAN_FIELDS, given), dict.fromkeys(HOME_FIELDS, given)
UNIT, PART = {"__typename": "Unit", "id": "u", **ON_PLANS}, {"__typename": "Part", "id": "p", **ON_HOMES}
PERSON, TEAM = {"__typename": "Person", "id": "p", "name": "Ada"}, {"__typename": "Team", "id": "t", "name": "Red"}
FREE = {"__typename": "Free", "id": "f", "unit": UNIT, "owner": PERSON}
PAID = {"__typename": "Paid", "id": "q", "unit": UNIT, "owner": TEAM, "price": 3}
HOME = {"__typename": "Home", "id": "h", "part": PART, "owner": TEAM, "best": FREE}
SUBGRAPHS: dict[str, Any] = {
    "shop": DictSubgraph(shop({}), {"home": HOME, "plans": [FREE, PAID]}, {"Unit": {"u": ON_PLANS}, "Part": {"p": ON_HOMES}}),
    "size": DictSubgraph("type Part { id: ID! size: Int }", entities={"Part": {"p": {"size": 4}}}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("{ home { part { inHome } } }", {"home": {"part": {"inHome": "by Home"}}}),
        ("{ home { owner { ... on Team { name } } part { inHome size } } }", {"home": {"owner": {"name": "Red"}, "part": {"inHome": "by Home", "size": 4}}}),
        ("{ plans { unit { inPlan } } }", {"plans": [{"unit": {"inPlan": "by Free"}}, {"unit": {"inPlan": "by Paid"}}]}),
        ("{ plans { unit { ownedBy } } }", {"plans": [{"unit": {"ownedBy": "by Person"}}, {"unit": {"ownedBy": "by Team"}}]}),
        ("{ home { part { homeOf bestHome } } }", {"home": {"part": {"homeOf": "by Team", "bestHome": "by Free"}}}),
        ("{ home { part { inTop inHome } } }", {"home": {"part": {"inTop": "by Query", "inHome": "by Home"}}}),
        ("{ plans { __typename: id ... on Paid { unit { inPlan } } } }", {"plans": [{"__typename": "f"}, {"__typename": "q", "unit": {"inPlan": "by Paid"}}]}),
        ("{ home { best { unit { inPlan } } } }", {"home": {"best": {"unit": {"inPlan": "by Free"}}}}),
    ],
)  # fmt: skip
async def test_argument_gets_the_name_of_the_concrete_type(text: str, data: Any) -> None:
    assert await answer(SUPERGRAPH, text, SUBGRAPHS) == {"data": data}


async def test_null_on_the_way_is_null() -> None:
    homeless = DictSubgraph(
        shop({}), {"home": {**HOME, "best": None}}, {"Unit": {"u": ON_PLANS}, "Part": {"p": ON_HOMES}}
    )
    answered = await answer(SUPERGRAPH, "{ home { part { bestHome } } }", {**SUBGRAPHS, "shop": homeless})
    assert answered == {"data": {"home": {"part": {"bestHome": None}}}}


def test_name_is_part_of_the_plan_and_not_fetched() -> None:
    made = planned(SUPERGRAPH, "{ plans { unit { inPlan } } }")
    (context,) = made.fetches[-1].groups[0].contexts
    assert {(origin.types, origin.value.source) for origin in context.origins} == {
        (frozenset({"Free"}), "Free"),
        (frozenset({"Paid"}), "Paid"),
    }


def test_checker_refuses_the_name_of_another_type() -> None:
    text = "{ plans { unit { inPlan } } }"
    made = planned(SUPERGRAPH, text)
    (group,) = made.fetches[-1].groups
    (context,) = group.contexts
    origins = tuple(replace(origin, value=replace(origin.value, source="Free")) for origin in context.origins)
    wrong = replace(group, contexts=(replace(context, origins=origins),))
    made = replace(made, fetches=(*made.fetches[:-1], replace(made.fetches[-1], groups=(wrong,))))
    with pytest.raises(UnsoundPlan, match="takes objects of Paid for Free"):
        check(made, normalized(SUPERGRAPH, text), SUPERGRAPH)
