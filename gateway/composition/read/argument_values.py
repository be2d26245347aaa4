"""Arguments of directives hold values of their types.

GraphQL's rules for schemas do not hold them against each other, so ``@cost(weight: "10")`` passed, and each reader made of it what it
could: nothing, mostly. A demand of access, a weight or an override was lost that way.

The scalars `Scope` and `Policy` of federation take strings alone. A list of them in which something else stands cannot be read, and one
without an entry demands nothing that a caller could hold; both are refused, because a demand must never be dropped.

Source: https://spec.graphql.org/September2025/#sec-Values-of-Correct-Type
"""

from collections.abc import Iterable, Iterator

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    Node,
    ValueNode,
)
from graphql.utilities import validate_input_literal

from gateway.composition import specs
from gateway.composition.links import Link
from gateway.supergraph.access import UnreadableDemand, alternatives_of

DEMANDS = {"requiresScopes": "scopes", "policy": "policies"}
_PARTS = ("fields", "arguments", "values")


def argument_errors(
    schema: GraphQLSchema, document: DocumentNode, links: Iterable[Link], *, is_fed1: bool
) -> list[GraphQLError]:
    """Return an error for each literal in a directive's argument that is not a value of the argument's type.

    Args:
        schema: Built of the document, so that it knows each directive that the document may use.
    """
    links = tuple(links)
    errors: list[GraphQLError] = []
    for node in _uses(document.definitions):
        directive = schema.get_directive(node.name.value)
        core = specs.core_directive(node.name.value, links, is_fed1=is_fed1)
        for argument in node.arguments or ():
            definition = directive.args.get(argument.name.value) if directive is not None else None
            if definition is None:
                continue  # a rule of GraphQL's own reports it
            found = _literal_errors(argument.value, definition.type)
            if not found and DEMANDS.get(core or "") == argument.name.value:
                found.extend(_demand_error(node, argument.value))
            errors.extend(found)
    return errors


def _literal_errors(value: ValueNode, type_: GraphQLInputType) -> list[GraphQLError]:
    found: list[GraphQLError] = []
    validate_input_literal(value, type_, lambda error, _path: found.append(error), hide_suggestions=True)
    return found


def _demand_error(node: DirectiveNode, value: Node) -> Iterator[GraphQLError]:
    try:
        alternatives_of(value)
    except UnreadableDemand as error:
        yield GraphQLError(f"@{node.name.value} cannot be read: {error}.", value if value.loc else node)


def _uses(nodes: Iterable[Node]) -> Iterator[DirectiveNode]:
    """Every directive on the nodes and on the fields, arguments and values below them."""
    for node in nodes:
        yield from getattr(node, "directives", None) or ()
        for part in _PARTS:
            below = getattr(node, part, None)
            if below:
                yield from _uses(below)
