"""Draws valid operations on a schema: aliases, arguments, variables, conditions, fragments in each other and used again."""

import random
import re
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OverlappingFieldsCanBeMergedRule,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
    validate,
)

from gateway.operation.overlap import check_overlaps
from gateway.operation.parse import parse_document, select_operation
from tests.laboratory.worlds.arguments import Variables, draw_arguments

TYPENAME_ALIAS: Final = "__typename: "


@dataclass(frozen=True, slots=True)
class DrawnOperation:
    """An operation with its variables."""

    text: str
    variables: dict[str, Any]


def draw_operation(rnd: random.Random, schema: GraphQLSchema, size: int = 4, kind: str = "query") -> DrawnOperation:
    """A random valid operation.

    Args:
        size: how deep it goes, and how many fields it has at most, from 1.
        kind: ``query``, ``mutation`` or ``subscription``; the schema has a root type for it.
    """
    while True:
        drawn = _OperationDrawing(rnd, schema, size).operation(kind)
        # All else is valid as it is drawn; if it were not, the gateway would refuse it.
        if not validate(schema, parse(drawn.text), [OverlappingFieldsCanBeMergedRule]) and not _misuses(drawn, schema):
            return drawn


def _misuses(drawn: DrawnOperation, schema: GraphQLSchema) -> bool:
    """Whether a field that is called ``__typename`` differs in type from the real one: graphql-core's rule does not see that."""
    if TYPENAME_ALIAS not in drawn.text:
        return False
    document = parse_document(drawn.text, max_tokens=100_000)
    return bool(check_overlaps(schema, document, select_operation(document, None)))


class _OperationDrawing:
    def __init__(self, rnd: random.Random, schema: GraphQLSchema, size: int) -> None:
        self._rnd = rnd
        self._schema = schema
        self._size = size
        self._left = size * 12
        self._aliases = 0
        self._variables = Variables()
        self._fragments: dict[str, tuple[str, str]] = {}
        self._is_fragment = False

    def operation(self, kind: str) -> DrawnOperation:
        """The whole document."""
        root = {
            "query": self._schema.query_type,
            "mutation": self._schema.mutation_type,
            "subscription": self._schema.subscription_type,
        }[kind]
        assert root is not None
        if kind == "subscription":
            body = f"{{ {self._field(root, self._rnd.choice(list(root.fields)), self._size, is_alone=True)} }}"
        else:
            body = self._selections(root, self._size)
        fragments = "".join(f" fragment {name} on {on} {text}" for name, (on, text) in self._fragments.items())
        text = f"{body}{fragments}"
        used = set(re.findall(r"\$(\w+)", text))
        declared = [f"${name}: {type_}" for name, type_ in self._variables.declared.items() if name in used]
        head = f"({', '.join(declared)})" if declared else ""
        given = {name: value for name, value in self._variables.given.items() if name in used}
        return DrawnOperation(f"{kind} Q{head} {text}", given)

    def _selections(self, parent: GraphQLNamedType, depth: int) -> str:
        """A selection set on a type."""
        parts: list[str] = ["__typename"] if self._rnd.random() < 0.25 else []
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            parts.extend(self._fields(parent, depth))
        if is_abstract_type(parent) and depth > 0:
            parts.extend(self._narrowed(parent, depth))
        if isinstance(parent, GraphQLObjectType) and parent.interfaces and self._rnd.random() < 0.3:
            interface = self._rnd.choice(list(parent.interfaces))
            parts.append(self._fragment(interface, depth - 1))
        if self._rnd.random() < 0.15 and depth > 0 and not isinstance(parent, GraphQLUnionType):
            parts.append(self._fragment(parent, depth - 1))
        parts = [part for part in parts if part]
        if self._rnd.random() < 0.2:
            self._rnd.shuffle(parts)
        return f"{{ {' '.join(parts) or '__typename'} }}"

    def _fields(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> list[str]:
        names = list(parent.fields)
        chosen = self._rnd.sample(names, min(len(names), self._rnd.randint(1, 4)))
        parts: list[str] = []
        for name in chosen:
            parts.append(self._field(parent, name, depth))
            if self._rnd.random() < 0.12:
                # Once more: under another alias, with other arguments, or with another selection to be merged.
                parts.append(self._field(parent, name, depth))
        return parts

    def _narrowed(self, parent: GraphQLNamedType, depth: int) -> list[str]:
        """Fragments on some types of an abstract one, now and then with the same field in each."""
        assert is_abstract_type(parent)
        possible = sorted(self._schema.get_possible_types(parent), key=lambda each: each.name)
        parts = [
            self._fragment(member, depth - 1)
            for member in self._rnd.sample(possible, self._rnd.randint(0, len(possible)))
        ]
        others = [
            each
            for each in self._schema.type_map.values()
            if isinstance(each, GraphQLInterfaceType) and each is not parent
            if set(self._schema.get_possible_types(each)) & set(possible)
        ]
        if others and self._rnd.random() < 0.2:
            parts.append(self._fragment(self._rnd.choice(others), depth - 1))
        return parts

    def _fragment(self, on: GraphQLNamedType, depth: int) -> str:
        """An inline fragment, or a spread of a named one, which may be there already."""
        condition = self._condition()
        known = [name for name, (type_name, _) in self._fragments.items() if type_name == on.name]
        if known and self._rnd.random() < 0.4 and not self._is_fragment:
            return f"...{self._rnd.choice(known)}{condition}"
        if self._rnd.random() < 0.3 and not self._is_fragment:
            self._is_fragment = True
            text = self._selections(on, depth)
            self._is_fragment = False
            name = f"F{len(self._fragments)}"
            self._fragments[name] = (on.name, text)
            return f"...{name}{condition}"
        return f"... on {on.name}{condition} {self._selections(on, depth)}"

    def _field(
        self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str, depth: int, *, is_alone: bool = False
    ) -> str:
        definition = parent.fields[name]
        returned = get_named_type(definition.type)
        self._left -= 1
        if self._left < 0 or (is_composite_type(returned) and depth <= 0):
            return ""
        arguments = draw_arguments(self._rnd, self._variables, dict(definition.args)) if definition.args else ""
        alias = self._alias(name, has_arguments=bool(definition.args), is_leaf=not is_composite_type(returned))
        below = f" {self._selections(returned, depth - 1)}" if is_composite_type(returned) else ""
        return f"{alias}{name}{arguments}{'' if is_alone else self._condition()}{below}"

    def _alias(self, name: str, *, has_arguments: bool, is_leaf: bool) -> str:
        self._aliases += 1
        drawn = self._rnd.random()
        if has_arguments and drawn < 0.85:
            return f"n{self._aliases}: "
        if drawn < 0.65:
            return ""
        if drawn < 0.75 and is_leaf:
            # Names of keys are the best to be confused by.
            alias = self._rnd.choice(["id", "code", "ref", "title", "__id", "__code", "__1_id"])
            return TYPENAME_ALIAS if drawn > 0.74 else f"{alias}: "
        if drawn > 0.99:
            return TYPENAME_ALIAS
        return f"x{self._aliases}: "

    def _condition(self) -> str:
        drawn = self._rnd.random()
        if drawn < 0.7:
            return ""
        kinds = self._rnd.choice([["skip"], ["include"], ["include", "skip"]])
        values = [
            self._rnd.choice(["true", "false"]) if self._rnd.random() < 0.2 else self._variables.condition(self._rnd)
            for _ in kinds
        ]
        return "".join(f" @{kind}(if: {value})" for kind, value in zip(kinds, values, strict=True))
