"""Whether what the join directives say can be true: each names subgraphs, types and fields that are there, and field sets that can be read.

A supergraph that was composed is always so. One that was cut by hand, merged by a tool or half written is refused with the place of the
directive, rather than served with fields that nobody can answer.
Source: https://specs.apollo.dev/join/v0.3/
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse_type,
)

from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.features import Feature
from gateway.supergraph.field_sets import SetField, SetSelection, parse_field_set

_Fields = Mapping[str, Mapping[str, FieldDefinitionNode]]

_BUILT_IN: Final = frozenset({"Int", "Float", "String", "Boolean", "ID"})
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("graph",),
    "owner": ("graph",),
    "enumValue": ("graph",),
    "implements": ("graph", "interface"),
    "unionMember": ("graph", "member"),
}
_CONTEXT_ARGUMENT: Final = ("name", "type", "context", "selection")


def check_joins(document: DocumentNode, join: Feature, graphs: frozenset[str]) -> None:
    """Returns if all that the supergraph says of its subgraphs can be true.

    Args:
        graphs: the names of the join enum.

    Raises:
        SupergraphError: INVALID_FEDERATION_SUPERGRAPH, with the place of what cannot be true.
    """
    _Check(document, join, graphs).run()


class _Check:
    def __init__(self, document: DocumentNode, join: Feature, graphs: frozenset[str]) -> None:
        self._document = document
        self._graphs = graphs
        self._names = {join.directive(name): name for name in (*_REQUIRED, "field")}
        self._types = {node.name.value: node for node in document.definitions if isinstance(node, TypeDefinitionNode)}
        self._fields: _Fields = {
            name: {field.name.value: field for field in node.fields or ()}
            for name, node in self._types.items()
            if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
        }
        self._read: set[tuple[str, str]] = set()

    def run(self) -> None:
        self._check_query()
        for node in self._types.values():
            for directive in node.directives or ():
                self._check_directive(directive, node.name.value, None)
            if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | InputObjectTypeDefinitionNode):
                for field in node.fields or ():
                    self._check_field(field, node.name.value)

    def _check_query(self) -> None:
        schema = next((node for node in self._document.definitions if isinstance(node, SchemaDefinitionNode)), None)
        roots = {each.operation.value: each.type.name.value for each in schema.operation_types} if schema else {}
        query = roots.get("query", "Query")
        if ("query" not in roots and roots) or not isinstance(self._types.get(query), ObjectTypeDefinitionNode):
            _refuse("the supergraph has no query type", schema or self._document)

    def _check_field(self, field: Any, type_name: str) -> None:
        for argument in getattr(field, "arguments", None) or ():
            self._check_type(argument.type, argument)
        self._check_type(field.type, field)
        for directive in field.directives or ():
            self._check_directive(directive, type_name, field)

    def _check_directive(self, directive: ConstDirectiveNode, type_name: str, field: Any) -> None:
        name = self._names.get(directive.name.value)
        if name is None:
            return
        given = {
            argument.name.value: getattr(argument.value, "value", argument.value)
            for argument in directive.arguments or ()
        }
        for required in _REQUIRED.get(name, ()):
            if not isinstance(given.get(required), str):
                _refuse(f"@{directive.name.value} has no {required}", directive)
        graph = given.get("graph")
        if isinstance(graph, str) and graph not in self._graphs:
            _refuse(f"@{directive.name.value} names a graph that is not there: {graph}", directive)
        for mentioned in (given.get("interface"), given.get("member")):
            if isinstance(mentioned, str) and mentioned not in self._types:
                _refuse(f"@{directive.name.value} names a type that is not there: {mentioned}", directive)
        for argument, on in self._field_sets(given, name, type_name, field):
            self._check_field_set(argument, on, directive)
        if isinstance(given.get("type"), str):
            self._check_written_type(str(given["type"]), directive)
        for each in getattr(given.get("contextArguments"), "values", ()):
            named = {entry.name.value for entry in getattr(each, "fields", ())}
            for required in _CONTEXT_ARGUMENT:
                if required not in named:
                    _refuse(f"a context argument of @{directive.name.value} has no {required}", directive)

    def _field_sets(self, given: Mapping[str, Any], name: str, type_name: str, field: Any) -> Iterator[tuple[str, str]]:
        """The field sets of a directive, each with the type that it is on."""
        if name == "type" and isinstance(given.get("key"), str):
            yield given["key"], type_name
        if name == "field" and isinstance(given.get("requires"), str):
            yield given["requires"], type_name
        if name == "field" and isinstance(given.get("provides"), str):
            yield given["provides"], _named(field.type)

    def _check_field_set(self, text: str, type_name: str, directive: ConstDirectiveNode) -> None:
        if (text, type_name) in self._read:
            return
        self._read.add((text, type_name))
        try:
            field_set = parse_field_set(text)
        except SupergraphError as error:
            _refuse(error.message, directive)
        self._check_selections(field_set.selections, type_name, text, directive)

    def _check_selections(
        self, selections: tuple[SetSelection, ...], type_name: str, text: str, directive: ConstDirectiveNode
    ) -> None:
        if not isinstance(self._types.get(type_name), _COMPOSITE):
            _refuse(f"the field set {text!r} selects fields of {type_name}, which has none", directive)
        for selection in selections:
            if not isinstance(selection, SetField):
                self._check_selections(selection.selections, selection.type_condition, text, directive)
                continue
            if selection.name == "__typename":
                continue
            field = self._fields.get(type_name, {}).get(selection.name)
            if field is None:
                _refuse(
                    f"the field set {text!r} names a field that is not there: {type_name}.{selection.name}", directive
                )
            if selection.selections:
                self._check_selections(selection.selections, _named(field.type), text, directive)

    def _check_written_type(self, text: str, directive: ConstDirectiveNode) -> None:
        try:
            node = parse_type(text, no_location=True)
        except GraphQLSyntaxError:
            _refuse(f"@{directive.name.value} has a type that cannot be read: {text!r}", directive)
        self._check_type(node, directive)

    def _check_type(self, node: TypeNode, place: Node) -> None:
        name = _named(node)
        if name not in self._types and name not in _BUILT_IN:
            _refuse(f"there is no type {name}", place)


_COMPOSITE = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode, UnionTypeDefinitionNode)


def _named(node: Any) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type
    return node.name.value


def _refuse(message: str, place: Node) -> NoReturn:
    raise SupergraphError.at(place, message, code="INVALID_FEDERATION_SUPERGRAPH")
