"""Arguments from contexts where schemas are less plain: abstract setters, roots, mutations, subscriptions, objects below the field."""

import asyncio
from typing import Any

import pytest

from gateway.execution.executor import Executable, Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from gateway.planning.check.checker import check
from gateway.planning.planner import plan
from gateway.supergraph.reader import read_supergraph
from tests.support.execution import DictSubgraph
from tests.support.planning import normalized

SUPERGRAPH = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)
{ query: Query mutation: Mutation subscription: Subscription }
enum join__Graph { TREES @join__graph(name: "trees", url: "http://trees") VEINS @join__graph(name: "veins", url: "http://veins") }
type Query @join__type(graph: TREES) @join__type(graph: VEINS) @context(name: "trees__top") {
  season: String! @join__field(graph: TREES)
  trees: [Tree] @join__field(graph: TREES)
  tree: Tree @join__field(graph: TREES)
  things: [Thing] @join__field(graph: TREES)
  plants: [Plant] @join__field(graph: TREES)
  place: Place @join__field(graph: TREES)
}
type Mutation @join__type(graph: TREES) { plant: Tree }
type Subscription @join__type(graph: TREES) { grown: Tree }
interface Plant @join__type(graph: TREES) @context(name: "trees__plant") { id: ID! kind: Kind! heights: [Int!]! leaves: [Leaf] }
type Tree implements Plant @join__implements(graph: TREES, interface: "Plant") @join__type(graph: TREES, key: "id") {
  id: ID! kind: Kind! heights: [Int!]! leaves: [Leaf] branch: Tree
}
type Bush implements Plant @join__implements(graph: TREES, interface: "Plant") @join__type(graph: TREES, key: "id") {
  id: ID! kind: Kind! heights: [Int!]! leaves: [Leaf] berry: Berry
}
union Place @join__type(graph: TREES) @context(name: "trees__place")
  @join__unionMember(graph: TREES, member: "Garden") @join__unionMember(graph: TREES, member: "Park") = Garden | Park
type Garden @join__type(graph: TREES, key: "id") { id: ID! zone: Int! trees: [Tree] things: [Thing] }
type Park @join__type(graph: TREES) { zone: Int! things: [Thing] }
union Thing @join__type(graph: TREES)
  @join__unionMember(graph: TREES, member: "Leaf") @join__unionMember(graph: TREES, member: "Berry") = Leaf | Berry
type Berry @join__type(graph: TREES) { leaf: Leaf }
enum Kind @join__type(graph: TREES) { OAK @join__enumValue(graph: TREES) ELM @join__enumValue(graph: TREES) }
type Leaf @join__type(graph: TREES, key: "id") @join__type(graph: VEINS, key: "id") {
  id: ID!
  of: String
    @join__field(graph: TREES, contextArguments: [{ context: "trees__plant", name: "kind", type: "Kind!", selection: " { kind }" }])
  sizes: Sizes
    @join__field(graph: TREES, contextArguments: [{ context: "trees__plant", name: "heights", type: "[Int!]!", selection: "{ heights }" }])
  where: String
    @join__field(graph: TREES, contextArguments: [{ context: "trees__place", name: "zone", type: "Int!", selection: "... on Garden { zone } ... on Park { zone }" }])
  turns: String
    @join__field(graph: TREES, contextArguments: [{ context: "trees__top", name: "season", type: "String!", selection: "{ season }" }])
  veins: Int @join__field(graph: VEINS)
}
type Sizes @join__type(graph: TREES) { sum: Int leaf: Leaf }
"""
TREES = """
type Query { season: String! trees: [Tree] tree: Tree things: [Thing] plants: [Plant] place: Place }
type Mutation { plant: Tree }
interface Plant { id: ID! kind: Kind! heights: [Int!]! leaves: [Leaf] }
type Tree implements Plant { id: ID! kind: Kind! heights: [Int!]! leaves: [Leaf] branch: Tree }
type Bush implements Plant { id: ID! kind: Kind! heights: [Int!]! leaves: [Leaf] berry: Berry }
union Place = Garden | Park
type Garden { id: ID! zone: Int! trees: [Tree] things: [Thing] }
type Park { zone: Int! things: [Thing] }
union Thing = Leaf | Berry
type Berry { leaf: Leaf }
enum Kind { OAK ELM }
type Leaf { id: ID! of(kind: Kind!): String sizes(heights: [Int!]!): Sizes where(zone: Int!): String turns(season: String!): String }
type Sizes { sum: Int leaf: Leaf }
"""
VEINS = "type Leaf { id: ID! veins: Int }"


def leaf(id_: str) -> dict[str, Any]:
    return {
        "__typename": "Leaf",
        "id": id_,
        "of": lambda _info, kind: f"{id_} of {kind}",
        "sizes": lambda _info, heights: {"sum": sum(heights), "leaf": leaf("deep")},
        "where": lambda _info, zone: f"{id_} in {zone}",
        "turns": lambda _info, season: f"{id_} in {season}",
    }


def tree(id_: str, kind: str, *leaves: str, **more: Any) -> dict[str, Any]:
    grown = [leaf(each) for each in leaves]
    return {"__typename": "Tree", "id": id_, "kind": kind, "heights": [1, len(leaves)], "leaves": grown, **more}


OAK = tree("1", "OAK", "a", "b", branch=tree("2", "ELM", "a"))
BUSH = {**tree("3", "ELM", "c"), "__typename": "Bush", "berry": {"__typename": "Berry", "leaf": leaf("d")}}
GARDEN = {"__typename": "Garden", "id": "g", "zone": 7, "trees": [OAK], "things": [leaf("a"), BUSH["berry"]]}
ROOTS = {
    "season": "May",
    "trees": [OAK, tree("4", "ELM", "b")],
    "tree": OAK,
    "things": [leaf("a")],
    "plants": [OAK, BUSH],
    "place": GARDEN,
    "plant": OAK,
}
LEAVES = {id_: leaf(id_) for id_ in ("a", "b", "c", "d", "deep")}


def trees() -> DictSubgraph:
    return DictSubgraph(TREES, ROOTS, {"Leaf": LEAVES})


def prepared(text: str, transport: FakeTransport) -> Executable:
    supergraph = read_supergraph(SUPERGRAPH)
    operation = normalized(supergraph, text)
    made = plan(operation, supergraph)
    check(made, operation, supergraph)
    services = [SubgraphEndpoint(name, url) for name, url in supergraph.subgraphs.items()]
    return Executor(transport=transport, services=services, api_schema=supergraph.api).prepare(made, operation)


async def ask(text: str, **variables: Any) -> Any:
    veins = DictSubgraph(VEINS, entities={"Leaf": {id_: {"veins": len(id_)} for id_ in LEAVES}})
    executable = prepared(text, FakeTransport({"trees": trees(), "veins": veins}))
    deadline = asyncio.get_running_loop().time() + 5
    answer = await executable.execute(ExecutionRequest(deadline=deadline, variables=variables))
    assert answer.errors == []
    return answer.data


async def test_interface_that_sets_a_context_sets_it_for_its_types() -> None:
    assert await ask("{ trees { leaves { of } } plants { leaves { of } } }") == {
        "trees": [{"leaves": [{"of": "a of OAK"}, {"of": "b of OAK"}]}, {"leaves": [{"of": "b of ELM"}]}],
        "plants": [{"leaves": [{"of": "a of OAK"}, {"of": "b of OAK"}]}, {"leaves": [{"of": "c of ELM"}]}],
    }


async def test_union_that_sets_a_context_sets_it_for_its_members() -> None:
    text = "{ place { ... on Garden { trees { leaves { where } } things { ... on Leaf { where } ... on Berry { leaf { where } } } } } }"
    assert await ask(text) == {
        "place": {
            "trees": [{"leaves": [{"where": "a in 7"}, {"where": "b in 7"}]}],
            "things": [{"where": "a in 7"}, {"leaf": {"where": "d in 7"}}],
        }
    }


async def test_type_inside_itself_gives_the_value_of_the_inner_object() -> None:
    assert await ask("{ tree { leaves { of } branch { leaves { of } } } }") == {
        "tree": {"leaves": [{"of": "a of OAK"}, {"of": "b of OAK"}], "branch": {"leaves": [{"of": "a of ELM"}]}}
    }


async def test_root_of_a_query_can_set_a_context() -> None:
    assert await ask("{ tree { leaves { turns } } things { ... on Leaf { turns } } }") == {
        "tree": {"leaves": [{"turns": "a in May"}, {"turns": "b in May"}]},
        "things": [{"turns": "a in May"}],
    }


async def test_lists_are_values_and_objects_below_the_field_go_on() -> None:
    assert await ask("{ trees { leaves { veins sizes { sum leaf { id veins of sizes { sum } } } } } }") == {
        "trees": [
            {
                "leaves": [
                    {
                        "veins": 1,
                        "sizes": {"sum": total, "leaf": {"id": "deep", "veins": 4, "of": of, "sizes": {"sum": total}}},
                    }
                ]
                * count
            }
            for total, count, of in ((3, 2, "deep of OAK"), (2, 1, "deep of ELM"))
        ]
    }


async def test_one_field_under_two_aliases_of_its_surroundings_gets_each_ones_value() -> None:
    text = "query($context_0: Boolean!) { x: tree { leaves { of } } y: tree { branch { k: kind leaves { o: of @include(if: $context_0) } } } }"
    assert await ask(text, context_0=True) == {
        "x": {"leaves": [{"of": "a of OAK"}, {"of": "b of OAK"}]},
        "y": {"branch": {"k": "ELM", "leaves": [{"o": "a of ELM"}]}},
    }


async def test_payload_of_a_mutation_sets_contexts() -> None:
    assert await ask("mutation { plant { leaves { of } } }") == {
        "plant": {"leaves": [{"of": "a of OAK"}, {"of": "b of OAK"}]}
    }


async def test_each_event_of_a_subscription_sets_its_own_contexts() -> None:
    events = [{"data": {"grown": {"__kind": kind, "leaves": [{"__id": "a"}]}}} for kind in ("OAK", "ELM")]
    subgraph = trees()
    transport = FakeTransport(
        {"trees": lambda request: subgraph(request) if "_entities" in request["query"] else events}
    )
    executable = prepared("subscription { grown { leaves { of } } }", transport)
    deadline = asyncio.get_running_loop().time() + 5
    answers = [answer async for answer in executable.subscribe(ExecutionRequest(deadline=deadline))]
    assert [answer.data["grown"]["leaves"] for answer in answers] == [[{"of": "a of OAK"}], [{"of": "a of ELM"}]]


@pytest.mark.parametrize("text", ["{ things { ... on Leaf { of } } }", "{ things { ... on Leaf { where } } }"])
async def test_field_is_refused_where_nothing_sets_its_context(text: str) -> None:
    with pytest.raises(Exception, match="takes an argument from a context"):
        prepared(text, FakeTransport({}))
