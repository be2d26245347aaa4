"""From a text to a prepared operation: all that can be known of it before there are variables and a caller; done once a text.

What was refused is remembered like what was accepted: sending a bad document again costs a look-up.
"""

from dataclasses import dataclass, field

from graphql import FieldNode, GraphQLSchema, OperationDefinitionNode, OperationType

from gateway.errors import ClientError
from gateway.operation.access import AccessRules
from gateway.operation.cache import BoundedCache
from gateway.operation.limits import Limits, check_limits
from gateway.operation.model import OperationKind
from gateway.operation.normalize import condition_variables
from gateway.operation.parse import Document, parse_document, select_operation
from gateway.operation.validate import validate_document
from gateway.operation.variables import VariableCoercer

KINDS = {
    OperationType.QUERY: OperationKind.QUERY,
    OperationType.MUTATION: OperationKind.MUTATION,
    OperationType.SUBSCRIPTION: OperationKind.SUBSCRIPTION,
}

MEMORY_PER_CHARACTER = 50
"""Bytes that a parsed document takes, about, by the length of its text."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedOperation:
    """One operation of a valid document that keeps within the limits.

    Attributes:
        kind: what it is.
        variables: coerces what a request gives.
        condition_names: the variables that `@skip` and `@include` name, sorted: their values decide the plan.
        demanded: the access bits that its plan may depend on.
    """

    document: Document
    definition: OperationDefinitionNode
    kind: OperationKind
    name: str | None
    variables: VariableCoercer
    condition_names: tuple[str, ...]
    demanded: int


@dataclass(slots=True, eq=False)
class _Known:
    """What is remembered of a text: the document with its operations so far, or why it was refused."""

    document: Document | None = None
    refusal: ClientError | None = None
    operations: dict[str | None, PreparedOperation] = field(default_factory=dict)


class Preparer:
    """Prepares operations on one API schema.

    Args:
        rules: the schema's demands on callers.
        allows_introspection: whether ``__schema`` and ``__type`` are answered.
        max_documents: how many texts are remembered, accepted or refused.
        max_document_bytes: about how much memory they may take.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        rules: AccessRules,
        limits: Limits,
        *,
        allows_introspection: bool,
        max_documents: int,
        max_document_bytes: int,
    ) -> None:
        self._schema = schema
        self._rules = rules
        self._limits = limits
        self._allows_introspection = allows_introspection
        self._known: BoundedCache[str, _Known] = BoundedCache(max_entries=max_documents, max_bytes=max_document_bytes)

    def recall(self, text: str, operation_name: str | None) -> PreparedOperation | None:
        """The operation of this name in this text, if it is remembered.

        Raises:
            ClientError: it is remembered that the document is refused.
        """
        known = self._known.get(text)
        if known is None:
            return None
        if known.refusal is not None:
            raise known.refusal.again()
        return known.operations.get(operation_name)

    def prepare(self, text: str, operation_name: str | None) -> PreparedOperation:
        """The operation of this name in this text.

        Raises:
            ClientError: the document is refused, or has no such operation.
        """
        known = self._known.get(text)
        if known is None:
            known = self._read(text)
            self._known.put(text, known, size=len(text) * MEMORY_PER_CHARACTER)
        if known.refusal is not None:
            raise known.refusal.again()
        operation = known.operations.get(operation_name)
        if operation is None:
            assert known.document is not None
            # Made-up names must not fill the memory: only operations that exist are remembered.
            operation = known.operations[operation_name] = self._prepare(known.document, operation_name)
        return operation

    def _read(self, text: str) -> _Known:
        limits = self._limits
        if len(text) > limits.max_length:
            # Not remembered: it would fill the memory with what is refused at a glance.
            raise ClientError(
                f"The document is longer than {limits.max_length} characters.", code="MAX_LENGTH_EXCEEDED"
            )
        try:
            document = parse_document(text, max_tokens=limits.max_tokens)
            for definition in document.operations.values():
                check_limits(document, definition, limits)
            validate_document(self._schema, document)
        except ClientError as refusal:
            return _Known(refusal=refusal.again())
        return _Known(document=document)

    def _prepare(self, document: Document, operation_name: str | None) -> PreparedOperation:
        definition = select_operation(document, operation_name)
        if not self._allows_introspection:
            _refuse_introspection(document)
        return PreparedOperation(
            document=document,
            definition=definition,
            kind=KINDS[definition.operation],
            name=definition.name.value if definition.name else None,
            variables=VariableCoercer(self._schema, definition, self._limits),
            condition_names=tuple(sorted(condition_variables(document, definition))),
            demanded=self._rules.relevant(document, definition),
        )


def _refuse_introspection(document: Document) -> None:
    """Raises if any root of the document asks for the schema.

    Raises:
        ClientError: INTROSPECTION_DISABLED.
    """
    pending = [definition.selection_set for definition in [*document.operations.values(), *document.fragments.values()]]
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode) and selection.name.value in ("__schema", "__type"):
                raise ClientError("The schema is not shown here.", code="INTROSPECTION_DISABLED")
            inner = getattr(selection, "selection_set", None)
            if inner is not None:
                pending.append(inner)
