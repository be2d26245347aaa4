"""Refusals as members of result unions.

A mutation raises its refusals and returns its success. A field whose union has members that are `UserError` answers a refusal with
the member for it. A refusal that the union has no member for stays an exception, which the client sees as an error with the refusal's code.
"""

from collections.abc import Callable, Iterator
from inspect import isawaitable
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, GraphQLUnionType, get_nullable_type
from strawberry.schema.schema_converter import GraphQLCoreConverter

from subgraphs.kit.graph.errors import NotFoundError, UserError, user_error
from subgraphs.kit.runtime.refusals import NotFound, Refusal
from subgraphs.kit.runtime.rules import MalformedId

AnswerOf = Callable[[Refusal], UserError | None]
"""Returns the error type that answers a refusal of a domain's own; None for the kit's refusals."""


def answer_refusals(schema: GraphQLSchema, answer_of: AnswerOf) -> None:
    """Put the answer to refusals around the resolvers of all fields that return a result union, and around the checks of their inputs."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                members = _error_members(field)
                if members:
                    _put_around(field, members, answer_of)


def _error_members(field: GraphQLField) -> frozenset[type]:
    """Return the Python classes of the union's members that are errors; none for a field that returns no union, or a stream of them."""
    union = get_nullable_type(field.type)
    if not isinstance(union, GraphQLUnionType) or field.subscribe is not None:
        return frozenset()
    classes = (member.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin for member in union.types)
    return frozenset(each for each in classes if issubclass(each, UserError))


def _put_around(field: GraphQLField, members: frozenset[type], answer_of: AnswerOf) -> None:
    inner = field.resolve
    assert inner is not None, "strawberry gives every field its resolver"

    async def answered(source: Any, info: Any, **arguments: Any) -> Any:
        try:
            result = inner(source, info, **arguments)
            return await result if isawaitable(result) else result
        except Refusal as refusal:
            error = next((each for each in _answers(refusal, answer_of) if type(each) in members), None)
            if error is None:
                raise
            return error

    field.resolve = answered


def _answers(refusal: Refusal, answer_of: AnswerOf) -> Iterator[UserError | None]:
    """Yield the errors that answer a refusal, the best one first."""
    yield answer_of(refusal)
    yield user_error(refusal)
    if isinstance(refusal, MalformedId):  # nothing has such an id
        yield NotFoundError(code=NotFound.code, message=str(refusal), path=list(refusal.path))
