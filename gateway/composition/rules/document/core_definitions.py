"""DIRECTIVE_DEFINITION_INVALID, TYPE_DEFINITION_INVALID: a subgraph defines an element of federation, but not as it is.

Frameworks print federation's definitions into their SDL, often older or partial ones; fewer locations, fewer optional arguments and
looser nullability are fine. What contradicts the specification is not.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator

from graphql import DirectiveDefinitionNode, ScalarTypeDefinitionNode, TypeDefinitionNode, parse

from gateway.composition import specs
from gateway.composition.errors import CompositionError, error_at, quoted
from gateway.composition.parse import SERVICE_TYPES, Document
from gateway.composition.types import from_node

FIELD_SET_NAMES = frozenset({"_FieldSet", "FieldSet", "federation__FieldSet", "String"})


def check(document: Document) -> Iterator[CompositionError]:
    """Checks each definition that the document gives of federation's own elements."""
    known = dict(specs.definitions(document.links, is_fed1=document.is_fed1))
    for node in document.own_core_definitions:
        if isinstance(node, DirectiveDefinitionNode):
            expected = parse(known[f"@{node.name.value}"], no_location=True).definitions[0]
            assert isinstance(expected, DirectiveDefinitionNode)
            yield from _check_directive(document, node, expected)
        elif node.name.value not in SERVICE_TYPES:
            yield from _check_type(document, node, known[node.name.value])


def _check_directive(
    document: Document, node: DirectiveDefinitionNode, expected: DirectiveDefinitionNode
) -> Iterator[CompositionError]:
    name = node.name.value
    wanted = {argument.name.value: argument for argument in expected.arguments or ()}
    given = {argument.name.value: argument for argument in node.arguments or ()}
    problems = [f'it has no argument "{argument}"' for argument in given if argument not in wanted]
    for argument, definition in wanted.items():
        own = given.get(argument)
        type_ = from_node(definition.type)
        if own is None:
            if type_.is_non_null:
                problems.append(f'its argument "{argument}" is missing')
            continue
        own_type = from_node(own.type)
        same_name = own_type.name == type_.name or {own_type.name, type_.name} <= FIELD_SET_NAMES | {
            type_.name,
            "String",
        }
        if not same_name or own_type.wrappers.replace("!", "") != type_.wrappers.replace("!", ""):
            problems.append(f'its argument "{argument}" is a "{type_}", not a "{own_type}"')
    places = {location.value for location in node.locations} - {location.value for location in expected.locations}
    if places:
        problems.append(f"it cannot be applied to {', '.join(sorted(places))}")
    if problems:
        yield error_at(
            "DIRECTIVE_DEFINITION_INVALID",
            f"The definition of @{name} is not federation's: {'; '.join(problems)}.",
            document.subgraph.name,
            [node],
            "Remove the definition: composition knows it.",
        )


def _check_type(document: Document, node: TypeDefinitionNode, expected: str) -> Iterator[CompositionError]:
    if isinstance(node, ScalarTypeDefinitionNode) == expected.startswith("scalar"):
        return
    yield error_at(
        "TYPE_DEFINITION_INVALID",
        f"The type {quoted([node.name.value])} is federation's own, and not of this kind.",
        document.subgraph.name,
        [node],
        "Remove the definition, or rename your type.",
    )
