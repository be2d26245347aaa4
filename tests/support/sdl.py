"""Subgraph SDL as plain GraphQL, with the machinery that every subgraph serves."""

from graphql import (
    DefinitionNode,
    DocumentNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SchemaExtensionNode,
    parse,
    print_ast,
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
    text = print_ast(DocumentNode(definitions=tuple(kept)))
    schema = "\n".join(_without_directives(line) for line in text.splitlines())
    members = " | ".join(entities)
    query = "extend type Query" if has_query else "type Query"
    machinery = (
        f"scalar _Any\nunion _Entity = {members}\n{query} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
    )
    return f"{schema}\n{machinery}" if entities else schema


def _without_directives(line: str) -> str:
    """A printed line without its directives; none of ours has a brace in an argument."""
    start = line.find(" @")
    if start < 0:
        return line
    return line[:start] + (" {" if line.endswith("{") else "")
