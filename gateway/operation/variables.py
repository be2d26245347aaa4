"""The client's variables against the operation's declarations: coerced once, so that no fetch has to look at them again.

Each declared type is compiled to a function from a JSON value to the value that subgraphs are sent. Values of the built-in
scalars and of enums are checked and coerced by the specification (``1.0`` is an Int, ``7`` is an ID, a lone value stands for a
list of one); values of custom scalars pass untouched, because only the subgraph knows what they mean. A variable that is absent
takes its default, or stays absent.

Source: GraphQL September 2025, sections 3.5 to 3.12 (Input Coercion) and 6.1.2 (CoerceVariableValues).
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    is_input_type,
    is_required_input_field,
    specified_scalar_types,
    type_from_ast,
    value_from_ast_untyped,
)

from gateway.errors import ClientError, ManyClientErrors
from gateway.operation.limits import Limits, too_deep_input, too_many_items, too_many_values

Variables = Mapping[str, Any]
Coercer = Callable[[Any, str], Any]
"""From a JSON value and its place (``input.items[2].price``) to the coerced value; raises `_WrongValueError`."""

MAX_INT = 2_147_483_647
MIN_INT = -2_147_483_648


class _WrongValueError(Exception):
    """A value that its type does not take."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(problem)
        self.place = place
        self.problem = problem


class VariableCoercer:
    """Coerces the variables of one operation; compiled once, used for every request.

    Args:
        schema: the API schema.
        operation: valid against it.
        limits: for lists and nesting of the input.
    """

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, limits: Limits) -> None:
        self._limits = limits
        self._compiled: list[tuple[str, Coercer, bool, Any]] = []
        compiled: dict[str, Coercer] = {}
        for definition in operation.variable_definitions or ():
            declared = type_from_ast(schema, definition.type)
            assert is_input_type(declared)
            default: Any = Undefined
            coerce = _compile(declared, compiled)
            if definition.default_value is not None:
                default = coerce(value_from_ast_untyped(definition.default_value), "")
            is_required = isinstance(declared, GraphQLNonNull) and default is Undefined
            self._compiled.append((definition.variable.name.value, coerce, is_required, default))

    def coerce(self, given: Variables | None) -> dict[str, Any]:
        """The operation's variables; those that are absent and have no default are absent. Unknown ones are dropped.

        Raises:
            ClientError: BAD_USER_INPUT, an error for each wrong variable; or as `check_input`.
        """
        if not self._compiled:
            return {}
        if given:
            check_input(given, self._limits)
        else:
            given = {}
        coerced: dict[str, Any] = {}
        errors: list[ClientError] = []
        for name, coerce, is_required, default in self._compiled:
            if name not in given:
                if is_required:
                    errors.append(_bad_input(f'Variable "${name}" is required and was not provided.'))
                elif default is not Undefined:
                    coerced[name] = default
                continue
            try:
                coerced[name] = coerce(given[name], name)
            except _WrongValueError as error:
                at = "" if error.place == name else f' at "{error.place}"'
                errors.append(_bad_input(f'Variable "${name}" has a wrong value{at}: {error.problem}'))
        if errors:
            raise ManyClientErrors.of(errors)
        return coerced


def check_input(given: Variables, limits: Limits) -> None:
    """Returns if no list among the variables is too long, nothing in them too deep, and all of them together not too many values.

    Raises:
        ClientError: MAX_LIST_ITEMS_EXCEEDED, MAX_INPUT_DEPTH_EXCEEDED or MAX_INPUT_VALUES_EXCEEDED.
    """
    count = 0
    pending: list[tuple[Any, int]] = [(value, 1) for value in given.values() if isinstance(value, dict | list)]
    while pending:
        value, depth = pending.pop()
        if depth > limits.max_input_depth:
            raise too_deep_input(limits)
        if isinstance(value, list):
            if len(value) > limits.max_list_items:
                raise too_many_items(limits)
            inside: Any = value
        else:
            inside = value.values()
        count += len(inside)
        if count > limits.max_input_values:
            raise too_many_values(limits)
        pending.extend((item, depth + 1) for item in inside if isinstance(item, dict | list))


def _bad_input(message: str) -> ClientError:
    return ClientError(message, code="BAD_USER_INPUT")


def _compile(declared: GraphQLInputType, compiled: dict[str, Coercer]) -> Coercer:
    """A coercer of a type; `compiled` holds those of named types, so that recursive input types end."""
    match declared:
        case GraphQLNonNull():
            return _non_null(_compile(declared.of_type, compiled), str(declared))
        case GraphQLList():
            return _list(_compile(declared.of_type, compiled))
        case GraphQLScalarType():
            return _nullable(SCALARS[declared.name]) if declared.name in specified_scalar_types else _untouched
        case GraphQLEnumType():
            return _nullable(_enum(declared))
        case GraphQLInputObjectType():
            known = compiled.get(declared.name)
            if known is None:
                compiled[declared.name] = _looked_up(declared.name, compiled)
                known = compiled[declared.name] = _nullable(_input_object(declared, compiled))
            return known
        case _:
            raise AssertionError(declared)


def _looked_up(name: str, compiled: Mapping[str, Coercer]) -> Coercer:
    """A coercer for a type that holds itself: the true one is there by the time it is called."""

    def look_up(value: Any, place: str) -> Any:
        return compiled[name](value, place)

    return look_up


def _untouched(value: Any, _place: str) -> Any:
    return value


def _nullable(coerce: Coercer) -> Coercer:
    def nullable(value: Any, place: str) -> Any:
        return None if value is None else coerce(value, place)

    return nullable


def _non_null(coerce: Coercer, declared: str) -> Coercer:
    def non_null(value: Any, place: str) -> Any:
        if value is None:
            raise _WrongValueError(place, f"{declared} may not be null.")
        return coerce(value, place)

    return non_null


def _list(coerce_item: Coercer) -> Coercer:
    def items(value: Any, place: str) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            return [coerce_item(value, place)]
        return [coerce_item(item, f"{place}[{index}]") for index, item in enumerate(value)]

    return items


def _enum(declared: GraphQLEnumType) -> Coercer:
    names = frozenset(declared.values)

    def enum_value(value: Any, place: str) -> Any:
        if not isinstance(value, str):
            raise _WrongValueError(place, f"{declared.name} takes the name of a value as a string.")
        if value not in names:
            raise _WrongValueError(place, f"{declared.name} has no such value.")
        return value

    return enum_value


def _input_object(declared: GraphQLInputObjectType, compiled: dict[str, Coercer]) -> Coercer:
    fields = {name: _compile(field.type, compiled) for name, field in declared.fields.items()}
    required = [name for name, field in declared.fields.items() if is_required_input_field(field)]

    def input_object(value: Any, place: str) -> Any:
        if not isinstance(value, dict):
            raise _WrongValueError(place, f"{declared.name} takes an object.")
        coerced = {}
        for name, item in value.items():
            coerce = fields.get(name)
            if coerce is None:
                raise _WrongValueError(place, f"{declared.name} has no field of the name {name[:100]!r}.")
            coerced[name] = coerce(item, f"{place}.{name}")
        for name in required:
            if name not in coerced:
                raise _WrongValueError(place, f"{declared.name}.{name} is required.")
        if declared.is_one_of and (len(coerced) != 1 or None in coerced.values()):
            raise _WrongValueError(place, f"{declared.name} takes exactly one field, not null.")
        return coerced

    return input_object


def _int(value: Any, place: str) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _WrongValueError(place, "Int takes a whole number.")
    if not MIN_INT <= value <= MAX_INT:
        raise _WrongValueError(place, "Int takes a number of 32 bits with sign.")
    return value


def _float(value: Any, place: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _WrongValueError(place, "Float takes a number.")
    return value


def _string(value: Any, place: str) -> Any:
    if not isinstance(value, str):
        raise _WrongValueError(place, "String takes a string.")
    return value


def _boolean(value: Any, place: str) -> Any:
    if not isinstance(value, bool):
        raise _WrongValueError(place, "Boolean takes true or false.")
    return value


def _id(value: Any, place: str) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise _WrongValueError(place, "ID takes a string or a whole number.")
    return str(value)


SCALARS: Mapping[str, Coercer] = {
    "Int": _int,
    "Float": _float,
    "String": _string,
    "Boolean": _boolean,
    "ID": _id,
}
