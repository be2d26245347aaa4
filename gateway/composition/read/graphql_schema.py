"""GraphQL's own schema of a document, with every violation reported: also those for which graphql-core raises.

Source: https://spec.graphql.org/September2025/#sec-Type-System
"""

import re

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_ast_schema, validate_schema

# GraphQL of September 2025 forbids what it allowed before, and what a supergraph may come to anyhow, because an implementation may be
# deprecated by a subgraph that does not know the interface. It harms nobody, so it is let pass, as it is by Apollo.
_DEPRECATED_ALONE = re.compile(
    r"Interface field \S+ is not deprecated, so implementation field \S+ must not be deprecated\.$"
)
_TOO_DEEP = "Input types refer to each other through more types than can be followed."


def validated_schema(document: DocumentNode) -> tuple[GraphQLSchema | None, list[GraphQLError]]:
    """Return the schema, or None if it cannot be built, with what is wrong with its types.

    Args:
        document: Keeps the rules for single definitions, which `validate_sdl` checks.
    """
    try:
        schema = build_ast_schema(document, assume_valid_sdl=True)
        errors = validate_schema(schema)
    except (GraphQLError, TypeError) as error:
        # graphql-core raises instead of reporting: for `@deprecated(reason: OLD)`, or a default of an argument that is no input.
        return None, [_root_cause(error)]
    except RecursionError:
        return None, [GraphQLError(_TOO_DEEP)]
    return schema, [error for error in errors if not _DEPRECATED_ALONE.match(error.message)]


def _root_cause(error: GraphQLError | TypeError) -> GraphQLError:
    """The first error of a chain that knows its place, since what was made of it on the way up only names the type around."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, GraphQLError) and cause.nodes:
            return cause
        cause = cause.__cause__ or cause.__context__
    return GraphQLError(str(error))


def as_graphql(message: str) -> str:
    """Return a message of graphql-core in GraphQL's words: it calls null None."""
    return message.replace(" not to be None", " not to be null")
