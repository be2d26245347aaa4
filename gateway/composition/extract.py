"""The subgraphs that a supergraph was composed of, as far as its join information tells: enough to compose them again.

What composition dropped is not in them (arguments and input fields that not all had), and every field is
`@shareable`, because a supergraph does not say which were. Directives that a supergraph keeps are given to every subgraph that
resolves what they stand on.

Source: https://specs.apollo.dev/join/v0.3/
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    REMOVE,
    DirectiveDefinitionNode,
    DirectiveNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NameNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    Visitor,
    parse,
    print_ast,
    value_from_ast_untyped,
    visit,
)

from gateway.composition.links import FEDERATION
from gateway.composition.merge.join_directives import JOINED
from gateway.composition.model import BUILT_IN_SCALARS, Subgraph
from gateway.composition.specs import ACCESS, EXECUTABLE_LOCATIONS, LATEST_FEDERATION, OTHER_SPECS
from gateway.composition.type_ref import from_node
from gateway.supergraph.features import Feature, read_features
from gateway.supergraph.reader import read_supergraph

LINK = (
    f'extend schema @link(url: "{FEDERATION}/v{".".join(map(str, LATEST_FEDERATION))}", import: ["@key", "@requires", "@provides", "@external",'
    ' "@shareable", "@override", "@interfaceObject", "@tag", "@inaccessible", "@authenticated", "@requiresScopes", "@policy",'
    ' "@context", "@fromContext", "@cost", "@listSize", "@cacheTag"])'
)
PLUMBING = ("join__", "link__", "requiresScopes__", "policy__", "context__")
KEPT = frozenset({"tag", "inaccessible", "deprecated", "specifiedBy", "oneOf"})
SIZES = frozenset({"cost", "listSize"})
KEPT_CORE = frozenset({"tag", "inaccessible", "context", *SIZES, *ACCESS})


@dataclass(frozen=True, slots=True)
class _Graph:
    """A subgraph.

    Attributes:
        value: of ``join__Graph``.
        types: that it has.
    """

    value: str
    name: str
    url: str
    types: frozenset[str]


def extract_subgraphs(supergraph_sdl: str) -> list[Subgraph]:
    """The subgraphs of a supergraph, in its order.

    Raises:
        SupergraphError: if the text is not a supergraph.
    """
    read_supergraph(supergraph_sdl)
    document = parse(supergraph_sdl, no_location=True)
    features = read_features(document)
    document = visit(document, _CoreNames(features))
    definitions = [d for d in document.definitions if isinstance(d, TypeDefinitionNode)]
    directives = [print_ast(node) for node in document.definitions if _is_executable(node, features)]
    types = [d for d in definitions if not d.name.value.startswith(PLUMBING)]
    return [
        Subgraph(
            name=graph.name,
            url=graph.url,
            sdl="\n\n".join((LINK, *directives, *(text for node in types for text in _type(graph, node)))) + "\n",
        )
        for graph in _graphs(definitions)
    ]


class _CoreNames(Visitor):
    """Gives federation's directives their own names again, and drops others that have these names here."""

    def __init__(self, features: Mapping[str, Feature]) -> None:
        super().__init__()
        self._core = {
            feature.directive(name): name
            for feature in features.values()
            if feature.name in OTHER_SPECS
            for name in OTHER_SPECS[feature.name][0]
        }

    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        core = self._core.get(node.name.value)
        if core is not None:
            return DirectiveNode(name=NameNode(value=core), arguments=node.arguments)
        return REMOVE if node.name.value in KEPT_CORE else None


def _is_executable(node: Node, features: Mapping[str, Feature]) -> bool:
    """Whether it defines a directive that clients may use, which every subgraph then defines."""
    if not isinstance(node, DirectiveDefinitionNode) or any(
        f.owns_directive(node.name.value) for f in features.values()
    ):
        return False
    return any(location.value in EXECUTABLE_LOCATIONS for location in node.locations)


def _graphs(definitions: Sequence[TypeDefinitionNode]) -> Iterator[_Graph]:
    for node in definitions:
        if isinstance(node, EnumTypeDefinitionNode) and node.name.value == "join__Graph":
            for value in node.values or ():
                for arguments in _applied(value.directives, "join__graph"):
                    types = frozenset(_owned(definitions, value.name.value)) | BUILT_IN_SCALARS
                    yield _Graph(value.name.value, arguments["name"], arguments["url"], types)


def _owned(definitions: Iterable[TypeDefinitionNode], graph: str) -> Iterator[str]:
    for node in definitions:
        if any(join["graph"] == graph for join in _applied(node.directives, "join__type")):
            yield node.name.value


def _type(graph: _Graph, node: TypeDefinitionNode) -> Iterator[str]:
    joins = [join for join in _applied(node.directives, "join__type") if join["graph"] == graph.value]
    if not joins:
        return
    name = node.name.value
    is_interface_object = any(join.get("isInterfaceObject") for join in joins)
    keeps_access = not isinstance(node, InterfaceTypeDefinitionNode)
    head = [*_keys(joins), *(_kept(node.directives, KEPT | SIZES | {*ACCESS} if keeps_access else KEPT))]
    head += _contexts(graph, node.directives)
    head += _join_directives(graph, node.directives)
    match node:
        case ScalarTypeDefinitionNode():
            yield f"{_described(node)}scalar {name} {' '.join(head)}"
        case UnionTypeDefinitionNode():
            joined = [j["member"] for j in _applied(node.directives, "join__unionMember") if j["graph"] == graph.value]
            yield f"{_described(node)}union {name} {' '.join(head)} = {' | '.join(joined)}"
        case EnumTypeDefinitionNode():
            values = [
                f"{_described(value)}{value.name.value} {' '.join(_kept(value.directives, KEPT))}"
                for value in node.values or ()
                if any(join["graph"] == graph.value for join in _applied(value.directives, "join__enumValue"))
            ]
            yield _block(f"{_described(node)}enum {name}", head, values)
        case InputObjectTypeDefinitionNode():
            inputs = [text for field in node.fields or () for text in _input_field(graph, field)]
            yield _block(f"{_described(node)}input {name}", head, inputs)
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
            is_object = isinstance(node, ObjectTypeDefinitionNode) or is_interface_object
            interfaces = _defining_interface(node) if is_interface_object else frozenset()
            fields = [
                text
                for field in node.fields or ()
                for text in _field(graph, field, name, is_object=is_object, interfaces=interfaces)
            ]
            implemented = [
                j["interface"] for j in _applied(node.directives, "join__implements") if j["graph"] == graph.value
            ]
            keyword = f"{_described(node)}{'type' if is_object else 'interface'} {name}"
            keyword += f" implements {' & '.join(implemented)}" if implemented else ""
            if fields:
                yield _block(keyword, [*head, *(["@interfaceObject"] if is_interface_object else [])], fields)


def _keys(joins: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for join in joins:
        if join.get("key"):
            resolvable = "" if join.get("resolvable", True) else ", resolvable: false"
            yield f"@key(fields: {_text(join['key'])}{resolvable})"


def _contexts(graph: _Graph, directives: Sequence[DirectiveNode] | None) -> Iterator[str]:
    for arguments in _applied(directives, "context"):
        owner, _, name = str(arguments["name"]).rpartition("__")
        if owner == graph.name:
            yield f"@context(name: {_text(name)})"


def _join_directives(graph: _Graph, directives: Sequence[DirectiveNode] | None) -> list[str]:
    """The directives of federation that the supergraph keeps for a subgraph as `@join__directive`."""
    found: list[str] = []
    for directive in directives or ():
        given = {argument.name.value: argument.value for argument in directive.arguments or ()}
        name, args = given.get("name"), given.get("args")
        if directive.name.value != "join__directive" or not isinstance(name, StringValueNode):
            continue
        core = name.value.removeprefix("federation__")
        graphs = value_from_ast_untyped(given["graphs"]) if "graphs" in given else ()
        if core in JOINED and graph.value in graphs:
            fields = args.fields if isinstance(args, ObjectValueNode) else ()
            shown = ", ".join(f"{field.name.value}: {print_ast(field.value)}" for field in fields)
            found.append(f"@{core}({shown})")
    return found


def _defining_interface(node: TypeDefinitionNode) -> frozenset[str]:
    """The subgraphs that have a type as an interface, not as an interface object."""
    joins = _applied(node.directives, "join__type")
    return frozenset(str(join["graph"]) for join in joins if not join.get("isInterfaceObject"))


def _field(
    graph: _Graph, node: FieldDefinitionNode, owner: str, *, is_object: bool, interfaces: frozenset[str]
) -> Iterator[str]:
    """A field as a subgraph has it, if it does.

    Args:
        interfaces: for an interface object: the subgraphs whose implementations the access rules of shared fields are from.
    """
    join = _own_join(graph, node.directives)
    if join is None and _is_lost(graph, node):
        join = {}
    if join is None:
        return
    arguments = [_input(argument) for argument in node.arguments or ()]
    for contextual in join.get("contextArguments", ()):
        name = str(contextual["context"]).rpartition("__")[2]
        selection = f"${name} {contextual['selection']}"
        arguments.append(f"{contextual['name']}: {contextual['type']} @fromContext(field: {_text(selection)})")
    directives = _join_directives(graph, node.directives)
    if join.get("external"):
        directives.append("@external")
    else:
        graphs = {each.get("graph") for each in _applied(node.directives, "join__field")} or interfaces
        has_rules = is_object and not graphs & interfaces
        names = KEPT | (SIZES if is_object else frozenset()) | frozenset(ACCESS if has_rules else ())
        directives += _kept(node.directives, names)
        if is_object and owner != "Subscription":
            directives.append("@shareable")
    for argument in ("requires", "provides"):
        if join.get(argument):
            directives.append(f"@{argument}(fields: {_text(join[argument])})")
    if join.get("override"):
        label = f", label: {_text(join['overrideLabel'])}" if join.get("overrideLabel") else ""
        directives.append(f"@override(from: {_text(join['override'])}{label})")
    shown = f"({', '.join(arguments)})" if arguments else ""
    yield f"{_described(node)}{node.name.value}{shown}: {join.get('type') or print_ast(node.type)} {' '.join(directives)}"


def _is_lost(graph: _Graph, node: FieldDefinitionNode) -> bool:
    """Whether another subgraph took the field over from this one, which may still count for the field's type."""
    types = {from_node(node.type).name, *(from_node(argument.type).name for argument in node.arguments or ())}
    taken = any(join.get("override") == graph.name for join in _applied(node.directives, "join__field"))
    return taken and types <= graph.types


def _input_field(graph: _Graph, node: InputValueDefinitionNode) -> Iterator[str]:
    join = _own_join(graph, node.directives)
    if join is not None:
        yield _input(node, join.get("type"))


def _input(node: InputValueDefinitionNode, type_: str | None = None) -> str:
    default = f" = {print_ast(node.default_value)}" if node.default_value is not None else ""
    directives = " ".join(_kept(node.directives, KEPT | {"cost"}))
    return f"{_described(node)}{node.name.value}: {type_ or print_ast(node.type)}{default} {directives}"


def _own_join(graph: _Graph, directives: Sequence[DirectiveNode] | None) -> Mapping[str, Any] | None:
    """What a subgraph has of a field: {} if it simply has it, None if it has it not."""
    joins = list(_applied(directives, "join__field"))
    if not joins:
        return {}
    return next((join for join in joins if join.get("graph") == graph.value), None)


def _applied(directives: Sequence[DirectiveNode] | None, name: str) -> Iterator[dict[str, Any]]:
    for directive in directives or ():
        if directive.name.value == name:
            yield {a.name.value: value_from_ast_untyped(a.value) for a in directive.arguments or ()}


def _kept(directives: Sequence[DirectiveNode] | None, names: frozenset[str]) -> list[str]:
    return [print_ast(directive) for directive in directives or () if directive.name.value in names]


def _block(keyword: str, head: list[str], lines: list[str]) -> str:
    return f"{keyword} {' '.join(head)} {{\n" + "\n".join(f"  {line}" for line in lines) + "\n}"


def _described(node: Node) -> str:
    description = getattr(node, "description", None)
    return f"{print_ast(StringValueNode(value=description.value))} " if description is not None else ""


def _text(value: str) -> str:
    return print_ast(StringValueNode(value=value))
