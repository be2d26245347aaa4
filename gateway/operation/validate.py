"""A document against the API schema: every rule of the specification, none of which may be a processor bomb.

graphql-core's rules are used but for some: overlapping fields are checked by `overlap`, per operation, in linear time, and a
schema's own `@defer` or `@stream` is a directive like any other. "Did you mean" is off: against a type of 300 fields, 2.2 kB of misspelt names cost 10 s of edit distances.
"""

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    SingleFieldSubscriptionsRule,
    specified_rules,
    validate,
)
from graphql.validation.rules.defer_stream_directive_label import DeferStreamDirectiveLabel
from graphql.validation.rules.defer_stream_directive_on_root_field import DeferStreamDirectiveOnRootField
from graphql.validation.rules.defer_stream_directive_on_valid_operations_rule import (
    DeferStreamDirectiveOnValidOperationsRule,
)
from graphql.validation.rules.stream_directive_on_list_field import StreamDirectiveOnListField

from gateway.errors import ClientError, ManyClientErrors
from gateway.operation.overlap import check_overlaps
from gateway.operation.parse import Document
from gateway.operation.single_root_field import SingleRootFieldRule

MAX_ERRORS = 20
MAX_MESSAGE = 500
"""Characters; messages repeat the client's names, which may be as long as the body."""

OWN = {OverlappingFieldsCanBeMergedRule, SingleFieldSubscriptionsRule}
"""Rules for which the gateway has its own: `overlap`, `single_root_field`."""

INCREMENTAL = {
    DeferStreamDirectiveLabel,
    DeferStreamDirectiveOnRootField,
    DeferStreamDirectiveOnValidOperationsRule,
    StreamDirectiveOnListField,
}
"""Rules of graphql-core's unfinished `@defer` and `@stream`, which judge any directive of these names; no API schema has those."""

RULES = (*(rule for rule in specified_rules if rule not in OWN | INCREMENTAL), SingleRootFieldRule)


def validate_document(schema: GraphQLSchema, document: Document) -> None:
    """Returns if the whole document, each of its operations, is valid.

    Raises:
        ClientError: GRAPHQL_VALIDATION_FAILED, all errors together, in document order; OPERATION_TOO_COMPLEX.

    Source: GraphQL September 2025, section 5 (Validation).
    """
    found = validate(schema, document.ast, rules=RULES, max_errors=MAX_ERRORS, hide_suggestions=True)
    errors = [_shown(error) for error in found]
    if not errors:
        # Only a document that is otherwise valid: fragments have no circles, fields exist.
        for operation in document.operations.values():
            errors += check_overlaps(schema, document, operation)
    if errors:
        raise ManyClientErrors.of(errors[: MAX_ERRORS + 1])


def _shown(error: GraphQLError) -> ClientError:
    locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    message = error.message if len(error.message) <= MAX_MESSAGE else error.message[:MAX_MESSAGE] + "..."
    return ClientError(message, code="GRAPHQL_VALIDATION_FAILED", locations=locations)
