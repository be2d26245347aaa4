"""What changes at the elements that two schemas have both: deprecations, descriptions, `@specifiedBy`, `@oneOf`, required defaults.

An element is named by its schema coordinate: ``Query.user``, ``Query.user(id:)``, ``Role.ADMIN``, ``@live(if:)``.

Source: https://spec.graphql.org/September2025/#sec-Schema-Coordinates
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
)

from gateway.check.change import Change, Severity

Pair = tuple[str, str, Any, Any]
"""Kind, coordinate, the element before, the element after."""

DEFAULT_REMOVED = frozenset({"REQUIRED_ARG_DEFAULT_REMOVED", "REQUIRED_INPUT_FIELD_DEFAULT_REMOVED"})


def element_changes(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    """The changes at elements that both schemas have."""
    for kind, coordinate, before, after in _pairs(old, new):
        yield from _deprecation(kind, coordinate, before, after)
        match before, after:
            case GraphQLScalarType(), GraphQLScalarType():
                yield from _specification(coordinate, before.specified_by_url, after.specified_by_url)
            case GraphQLInputObjectType(), GraphQLInputObjectType():
                yield from _one_of(coordinate, before, after)
            case GraphQLArgument(), GraphQLArgument():
                if is_required_argument(after) and not is_required_argument(before):
                    yield from _default("REQUIRED_ARG_DEFAULT_REMOVED", coordinate, before)
            case GraphQLInputField(), GraphQLInputField():
                if is_required_input_field(after) and not is_required_input_field(before):
                    yield from _default("REQUIRED_INPUT_FIELD_DEFAULT_REMOVED", coordinate, before)
        if before.description != after.description:
            yield Change("DESCRIPTION_CHANGED", Severity.SAFE, f"{coordinate} is described in other words.")


def _deprecation(kind: str, coordinate: str, before: Any, after: Any) -> Iterator[Change]:
    was, is_ = (getattr(element, "deprecation_reason", None) for element in (before, after))
    if was == is_:
        return
    if was is None:
        yield Change(f"{kind}_DEPRECATED", Severity.SAFE, f"{coordinate} is deprecated: {is_}")
    elif is_ is None:
        yield Change(f"{kind}_UNDEPRECATED", Severity.SAFE, f"{coordinate} is no longer deprecated.")
    else:
        yield Change(
            "DEPRECATION_REASON_CHANGED", Severity.SAFE, f"{coordinate} is deprecated for another reason: {is_}"
        )


def _specification(name: str, before: str | None, after: str | None) -> Iterator[Change]:
    if before == after:
        return
    if before is None:
        yield Change("SPECIFIED_BY_ADDED", Severity.SAFE, f"{name} is specified by {after}.")
    elif after is None:
        yield Change("SPECIFIED_BY_REMOVED", Severity.DANGEROUS, f"{name} is no longer specified by {before}.")
    else:
        yield Change("SPECIFIED_BY_CHANGED", Severity.DANGEROUS, f"{name} is specified by {after}, not by {before}.")


def _one_of(name: str, before: GraphQLInputObjectType, after: GraphQLInputObjectType) -> Iterator[Change]:
    if after.is_one_of and not before.is_one_of:
        yield Change("ONE_OF_ADDED", Severity.BREAKING, f"{name} takes exactly one of its fields.")
    elif before.is_one_of and not after.is_one_of:
        yield Change("ONE_OF_REMOVED", Severity.SAFE, f"{name} takes any number of its fields.")


def _default(kind: str, coordinate: str, before: GraphQLArgument | GraphQLInputField) -> Iterator[Change]:
    """A default that goes; where the type became non-null as well, that is told as a change of the type."""
    if isinstance(before.type, GraphQLNonNull):
        yield Change(kind, Severity.BREAKING, f"{coordinate} defaultValue was removed. It is required.")


def _pairs(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Pair]:
    for name, before, after in _both(old.type_map, new.type_map):
        if is_introspection_type(before):
            continue
        yield "TYPE", name, before, after
        match before, after:
            case ((GraphQLObjectType() | GraphQLInterfaceType()), (GraphQLObjectType() | GraphQLInterfaceType())):
                for field_name, *fields in _both(before.fields, after.fields):
                    yield from _field(f"{name}.{field_name}", *fields)
            case GraphQLInputObjectType(), GraphQLInputObjectType():
                for field_name, *inputs in _both(before.fields, after.fields):
                    yield "INPUT_FIELD", f"{name}.{field_name}", inputs[0], inputs[1]
            case GraphQLEnumType(), GraphQLEnumType():
                for value_name, *values in _both(before.values, after.values):
                    yield "ENUM_VALUE", f"{name}.{value_name}", values[0], values[1]
    directives = ({directive.name: directive for directive in schema.directives} for schema in (old, new))
    for name, before, after in _both(*directives):
        yield "DIRECTIVE", f"@{name}", before, after
        for argument, *pair in _both(before.args, after.args):
            yield "DIRECTIVE_ARG", f"@{name}({argument}:)", pair[0], pair[1]


def _field(coordinate: str, before: GraphQLField, after: GraphQLField) -> Iterator[Pair]:
    yield "FIELD", coordinate, before, after
    for name, *arguments in _both(before.args, after.args):
        yield "ARG", f"{coordinate}({name}:)", arguments[0], arguments[1]


def _both(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    return ((name, old[name], new[name]) for name in old if name in new)
