"""Cases that random worlds found (`tests.property.run`), each as small as it got; every plan here is proved by the checker."""

import pytest

from gateway.planning.emit.documents import print_selections
from gateway.planning.plan import Fetch, Plan
from gateway.planning.planner import plan
from tests.support.planning import composed, normalized, planned

PLACES = """
    type Query { shelf: Shelf place: Asset }
    type Shelf @key(fields: "id") { id: ID! asset: Asset }
    type Asset @key(fields: "id") @interfaceObject { id: ID! near: Asset height: Int }
"""
"""A subgraph that knows assets as interface objects only."""

ASSETS = """
    interface Asset @key(fields: "id") { id: ID! common: String }
    type Image implements Asset @key(fields: "id") { id: ID! common: String width: Int }
    type Video implements Asset @key(fields: "id") { id: ID! common: String length: Int }
"""


def fetches_of(made: Plan, service: str) -> list[Fetch]:
    """The plan's requests to one subgraph."""
    return [fetch for fetch in made.fetches if fetch.service == service]


def test_requirement_through_an_interface_object_sends_of_each_type_its_own_fields() -> None:
    assets = """
        type Shelf @key(fields: "id") {
          id: ID! asset: Asset @external
          label: String @requires(fields: "asset { ... on Image { width } ... on Video { length } }")
        }
    """
    made = planned(composed(places=PLACES, assets=ASSETS + assets), "{ shelf { label } }")
    (asking,) = [fetch for fetch in made.fetches if "label" in fetch.document]
    (asset,) = [field for field in asking.groups[0].representations[0].fields if field.name == "asset"]
    sent = {tuple(sorted(branch.types or ())): [each.name for each in branch.fields] for branch in asset.branches}
    assert sent == {("Image",): ["width"], ("Video",): ["length"]}


def test_requirement_of_an_interface_object_is_asked_of_the_types_that_need_the_field() -> None:
    home = ASSETS + "type Query { asset: Asset }"
    views = """
        type Asset @key(fields: "id") @interfaceObject {
          id: ID! common: String @external seen: Int told: String @requires(fields: "common")
        }
    """
    made = planned(composed(home=home, views=views), "{ asset { seen ... on Image { told } } }")
    asked = {
        group.representations[0].types: [field.name for field in group.representations[0].fields]
        for fetch in fetches_of(made, "views")
        for group in fetch.groups
    }
    assert asked == {frozenset({"Image", "Video"}): ["id"], frozenset({"Image"}): ["id", "common"]}


IMAGES = """
    interface Asset @key(fields: "id") { id: ID! }
    type Image implements Asset @key(fields: "id") { id: ID! width: Int @external shown: String @requires(fields: "width") }
    type Video implements Asset @key(fields: "id") { id: ID! }
"""


def test_requirement_of_one_implementation_is_sent_for_that_alone_when_types_are_not_told() -> None:
    supergraph = composed(places=PLACES, assets=ASSETS, images=IMAGES)
    made = planned(supergraph, "{ place { ... on Image { shown } } }")
    (group,) = [
        group
        for fetch in fetches_of(made, "images")
        for group in fetch.groups
        if "shown" in print_selections(group.selections)
    ]
    assert [each.types for each in group.representations] == [frozenset({"Image"})]


def test_requirement_of_a_requirement_is_sent_for_the_one_implementation_that_needs_it() -> None:
    first = """
        type Asset @key(fields: "id") @interfaceObject {
          id: ID! common: String @external first: String @requires(fields: "common")
        }
    """
    second = """
        type Asset @key(fields: "id") @interfaceObject {
          id: ID! first: String @external second: String @requires(fields: "first")
        }
    """
    supergraph = composed(places=PLACES, assets=ASSETS, first=first, second=second)
    made = planned(supergraph, "{ place { ... on Video { second } } }")
    for service in ("first", "second"):
        (fetch,) = fetches_of(made, service)
        assert [each.types for each in fetch.groups[0].representations] == [frozenset({"Video"})]


def test_objects_sent_under_an_interface_are_not_asked_for_what_an_implementation_requires() -> None:
    images = IMAGES.replace(
        'interface Asset @key(fields: "id") { id: ID! }', 'interface Asset @key(fields: "id") { id: ID! size: Int }'
    )
    images = images.replace("shown:", "size: Int shown:").replace(
        'Video implements Asset @key(fields: "id") { id: ID!',
        'Video implements Asset @key(fields: "id") { id: ID! size: Int',
    )
    supergraph = composed(places=PLACES, assets=ASSETS, images=images)
    made = planned(supergraph, "{ place { size ... on Image { shown } } }")
    for fetch in fetches_of(made, "images"):
        for group in fetch.groups:
            names = {each.typename for each in group.representations}
            assert names in ({"Asset"}, {"Image"}), fetch.document


def test_field_asked_of_every_interface_object_is_entered_without_its_type() -> None:
    heights = 'type Asset @key(fields: "id") @interfaceObject { id: ID! depth: Int }'
    supergraph = composed(places=PLACES, assets=ASSETS, heights=heights)
    made = planned(supergraph, "{ place { ... on Video { near { depth } } } }")
    (deep,) = fetches_of(made, "heights")
    assert [[step.types for step in target] for group in deep.groups for target in group.targets] == [[None, None]]


def test_required_objects_of_a_union_are_told_apart_though_both_subgraphs_know_one_member_only() -> None:
    first = """
        type Query { book: Book }
        union Item = Book | Film
        type Book @key(fields: "id") { id: ID! like: Item @shareable }
        type Film @key(fields: "id") { id: ID! }
    """
    second = """
        union Item = Book | Song
        type Song @key(fields: "id") { id: ID! }
        type Book @key(fields: "id") { id: ID! like: Item @shareable pages: Int }
    """
    third = """
        union Item = Book | Song
        type Song @key(fields: "id", resolvable: false) { id: ID! }
        type Book @key(fields: "id") {
          id: ID! like: Item @external pages: Int @external told: String @requires(fields: "like { ... on Book { pages } }")
        }
    """
    supergraph = composed(first=first, second=second, third=third)
    made = plan(normalized(supergraph, "{ book { told } }"), supergraph)
    for fetch in made.fetches:
        for group in fetch.groups:
            if any(target[-1].key.endswith("like") for target in group.targets):
                assert [each.types for each in group.representations] == [frozenset({"Book"})]


def test_interface_object_entered_from_one_implementation_concerns_that_one_alone() -> None:
    home = ASSETS + "type Query { video: Video }"
    one = 'type Asset @key(fields: "id") @interfaceObject { id: ID! one: Int }'
    other = 'type Asset @key(fields: "id") @interfaceObject { id: ID! other: Int }'
    made = planned(composed(home=home, one=one, other=other), "{ video { one other } }")
    assert [fetch.depends_on for fetch in made.fetches] == [(), (0,), (0,)]


def test_mutations_typename_is_asked_of_nobody() -> None:
    supergraph = composed(shop="type Query { ping: String } type Mutation { buy: String }")
    assert planned(supergraph, "mutation { __typename }").fetches == ()
    assert len(planned(supergraph, "mutation { __typename buy }").fetches) == 1


def test_interface_entity_below_which_more_is_fetched_tells_its_type() -> None:
    more = """
        interface Asset @key(fields: "id") { id: ID! }
        type Image implements Asset @key(fields: "id") { id: ID! owner: Owner }
        type Video implements Asset @key(fields: "id") { id: ID! }
        type Owner @key(fields: "id", resolvable: false) { id: ID! }
    """
    owners = 'type Owner @key(fields: "id") { id: ID! name: String }'
    supergraph = composed(places=PLACES, assets=ASSETS, more=more, owners=owners)
    made = planned(supergraph, "{ place { ... on Image { width owner { name } } } }")
    (bringing,) = [fetch for fetch in made.fetches if "owner" in fetch.document]
    assert "__typename" in bringing.document


def test_requirement_of_a_type_that_the_asked_subgraph_does_not_know_is_left_out() -> None:
    films = """
        interface Node { id: ID! }
        type Book implements Node @key(fields: "id") { id: ID! near: Node @shareable }
        type Film implements Node @key(fields: "id") { id: ID! maker: Maker }
        type Maker @key(fields: "id") { id: ID! name: String }
    """
    books = """
        interface Node { id: ID! }
        type Book implements Node @key(fields: "id") { id: ID! near: Node @shareable size: Int }
    """
    telling = """
        type Query { books: [Book!]! }
        interface Node { id: ID! }
        type Book @key(fields: "id") {
          id: ID! near: Node @external size: Int @external
          told: String @requires(fields: "size near { ... on Film { maker { name } } }")
        }
        type Film implements Node @key(fields: "id") { id: ID! maker: Maker @external }
        type Maker @key(fields: "id") { id: ID! name: String @external }
    """
    supergraph = composed(a=films, b=books, c=telling)
    made = planned(supergraph, "{ books { near { id } told } }")
    (asking,) = [fetch for fetch in made.fetches if "told" in fetch.document]
    (near,) = [field for field in asking.groups[0].representations[0].fields if field.name == "near"]
    assert [branch.fields for branch in near.branches if branch.types and "Film" in branch.types] == [()]


def test_requirement_below_a_field_that_is_selected_of_all_types_and_of_one_is_read_where_it_is_brought() -> None:
    """`ref` of a book is one object, whatever fragments select it; its parts had a name in each."""
    nodes = """
        type Query { nodes: [Node] names: Int }
        interface Node { id: ID! back: Query }
        type Book implements Node @key(fields: "id") { id: ID! back: Query }
        type Film implements Node @key(fields: "id") { id: ID! back: Query }
    """
    told = """
        type Query { it: Item } type Item { name: String }
        type Book @key(fields: "id") {
          id: ID! back: Query @external
          label: String @requires(fields: "back { it { name } }")
        }
    """
    supergraph = composed(nodes=nodes, told=told)
    planned(supergraph, "{ nodes { back { it { name } } ... on Book { label back { __typename } } } }")


def test_requirement_of_one_type_below_a_field_of_all_types_is_sent_whole() -> None:
    nodes = """
        type Query { nodes: [Node] }
        interface Node { id: ID! back: Query }
        type Book implements Node @key(fields: "id") { id: ID! back: Query }
        type Film implements Node @key(fields: "id") { id: ID! back: Query }
    """
    told = """
        type Query { it: Item } type Item { name: String }
        type Book @key(fields: "id") {
          id: ID! back: Query @external
          label: String @requires(fields: "back { it { name } }")
        }
    """
    made = planned(composed(nodes=nodes, told=told), "{ nodes { back { __typename } ... on Book { label } } }")
    (asking,) = [fetch for fetch in made.fetches if "label" in fetch.document]
    (back,) = [each for each in asking.groups[0].representations[0].fields if each.name == "back"]
    assert [[each.name for each in branch.fields] for branch in back.branches] == [["it"]]


@pytest.mark.parametrize(
    "asked",
    [
        "made",
        "node { ... on Book { label } ... on Film { length } }",
        "node { ... on Book { label } ... on Film { title length } }",
    ],
)
def test_shared_field_is_not_divided_with_a_subgraph_that_knows_none_of_the_types(asked: str) -> None:
    """`some` has no Film, so it had nothing to say of films, and was taken for one that had said everything."""
    every = """
        type Query { it: Item }
        type Item @key(fields: "id") { id: ID! node: Node @shareable }
        interface Node { id: ID! }
        type Book implements Node @key(fields: "id") { id: ID! @shareable label: String }
        type Film implements Node @key(fields: "id") { id: ID! @shareable title: String }
    """
    some = """
        type Item @key(fields: "id") { id: ID! node: Node @shareable }
        interface Node { id: ID! }
        type Book implements Node @key(fields: "id") { id: ID! @shareable }
    """
    lengths = """
        type Item @key(fields: "id") {
          id: ID! node: Node @external
          made: String @requires(fields: "node { ... on Book { label } ... on Film { title length } }")
        }
        interface Node { id: ID! }
        type Book implements Node @key(fields: "id") { id: ID! @shareable label: String @external }
        type Film implements Node @key(fields: "id") { id: ID! @shareable title: String @external length: Int }
    """
    made = planned(composed(every=every, some=some, lengths=lengths), f"{{ it {{ {asked} }} }}")
    assert any("length" in fetch.document for fetch in made.fetches if fetch.service == "lengths")


@pytest.mark.parametrize(
    "asked",
    [
        "... on Book { ref { id @include(if: $no) } } ... on Film { ref { id } label }",
        "... on Film { ref { id } label } ... on Book { ref { id @include(if: $no) } }",
        "... on Node { ref { id @include(if: $no) } } ... on Film { label ref { id } }",
    ],
)
def test_object_of_which_conditions_leave_no_field_is_no_leaf(asked: str) -> None:
    """Book's `ref` without a field was taken for a leaf, so that Film's key was read of it: `id` under `__id`."""
    nodes = """
        type Query { nodes: [Node] }
        interface Node { ref: Ref! }
        type Ref { id: ID! @shareable }
        type Book implements Node @key(fields: "id") { id: ID! ref: Ref! }
        type Film implements Node @key(fields: "id ref { id }") {
          id: ID! ref: Ref! @shareable length: Int @external label: String @requires(fields: "length")
        }
    """
    films = """
        type Ref { id: ID! @shareable }
        type Film @key(fields: "id ref { id }") { id: ID! ref: Ref! @shareable length: Int }
    """
    operation = f"query($no: Boolean!) {{ nodes {{ {asked} }} }}"
    made = planned(composed(nodes=nodes, films=films), operation, conditions={"no": False})
    assert "label" in made.fetches[-1].document
