"""Draws valid operations on a schema: aliases, arguments, variables, fragments, conditions."""

import random
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
    validate,
)


@dataclass(frozen=True, slots=True)
class DrawnOperation:
    """An operation with its variables."""

    text: str
    variables: dict[str, Any]


def draw_operation(rnd: random.Random, schema: GraphQLSchema) -> DrawnOperation:
    """A random valid query: aliases, arguments, variables, fragments, conditions."""
    while True:
        drawn = _draw_any_operation(rnd, schema)
        if not validate(schema, parse(drawn.text)):
            return drawn


def _draw_any_operation(rnd: random.Random, schema: GraphQLSchema) -> DrawnOperation:
    assert schema.query_type is not None
    body = _OperationDrawing(rnd, schema).selections(schema.query_type, depth=4)
    number = ", $n: Int = 5" if "$n)" in body else ""
    declared = f"($yes: Boolean! = true, $no: Boolean! = false{number})"
    fragment = "fragment Used on Query { a0: __typename @skip(if: $no) @include(if: $yes) ping n: __typename }"
    text = f"query Q{declared} {{ ...Used {body[1:]} {fragment}"
    return DrawnOperation(text, {"n": rnd.randint(1, 9)} if number else {})


class _OperationDrawing:
    def __init__(self, rnd: random.Random, schema: GraphQLSchema) -> None:
        self._rnd = rnd
        self._schema = schema
        self._aliases = 0

    def selections(self, parent: GraphQLNamedType, *, depth: int) -> str:
        """A selection set on a type."""
        parts: list[str] = ["__typename"] if self._rnd.random() < 0.3 else []
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            names = list(parent.fields)
            chosen = self._rnd.sample(names, min(len(names), self._rnd.randint(1, 4)))
            parts.extend(self._field(parent, name, depth) for name in chosen)
        if is_abstract_type(parent):
            possible = list(self._schema.get_possible_types(parent))
            members = self._rnd.sample(possible, self._rnd.randint(0, len(possible))) if depth > 0 else []
            parts.extend(f"... on {member.name} {self.selections(member, depth=depth - 1)}" for member in members)
        if isinstance(parent, GraphQLObjectType) and parent.interfaces and self._rnd.random() < 0.3:
            interface = self._rnd.choice(list(parent.interfaces))
            parts.append(f"... on {interface.name} {self.selections(interface, depth=0)}")
        if self._rnd.random() < 0.1 and depth > 0 and not isinstance(parent, GraphQLUnionType):
            parts.append(f"... @skip(if: $no) {self.selections(parent, depth=depth - 1)}")
        parts = [part for part in parts if part]
        return f"{{ {' '.join(parts) or '__typename'} }}"

    def _field(self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str, depth: int) -> str:
        definition = parent.fields[name]
        returned = get_named_type(definition.type)
        self._aliases += 1
        alias = ""
        if self._rnd.random() < 0.3:
            # Names of keys are the best to be confused by.
            alias = f"{self._rnd.choice(['id', 'code', f'x{self._aliases}'])}: "
        arguments = ""
        if "number" in definition.args:
            alias = f"n{self._aliases}: "
            arguments = self._rnd.choice(["", "(number: 3)", "(number: $n)"])
        condition = self._rnd.choice(["", "", "", " @skip(if: $no)", " @include(if: $yes)", " @include(if: $no)"])
        if is_composite_type(returned):
            if depth == 0:
                return ""
            alias = f"o{self._aliases}: " if self._rnd.random() < 0.5 else ""
            return f"{alias}{name}{arguments}{condition} {self.selections(returned, depth=depth - 1)}"
        return f"{alias}{name}{arguments}{condition}"
