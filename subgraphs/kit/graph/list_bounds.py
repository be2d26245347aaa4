"""`@maxItems`: how many items a list in an input may have, enforced before the resolver runs.

The directive on an argument or input field is the rule. A schema with a list in an input that bears none cannot be built, so that none
is forgotten. `@cost` beside it prices the list for the gateway.

    keys: Annotated[list[str] | None, strawberry.argument(directives=bounded(200))] = None
"""

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.federation.schema_directives import Cost
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location

from subgraphs.kit.graph.errors import Fault
from subgraphs.kit.graph.inputs import Input, inputs_of

MADE_BY_THE_GATEWAY = frozenset({"Query._entities(representations:)"})
"""Lists that no client writes: the gateway batches what it found, within the limit on a request's body."""

Check = Callable[[str, Any], None]


@strawberry.schema_directive(name="maxItems", locations=[Location.ARGUMENT_DEFINITION, Location.INPUT_FIELD_DEFINITION])
class MaxItems:
    limit: int


def bounded(limit: int, *, cost: int = 1) -> list[object]:
    """The directives of a list in an input.

    Args:
        limit: how many items it may have, n >= 1.
        cost: of the list as a whole; what an item costs stands on the fields of its type.
    """
    return [MaxItems(limit=limit), Cost(weight=cost)]


def limit_of(given: Input) -> int | None:
    """Return how many items an argument or input field may have; None for one that is no list."""
    return next((each.limit for each in _directives(given) if isinstance(each, MaxItems)), None)


def unbounded_lists(schema: GraphQLSchema) -> list[str]:
    """Return the coordinates of lists in inputs without `@maxItems` or `@cost`, sorted."""
    return sorted(
        coordinate
        for coordinate, given in inputs_of(schema)
        if _is_list(given.type)
        and coordinate not in MADE_BY_THE_GATEWAY
        and not {"MaxItems", "Cost"} <= {type(each).__name__ for each in _directives(given)}
    )


def bound_lists(schema: GraphQLSchema) -> int:
    """Put the checks before the resolvers of all fields that take lists; return how many fields have one.

    Raises:
        TypeError: when a list in an input has no bound.
    """
    if unbounded := unbounded_lists(schema):
        raise TypeError(f"these lists in inputs need @maxItems and @cost: {', '.join(unbounded)}")
    checked = 0
    known: dict[str, dict[str, Check]] = {}
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for field in type_.fields.values():
            checks = {
                name: check
                for name, argument in field.args.items()
                if (check := _check_of(argument, known)) is not None
            }
            if checks:
                _put_before(field, checks)
                checked += 1
    return checked


def _put_before(field: GraphQLField, checks: Mapping[str, Check]) -> None:
    attribute = "subscribe" if field.subscribe is not None else "resolve"
    inner = getattr(field, attribute)

    def checked(source: Any, info: Any, **arguments: Any) -> Any:
        for name, value in arguments.items():
            if name in checks:
                checks[name](name, value)
        return inner(source, info, **arguments)

    setattr(field, attribute, checked)


def _check_of(given: Input, known: dict[str, dict[str, Check]]) -> Check | None:
    """The check of one argument or input field; None when no list can be in it."""
    limit = limit_of(given)
    named = get_named_type(given.type)
    inside = _checks_inside(named, known) if isinstance(named, GraphQLInputObjectType) else {}
    if limit is None and not inside:
        return None

    def check(path: str, value: Any) -> None:
        if isinstance(value, list):
            if limit is not None and len(value) > limit:
                raise Fault("BAD_USER_INPUT", f"{path} has {len(value)} items; at most {limit} are taken")
            for item in value:
                check(path, item)
        elif isinstance(value, Mapping):
            for name, part in value.items():
                if name in inside:
                    inside[name](f"{path}.{name}", part)

    return check


def _checks_inside(type_: GraphQLInputObjectType, known: dict[str, dict[str, Check]]) -> dict[str, Check]:
    if type_.name not in known:
        # Kept before it is filled: an input may contain itself.
        known[type_.name] = checks = {}
        for name, field in type_.fields.items():
            if (check := _check_of(field, known)) is not None:
                checks[name] = check
    return known[type_.name]


def _directives(given: Input) -> list[object]:
    definition = given.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return list(getattr(definition, "directives", None) or [])


def _is_list(type_: GraphQLInputType) -> bool:
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)
