"""Compares two supergraphs by what they mean: their API schemas, and their join information fact by fact.

Order never matters, nor how a field set is spelled; a `@join__field` that merely says "this subgraph simply has it" means the same
whether written or left out.
"""

from collections.abc import Iterator
from typing import Any

from graphql import (
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    ValueNode,
    parse,
    value_from_ast_untyped,
)
from graphql.language import print_ast

from gateway.composition.fieldsets import FieldSet, SelectedField, parse_field_set
from gateway.composition.specs import EXECUTABLE_LOCATIONS

Fact = tuple[Any, ...]
DEFAULTS = {"resolvable": True, "requireOneSlicingArgument": True}  # of arguments; left out means the same
PLUMBING = ("join__", "link__", "requiresScopes__", "policy__", "context__", "federation__")


def facts(sdl: str) -> set[Fact]:
    """Everything that a supergraph says, as tuples that compare."""
    document = parse(sdl)
    graphs = _graphs(document)
    found: set[Fact] = set()
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode):
            found.update(("root", o.operation.value, o.type.name.value) for o in definition.operation_types or ())
            found.update(
                _directives(("schema",), [d for d in definition.directives or () if d.name.value != "link"], graphs)
            )
            found.update(("feature", f) for f in _features(definition))
        elif isinstance(definition, TypeDefinitionNode) and not definition.name.value.startswith(PLUMBING):
            found.update(_type_facts(definition, graphs))
        elif isinstance(definition, DirectiveDefinitionNode):
            found.update(_executable_facts(definition, graphs))
    return found


def _executable_facts(node: DirectiveDefinitionNode, graphs: dict[str, str]) -> Iterator[Fact]:
    """What a directive for operations is; none for one of schemas."""
    locations = frozenset(location.value for location in node.locations) & EXECUTABLE_LOCATIONS
    if locations:
        at = (f"@{node.name.value}",)
        yield ("executable", *at, locations, node.repeatable, node.description.value if node.description else "")
        for argument in node.arguments or ():
            yield from _input_facts(at, argument, graphs, frozenset())


def differences(ours: str, theirs: str) -> list[str]:
    """What only one of two supergraphs says; [] if they mean the same."""
    own, other = facts(ours), facts(theirs)
    return sorted([f"ours only:   {fact}" for fact in own - other] + [f"theirs only: {fact}" for fact in other - own])


def api_facts(sdl: str) -> set[Fact]:
    """What a plain schema says, as tuples that compare."""
    return {
        fact
        for definition in parse(sdl).definitions
        if isinstance(definition, TypeDefinitionNode)
        for fact in _type_facts(definition, {})
    }


def _graphs(document: DocumentNode) -> dict[str, str]:
    """Value of ``join__Graph`` -> the subgraph's name."""
    for definition in document.definitions:
        if isinstance(definition, EnumTypeDefinitionNode) and definition.name.value == "join__Graph":
            return {
                value.name.value: _arguments(directive)["name"]
                for value in definition.values or ()
                for directive in value.directives or ()
                if directive.name.value == "join__graph"
            }
    return {}


def _features(node: SchemaDefinitionNode) -> Iterator[tuple[Any, ...]]:
    for directive in node.directives or ():
        if directive.name.value == "link":
            arguments = _arguments(directive)
            url = arguments["url"]
            if "/join/" in url or "/link/" in url:
                continue
            yield (url, arguments.get("for"))


def _type_facts(node: TypeDefinitionNode, graphs: dict[str, str]) -> Iterator[Fact]:
    name = node.name.value
    description = node.description.value if node.description else ""
    yield ("type", type(node).__name__, name, description)
    joins = [d for d in node.directives or () if d.name.value == "join__type"]
    owners = frozenset(graphs[_arguments(d)["graph"]] for d in joins)
    yield from _directives((name,), node.directives, graphs)
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        yield from (("implements", name, interface.name.value) for interface in node.interfaces or ())
        for field in node.fields or ():
            yield from _field_facts(name, field, owners, graphs)
    if isinstance(node, InputObjectTypeDefinitionNode):
        for value in node.fields or ():
            yield from _input_facts((name,), value, graphs, owners)
    if isinstance(node, UnionTypeDefinitionNode):
        yield from (("member", name, member.name.value) for member in node.types or ())
    if isinstance(node, EnumTypeDefinitionNode):
        for value_node in node.values or ():
            text = value_node.description.value if value_node.description else ""
            yield ("value", name, value_node.name.value, text)
            yield from _directives((name, value_node.name.value), value_node.directives, graphs)


def _field_facts(
    owner: str, node: FieldDefinitionNode, owners: frozenset[str], graphs: dict[str, str]
) -> Iterator[Fact]:
    at = (owner, node.name.value)
    yield ("field", *at, print_ast(node.type), node.description.value if node.description else "")
    for argument in node.arguments or ():
        yield from _input_facts(at, argument, graphs, frozenset())
    yield from _join_fields(at, node.directives, owners, graphs)
    yield from _directives(at, [d for d in node.directives or () if d.name.value != "join__field"], graphs)


def _input_facts(
    at: tuple[str, ...], node: InputValueDefinitionNode, graphs: dict[str, str], owners: frozenset[str]
) -> Iterator[Fact]:
    here = (*at, f"{node.name.value}:")
    default = print_ast(node.default_value) if node.default_value else None
    yield ("input", *here, print_ast(node.type), default, node.description.value if node.description else "")
    yield from _join_fields(here, node.directives, owners, graphs)
    yield from _directives(here, [d for d in node.directives or () if d.name.value != "join__field"], graphs)


def _join_fields(
    at: tuple[str, ...], directives: tuple[DirectiveNode, ...] | None, owners: frozenset[str], graphs: dict[str, str]
) -> Iterator[Fact]:
    joins = [d for d in directives or () if d.name.value == "join__field"]
    if not joins:
        yield from (("join__field", *at, _frozen({"graph": graph}, graphs={})) for graph in owners)
        return
    for join in joins:
        arguments = _arguments(join)
        if arguments.get("override") not in owners:
            arguments.pop("override", None)  # taken from a subgraph that never had the type: means nothing
        yield ("join__field", *at, _frozen(arguments, graphs=graphs))


def _directives(at: tuple[str, ...], directives: Any, graphs: dict[str, str]) -> Iterator[Fact]:
    for directive in directives or ():
        yield ("directive", *at, directive.name.value, _frozen(_arguments(directive), graphs=graphs))


def _arguments(node: DirectiveNode) -> dict[str, Any]:
    return {argument.name.value: _plain(argument.value) for argument in node.arguments or ()}


def _plain(value: ValueNode) -> Any:
    return value_from_ast_untyped(value)


def _frozen(value: Any, *, graphs: dict[str, str], key: str = "") -> Any:
    if isinstance(value, dict):
        items = ((k, _frozen(v, graphs=graphs, key=k)) for k, v in value.items() if v is not DEFAULTS.get(k, False))
        return frozenset(items)
    if isinstance(value, list):
        parts = [_frozen(item, graphs=graphs, key=key) for item in value]
        return frozenset(parts)
    if key == "graph":
        return graphs.get(value, value)
    if key in {"key", "requires", "provides", "selection"} and isinstance(value, str):
        return _canonical(parse_field_set(value))
    return value


def _canonical(selections: FieldSet) -> frozenset[Any]:
    return frozenset(
        (s.name, s.arguments, _canonical(s.selections))
        if isinstance(s, SelectedField)
        else ("...", s.type_condition, _canonical(s.selections))
        for s in selections
    )
