"""The API schema as a syntax tree, to be validated as GraphQL.

It says what `print_api` prints, apart from descriptions, which no rule of GraphQL concerns. The nodes are made directly, because
to print the schema and parse it again takes most of the time of its validation.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from graphql import (
    ConstArgumentNode,
    ConstDirectiveNode,
    ConstValueNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse_const_value,
)

from gateway.composition.merged_model import Applied, MergedDirective, MergedField, MergedInput, MergedType, Supergraph
from gateway.composition.model import Kind
from gateway.composition.print.api_schema import SHOWN_DIRECTIVES, api_types, shown_arguments
from gateway.composition.type_ref import TypeRef


def api_document(supergraph: Supergraph) -> DocumentNode:
    """Return the document of the API schema, without places and descriptions."""
    types = api_types(supergraph)
    tree = _Tree()
    definitions: list[DefinitionNode] = [
        tree.directive(directive, shown_arguments(directive, types)) for directive in supergraph.executable.values()
    ]
    definitions += [tree.type(merged) for merged in types.values()]
    return DocumentNode(definitions=tuple(definitions))


@lru_cache(maxsize=1024)
def _value(text: str) -> ConstValueNode:
    """Parse a value: few texts are the defaults and reasons of a whole schema."""
    return parse_const_value(text, no_location=True)


class _Tree:
    """Makes nodes; those of names and of references to types, which recur most, once each."""

    def __init__(self) -> None:
        self._names: dict[str, NameNode] = {}
        self._references: dict[TypeRef, TypeNode] = {}

    def directive(self, directive: MergedDirective, arguments: Iterable[MergedInput]) -> DirectiveDefinitionNode:
        return DirectiveDefinitionNode(
            name=self._name(directive.name),
            arguments=tuple(map(self._input, arguments)),
            repeatable=directive.is_repeatable,
            locations=tuple(self._name(location) for location in directive.locations),
        )

    def type(self, merged: MergedType) -> DefinitionNode:
        name, directives = self._name(merged.name), self._directives(merged.directives)
        match merged.kind:
            case Kind.SCALAR:
                return ScalarTypeDefinitionNode(name=name, directives=directives)
            case Kind.UNION:
                return UnionTypeDefinitionNode(name=name, directives=directives, types=self._named(merged.members))
            case Kind.ENUM:
                values = tuple(
                    EnumValueDefinitionNode(name=self._name(value.name), directives=self._directives(value.directives))
                    for value in merged.values.values()
                )
                return EnumTypeDefinitionNode(name=name, directives=directives, values=values)
            case Kind.INPUT:
                return InputObjectTypeDefinitionNode(
                    name=name, directives=directives, fields=self._inputs(merged.inputs)
                )
            case Kind.OBJECT | Kind.INTERFACE:
                node = ObjectTypeDefinitionNode if merged.kind is Kind.OBJECT else InterfaceTypeDefinitionNode
                return node(
                    name=name,
                    directives=directives,
                    interfaces=self._named(merged.interfaces),
                    fields=tuple(map(self._field, merged.fields.values())),
                )

    def _field(self, field: MergedField) -> FieldDefinitionNode:
        return FieldDefinitionNode(
            name=self._name(field.name),
            arguments=self._inputs(field.arguments),
            type=self._reference(field.type),
            directives=self._directives(field.directives),
        )

    def _inputs(self, values: Mapping[str, MergedInput]) -> tuple[InputValueDefinitionNode, ...]:
        return tuple(map(self._input, values.values()))

    def _input(self, value: MergedInput) -> InputValueDefinitionNode:
        return InputValueDefinitionNode(
            name=self._name(value.name),
            type=self._reference(value.type),
            default_value=_value(value.default) if value.default is not None else None,
            directives=self._directives(value.directives),
        )

    def _directives(self, directives: Sequence[Applied]) -> tuple[ConstDirectiveNode, ...]:
        if not directives:
            return ()
        return tuple(
            ConstDirectiveNode(
                name=self._name(applied.name),
                arguments=tuple(
                    ConstArgumentNode(name=self._name(name), value=_value(text)) for name, text in applied.arguments
                ),
            )
            for applied in directives
            if applied.name in SHOWN_DIRECTIVES
        )

    def _name(self, name: str) -> NameNode:
        node = self._names.get(name)
        if node is None:
            node = self._names[name] = NameNode(value=name)
        return node

    def _named(self, names: Iterable[str]) -> tuple[NamedTypeNode, ...]:
        return tuple(NamedTypeNode(name=self._name(name)) for name in names)

    def _reference(self, reference: TypeRef) -> TypeNode:
        node = self._references.get(reference)
        if node is None:
            bare = self._nullable(reference.nullable())
            node = self._references[reference] = NonNullTypeNode(type=bare) if reference.is_non_null else bare
        return node

    def _nullable(self, reference: TypeRef) -> NamedTypeNode | ListTypeNode:
        if reference.is_list:
            return ListTypeNode(type=self._reference(reference.item()))
        return NamedTypeNode(name=self._name(reference.name))
