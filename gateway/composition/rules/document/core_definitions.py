"""DIRECTIVE_DEFINITION_INVALID, TYPE_DEFINITION_INVALID: a subgraph defines an element of a specification, but not as it is.

Frameworks print federation's definitions into their SDL, often older or partial ones; fewer locations, fewer optional arguments,
stricter nullability and String for a scalar of federation are fine. What contradicts the specification is not. What a partial
definition leaves out cannot be used in its document: the rules of GraphQL hold uses against it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator

from graphql import (
    DirectiveDefinitionNode,
    EnumTypeDefinitionNode,
    InputValueDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    ValueNode,
    parse,
    print_ast,
)

from gateway.composition import specs
from gateway.composition.errors import CompositionError, error_at, quoted
from gateway.composition.links import LINK
from gateway.composition.literals import canonical
from gateway.composition.model import BUILT_IN_SCALARS
from gateway.composition.read.parse import Document
from gateway.composition.type_ref import TypeRef, from_node


def check(document: Document) -> Iterator[CompositionError]:
    """Check each definition that the document gives of an element of a linked specification."""
    known = dict(specs.definitions(document.links, is_fed1=document.is_fed1))
    for node in document.own_core_definitions:
        is_directive = isinstance(node, DirectiveDefinitionNode)
        text = known.get(f"@{node.name.value}" if is_directive else node.name.value)
        if text is None:
            continue  # a part for the gateway's use, which is dropped
        (expected,) = parse(text, no_location=True).definitions
        if isinstance(node, DirectiveDefinitionNode):
            assert isinstance(expected, DirectiveDefinitionNode)
            yield from _check_directive(document, node, expected)
        else:
            assert isinstance(expected, TypeDefinitionNode)
            yield from _check_type(document, node, expected)


def _check_directive(
    document: Document, node: DirectiveDefinitionNode, expected: DirectiveDefinitionNode
) -> Iterator[CompositionError]:
    wanted = {argument.name.value: argument for argument in expected.arguments or ()}
    given = {argument.name.value: argument for argument in node.arguments or ()}
    problems = [
        problem
        for name, own in given.items()
        if name in wanted
        for problem in _contradictions(document, own, wanted[name])
    ]
    if node.name.value == _name_of_link(document):
        # @link reads the document, so that its own definition needs what every version of it has.
        problems += ['it has no argument "url"'] if "url" not in given else []
        problems += ["it is not repeatable"] if not node.repeatable else []
    else:
        problems += [
            f'it has an argument "{name}", which the specification does not have'
            for name in given
            if name not in wanted
        ]
        problems += [
            f'its argument "{name}" is missing'
            for name, argument in wanted.items()
            if name not in given and from_node(argument.type).is_non_null
        ]
        problems += ["it is repeatable"] if node.repeatable and not expected.repeatable else []
    places = {location.value for location in node.locations} - {location.value for location in expected.locations}
    problems += [f"it can be applied to {', '.join(sorted(places))}"] if places else []
    if problems:
        yield error_at(
            "DIRECTIVE_DEFINITION_INVALID",
            f"The definition of @{node.name.value} contradicts its specification: {'; '.join(problems)}.",
            document.subgraph.name,
            [node],
            "Remove the definition: composition knows it.",
        )


def _name_of_link(document: Document) -> str:
    return next((link.local("@link")[1:] for link in document.links if link.identity == LINK), "link")


def _contradictions(
    document: Document, own: InputValueDefinitionNode, expected: InputValueDefinitionNode
) -> Iterator[str]:
    """What is wrong with an argument that the specification has."""
    name, type_, wanted = own.name.value, from_node(own.type), from_node(expected.type)
    is_nullable = not type_.is_non_null
    if not wanted.is_non_null or (document.is_fed1 and wanted.name == "_FieldSet"):
        type_, wanted = type_.nullable(), wanted.nullable()
    if type_.wrappers != wanted.wrappers or not _may_be(document, type_.name, wanted):
        yield f'its argument "{name}" is a "{from_node(own.type)}", not a "{from_node(expected.type)}"'
    elif is_nullable and _meaning(own.default_value) != _meaning(expected.default_value):
        default = print_ast(expected.default_value) if expected.default_value is not None else None
        yield (
            f'the default of its argument "{name}" is not {default}'
            if default
            else f'its argument "{name}" has a default'
        )


def _may_be(document: Document, name: str, wanted: TypeRef) -> bool:
    """Whether a type may take the place of the specification's: a scalar of federation is a string under any name."""
    if name == wanted.name or wanted.name in BUILT_IN_SCALARS:
        return name == wanted.name
    nodes = document.types.get(name, ())
    return name == "String" or (
        name not in BUILT_IN_SCALARS and all(isinstance(node, ScalarTypeDefinitionNode) for node in nodes)
    )


def _meaning(default: ValueNode | None) -> object:
    return canonical(default) if default is not None else None


def _check_type(
    document: Document, node: TypeDefinitionNode, expected: TypeDefinitionNode
) -> Iterator[CompositionError]:
    if type(node) is not type(expected):
        problem = "not of this kind"
    elif isinstance(node, EnumTypeDefinitionNode) and _values(node) != _values(expected):
        problem = f"with the values {quoted(sorted(_values(expected)))}"
    else:
        return
    yield error_at(
        "TYPE_DEFINITION_INVALID",
        f"The type {quoted([node.name.value])} is of a specification, and {problem}.",
        document.subgraph.name,
        [node],
        "Remove the definition, or rename your type.",
    )


def _values(node: TypeDefinitionNode) -> frozenset[str]:
    return frozenset(value.name.value for value in getattr(node, "values", None) or ())
