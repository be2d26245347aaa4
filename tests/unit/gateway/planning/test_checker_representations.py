"""The checker must refuse plans whose representations leave out a nested part of a key or of a requirement."""

from dataclasses import replace

import pytest

from gateway.planning.check.checker import UnsoundPlan, check
from gateway.planning.plan import Plan, RepresentationBranch
from gateway.planning.planner import plan
from tests.support.planning import composed, normalized

SUPERGRAPH = composed(
    a="""
        type Query { goods: [Good] }
        type Good @key(fields: "id maker { id }") {
          id: ID! maker: Maker! @shareable size: Size @shareable thing: Thing @shareable
        }
        type Maker { id: ID! @shareable }
        type Size { width: Int @shareable height: Int @shareable }
        union Thing = Box | Bag
        type Box { depth: Int @shareable lid: Size @shareable }
        type Bag { colour: String @shareable }
    """,
    b="""
        type Good @key(fields: "id maker { id }") {
          id: ID! maker: Maker! @shareable size: Size @external thing: Thing @external
          price: Int
          fee: Int @requires(fields: "size { width height }")
          cover: Int @requires(fields: "thing { ... on Box { lid { width } depth } ... on Bag { colour } }")
        }
        type Maker { id: ID! @shareable }
        type Size { width: Int @shareable height: Int @shareable }
        union Thing = Box | Bag
        type Box { depth: Int @shareable lid: Size @shareable }
        type Bag { colour: String @shareable }
    """,
)


def stripped(made: Plan, *path: str) -> Plan:
    """The plan with a part of its one representation left out."""
    first, second = made.fetches
    (group,) = second.groups
    (representation,) = group.representations
    (branch,) = without((RepresentationBranch(None, representation.fields),), path)
    broken = replace(group, representations=(replace(representation, fields=branch.fields),))
    return replace(made, fetches=(first, replace(second, groups=(broken,))))


def without(branches: tuple[RepresentationBranch, ...], path: tuple[str, ...]) -> tuple[RepresentationBranch, ...]:
    name, *rest = path
    return tuple(
        replace(
            branch,
            fields=tuple(
                replace(field, branches=without(field.branches, tuple(rest))) if field.name == name else field
                for field in branch.fields
                if rest or field.name != name
            ),
        )
        for branch in branches
    )


@pytest.mark.parametrize(
    ("text", "path", "problem"),
    [
        ("{ goods { fee } }", ("size", "height"), r"size\.height of size \{ width height \}"),
        ("{ goods { cover } }", ("thing", "lid", "width"), r"thing\.lid\.width of "),
        ("{ goods { cover } }", ("thing", "colour"), r"thing\.colour of "),
        ("{ goods { price } }", ("maker", "id"), "a part of a key"),
    ],
    ids=["object", "object in a union", "union", "key"],
)
def test_plan_that_leaves_out_a_nested_part_is_refused(text: str, path: tuple[str, ...], problem: str) -> None:
    operation = normalized(SUPERGRAPH, text)
    made = plan(operation, SUPERGRAPH)
    check(made, operation, SUPERGRAPH)
    with pytest.raises(UnsoundPlan, match=problem):
        check(stripped(made, *path), operation, SUPERGRAPH)
