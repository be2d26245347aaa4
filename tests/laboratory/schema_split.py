"""Splits a plain schema over subgraphs that together are that schema again."""

from random import Random

from graphql import (
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])'
ROOTS = ("Query", "Mutation", "Subscription")


def split_schema(random: Random, sdl: str, count: int) -> dict[str, str]:
    """Subgraph name -> SDL. Types with an id are entities whose fields are dealt out; all others are shared by all.

    Args:
        sdl: a schema without federation, all of whose types can be reached from its roots.
    """
    names = [f"s{index}" for index in range(count)]
    definitions = [node for node in parse(sdl, no_location=True).definitions if isinstance(node, TypeDefinitionNode)]
    demanded = {
        field.name.value
        for node in definitions
        if isinstance(node, InterfaceTypeDefinitionNode)
        for field in node.fields or ()
    }
    parts: dict[str, list[str]] = {name: [LINK] for name in names}
    for node in definitions:
        if not isinstance(node, ObjectTypeDefinitionNode):
            for name in names:
                parts[name].append(print_ast(node))
        elif node.name.value in ROOTS:
            _deal(random, node, names, parts, shared=set())
        elif any(_is_id(field) for field in node.fields or ()):
            _deal(random, node, names, parts, shared=demanded | {"id"})
        else:
            for name in names:
                parts[name].append(_object(node, list(node.fields or ()), "@shareable"))
    return {name: "\n".join(texts) for name, texts in parts.items()}


def _deal(
    random: Random, node: ObjectTypeDefinitionNode, names: list[str], parts: dict[str, list[str]], *, shared: set[str]
) -> None:
    owners = {
        field.name.value: names if field.name.value in shared else random.sample(names, random.randint(1, len(names)))
        for field in node.fields or ()
    }
    for name in names:
        fields = [field for field in node.fields or () if name in owners[field.name.value]]
        if node.name.value == "Subscription":
            fields = [field for field in fields if owners[field.name.value][0] == name]
        head = '@key(fields: "id") @shareable' if node.name.value not in ROOTS else "@shareable"
        if fields:
            parts[name].append(_object(node, fields, "" if node.name.value == "Subscription" else head))


def _object(node: ObjectTypeDefinitionNode, fields: list[FieldDefinitionNode], head: str) -> str:
    interfaces = " & ".join(interface.name.value for interface in node.interfaces or ())
    implements = f" implements {interfaces}" if interfaces else ""
    description = f"{print_ast(node.description)}\n" if node.description else ""
    body = "\n".join(f"  {print_ast(field)}" for field in fields)
    return f"{description}type {node.name.value}{implements} {head} {{\n{body}\n}}"


def _is_id(field: FieldDefinitionNode) -> bool:
    return (
        field.name.value == "id"
        and not field.arguments
        and isinstance(field.type, NonNullTypeNode)
        and print_ast(field.type) == "ID!"
    )
