"""Subgraph SDL as plain GraphQL, with the machinery that every subgraph serves."""

from graphql import (
    REMOVE,
    DefinitionNode,
    DocumentNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SchemaExtensionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)


def without_federation(sdl: str) -> str:
    """The schema that a subgraph executes: no federation directives, but `_entities` and `_Entity`."""
    kept: list[DefinitionNode] = []
    entities: list[str] = []
    has_query = False
    for definition in parse(sdl, no_location=True).definitions:
        if isinstance(definition, SchemaExtensionNode):
            continue
        if isinstance(definition, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
            if any(directive.name.value == "key" for directive in definition.directives or ()):
                entities.append(definition.name.value)
            has_query = has_query or definition.name.value == "Query"
        kept.append(definition)
    schema = print_ast(visit(DocumentNode(definitions=tuple(kept)), _Plain()))
    members = " | ".join(entities)
    query = "extend type Query" if has_query else "type Query"
    machinery = (
        f"scalar _Any\nunion _Entity = {members}\n{query} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
    )
    return f"{schema}\n{machinery}" if entities else schema


class _Plain(Visitor):
    """Takes away all directives."""

    def enter_directive(self, *_: object) -> object:
        return REMOVE
