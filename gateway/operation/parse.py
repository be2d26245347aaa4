"""Text to a document: parsed once, within limits on tokens and nesting, with its operations by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
)

from gateway.errors import ClientError

MAX_OPERATIONS = 50
"""Rules look at every pair of operation and fragment; a document of a thousand of each would be a processor bomb."""

MAX_NAME_CHARACTERS: Final = 200
"""Of an operation's name in logs, spans and errors: with a persisted query a client writes 190 kB there by a request of 200 bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A parsed request document. Two documents are equal only if they are the same object.

    Attributes:
        operations: by name, in document order; an anonymous one is under None.
        fragments: by name; of several with one name the last, which validation then refuses.
    """

    text: str
    ast: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]


def parse_document(text: str, *, max_tokens: int) -> Document:
    """The document in `text`.

    Args:
        text: what the client sent.
        max_tokens: refused beyond this many tokens, comments included; bounds the time, 0.2 s a megabyte otherwise 6 s.

    Raises:
        ClientError: GRAPHQL_PARSE_FAILED with the place; MAX_TOKENS_EXCEEDED; MAX_OPERATIONS_EXCEEDED.

    Source: GraphQL September 2025, section 2 (Language).
    """
    try:
        ast = parse(text, max_tokens=max_tokens, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        if "Document contains more than" in error.message:
            raise ClientError(f"The document has more than {max_tokens} tokens.", code="MAX_TOKENS_EXCEEDED") from None
        if "nested too deeply" in error.message:
            raise ClientError("The document is nested too deeply.", code="MAX_DEPTH_EXCEEDED") from None
        locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
        raise ClientError(error.message, code="GRAPHQL_PARSE_FAILED", locations=locations) from None
    _unchain_tokens(ast)
    operations: dict[str | None, OperationDefinitionNode] = {}
    fragments: dict[str, FragmentDefinitionNode] = {}
    count = 0
    for definition in ast.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations[definition.name.value if definition.name else None] = definition
            count += 1
        elif isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
    if count > MAX_OPERATIONS:
        raise ClientError(f"The document has more than {MAX_OPERATIONS} operations.", code="MAX_OPERATIONS_EXCEEDED")
    return Document(text, ast, MappingProxyType(operations), MappingProxyType(fragments))


def _unchain_tokens(ast: DocumentNode) -> None:
    """Cut the list that links all tokens: a cached plan keeps a few values of the document, which would keep every token."""
    token = ast.loc.start_token if ast.loc is not None else None
    while token is not None:
        token.prev, token.next, token = None, None, token.next


def select_operation(document: Document, name: str | None) -> OperationDefinitionNode:
    """The operation to run: the one of this name, or the only one if no name is given.

    Raises:
        ClientError: OPERATION_RESOLUTION_FAILURE if there is none, or several and no name.

    Source: GraphQL September 2025, section 6.1 (GetOperation).
    """
    if name is not None:
        operation = document.operations.get(name)
        if operation is None:
            raise ClientError(
                f'Unknown operation named "{name[:MAX_NAME_CHARACTERS]}".', code="OPERATION_RESOLUTION_FAILURE"
            )
        return operation
    if not document.operations:
        raise ClientError("The document has no operation.", code="OPERATION_RESOLUTION_FAILURE")
    if len(document.operations) > 1:
        raise ClientError(
            "The document has several operations: say which one with operationName.",
            code="OPERATION_RESOLUTION_FAILURE",
        )
    return next(iter(document.operations.values()))
