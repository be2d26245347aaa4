"""Draws arguments: literals, variables, and variables inside lists and input objects, with defaults, given or left to them."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    is_required_argument,
    is_required_input_field,
)


@dataclass(slots=True)
class Variables:
    """The variables of one operation as they come up.

    Attributes:
        declared: as SDL, by name.
        given: the values that the request has; a variable with a default may be left out, a nullable one too.
    """

    declared: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)

    def condition(self, rnd: random.Random) -> str:
        """A variable for `@skip` and `@include`; one of a few, used again and again."""
        name = f"c{rnd.randint(0, 3)}"
        if name not in self.declared:
            default = rnd.choice(["", " = true", " = false"])
            self.declared[name] = f"Boolean!{default}"
            if not default or rnd.random() < 0.5:
                self.given[name] = rnd.random() < 0.5
        return f"${name}"


def draw_arguments(rnd: random.Random, variables: Variables, definitions: dict[str, GraphQLArgument]) -> str:
    """Arguments for a field, with their parentheses; empty if none are given."""
    given = [
        f"{name}: {_value(rnd, variables, argument.type, depth=2)}"
        for name, argument in definitions.items()
        if is_required_argument(argument) or rnd.random() < 0.7
    ]
    rnd.shuffle(given)
    return f"({', '.join(given)})" if given else ""


def _value(rnd: random.Random, variables: Variables, type_: GraphQLInputType, *, depth: int) -> str:
    if rnd.random() < 0.4:
        return _variable(rnd, variables, type_, depth)
    if isinstance(type_, GraphQLNonNull):
        return _present(rnd, variables, type_.of_type, depth)
    return "null" if rnd.random() < 0.1 else _present(rnd, variables, type_, depth)


def _present(rnd: random.Random, variables: Variables, type_: Any, depth: int) -> str:
    match type_:
        case GraphQLList():
            if rnd.random() < 0.15 and not isinstance(_bare(type_.of_type), GraphQLList):
                return _present(rnd, variables, _bare(type_.of_type), depth)
            items = [_value(rnd, variables, type_.of_type, depth=depth - 1) for _ in range(rnd.randint(0, 2))]
            return f"[{', '.join(items if depth > 0 else [])}]"
        case GraphQLInputObjectType():
            fields = [
                f"{name}: {_value(rnd, variables, each.type, depth=depth - 1)}"
                for name, each in type_.fields.items()
                if is_required_input_field(each) or (depth > 0 and rnd.random() < 0.35)
            ]
            return f"{{{', '.join(fields)}}}"
        case GraphQLEnumType():
            return rnd.choice(sorted(type_.values))
        case _:
            return json.dumps(_leaf(rnd, type_.name))


def _bare(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _leaf(rnd: random.Random, name: str) -> Any:
    match name:
        case "Int":
            return rnd.randint(0, 3)
        case "Float":
            return rnd.choice([0, 2, -0.5, 1e3])
        case "Boolean":
            return rnd.choice([True, False])
        case "ID":
            return rnd.choice([7, "x"])
        case _:
            return rnd.choice(["", "a b", 'quo"te', "snow ☃"])


def _variable(rnd: random.Random, variables: Variables, type_: GraphQLInputType, depth: int) -> str:
    """A new variable for a place of this type, or one that is there already."""
    for name, declared in variables.declared.items():
        if declared == str(type_) and rnd.random() < 0.4:
            return f"${name}"
    name = f"v{len(variables.declared)}"
    declared = str(type_)
    if rnd.random() < 0.3:
        # A default makes a nullable variable good for a place that is not.
        bare = _bare(type_)
        default = _present(rnd, Variables(), bare, 0) if not isinstance(bare, GraphQLInputObjectType) else ""
        if default and "$" not in default:
            declared = f"{bare} = {default}"
    variables.declared[name] = declared
    if declared == str(type_) or rnd.random() < 0.5:
        is_absent = not isinstance(type_, GraphQLNonNull) and rnd.random() < 0.25
        if not is_absent:
            variables.given[name] = _json(rnd, type_, depth)
    return f"${name}"


def _json(rnd: random.Random, type_: Any, depth: int) -> Any:
    match type_:
        case GraphQLNonNull():
            return _json_present(rnd, type_.of_type, depth)
        case _:
            return None if rnd.random() < 0.1 else _json_present(rnd, type_, depth)


def _json_present(rnd: random.Random, type_: Any, depth: int) -> Any:
    match type_:
        case GraphQLList():
            return [_json(rnd, type_.of_type, depth - 1) for _ in range(rnd.randint(0, 2) if depth > 0 else 0)]
        case GraphQLInputObjectType():
            return {
                name: _json(rnd, each.type, depth - 1)
                for name, each in type_.fields.items()
                if is_required_input_field(each) or (depth > 0 and rnd.random() < 0.35)
            }
        case GraphQLEnumType():
            return rnd.choice(sorted(type_.values))
        case _:
            return _leaf(rnd, type_.name)
