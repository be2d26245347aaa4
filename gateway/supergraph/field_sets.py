"""Field sets: what `@key`, `@requires` and `@provides` write between braces that they leave out.

A field set is parsed once, when the supergraph is read, and compared by identity from then on.
"""

from dataclasses import dataclass

from graphql import (
    FieldNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    print_ast,
)

from gateway.supergraph.errors import SupergraphError


@dataclass(frozen=True, slots=True, eq=False)
class SetField:
    """A field of a field set.

    Attributes:
        arguments: (name, value as GraphQL text), in order.
        selections: empty for leaves.
    """

    name: str
    arguments: tuple[tuple[str, str], ...]
    selections: "tuple[SetSelection, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class SetFragment:
    """The part of a field set that holds for some types only."""

    type_condition: str
    selections: "tuple[SetSelection, ...]"


SetSelection = SetField | SetFragment


@dataclass(frozen=True, slots=True, eq=False)
class FieldSet:
    """A parsed field set and its text, without outer braces."""

    text: str
    selections: tuple[SetSelection, ...]


def parse_field_set(text: str) -> FieldSet:
    """The field set that `text` writes.

    Raises:
        SupergraphError: the text is not a selection set.
    """
    inner = text.strip()
    try:
        document = parse("{" + inner + "}" if not inner.startswith("{") else inner, no_location=True)
    except GraphQLError as error:
        message = f"the field set {text!r} cannot be read: {error.message}"
        raise SupergraphError(message, code="INVALID_FEDERATION_SUPERGRAPH") from error
    operation = document.definitions[0]
    if not isinstance(operation, OperationDefinitionNode) or len(document.definitions) > 1:
        raise SupergraphError(f"{text!r} is no field set", code="INVALID_FEDERATION_SUPERGRAPH")
    return FieldSet(" ".join(inner.split()), _selections(operation.selection_set, text))


def _selections(node: SelectionSetNode | None, text: str) -> tuple[SetSelection, ...]:
    if node is None:
        return ()
    selections: list[SetSelection] = []
    for selection in node.selections:
        if isinstance(selection, FieldNode):
            arguments = tuple((a.name.value, print_ast(a.value)) for a in selection.arguments or ())
            nested = _selections(selection.selection_set, text)
            selections.append(SetField(selection.name.value, arguments, nested))
        elif isinstance(selection, InlineFragmentNode):
            nested = _selections(selection.selection_set, text)
            if selection.type_condition is None:
                selections.extend(nested)
            else:
                selections.append(SetFragment(selection.type_condition.name.value, nested))
        else:
            message = f"the field set {text!r} spreads a named fragment"
            raise SupergraphError(message, code="INVALID_FEDERATION_SUPERGRAPH")
    return tuple(selections)
