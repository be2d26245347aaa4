"""Field sets: the selections that `@key`, `@requires`, `@provides` and contexts hold as text.

    "id organization { id }"   ->   (SelectedField("id"), SelectedField("organization", selections=(SelectedField("id"),)))

Source: https://specs.apollo.dev/federation/v2.9#FieldSet
"""

from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    FieldNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    parse,
    print_ast,
)


@dataclass(frozen=True, slots=True)
class SelectedField:
    """A field of a field set; arguments as GraphQL text."""

    name: str
    arguments: tuple[tuple[str, str], ...] = ()
    selections: "FieldSet" = ()
    alias: str | None = None
    has_directives: bool = False


@dataclass(frozen=True, slots=True)
class SelectedFragment:
    """An inline fragment of a field set; without a condition it selects on the type around it."""

    type_condition: str | None
    selections: "FieldSet"
    has_directives: bool = False


FieldSet = tuple[SelectedField | SelectedFragment, ...]


class FieldSetSyntaxError(ValueError):
    """Raised when a field set is not a selection of fields."""


@lru_cache(maxsize=65536)
def parse_field_set(text: str) -> FieldSet:
    """The selections of a field set, with or without braces around it.

    Raises:
        FieldSetSyntaxError: if the text is empty or not a selection set.
    """
    stripped = text.strip()
    braced = stripped if stripped.startswith("{") and stripped.endswith("}") else f"{{ {stripped} }}"
    try:
        document = parse(braced, no_location=True)
    except GraphQLError as error:
        raise FieldSetSyntaxError(error.message) from error
    definition = document.definitions[0]
    if len(document.definitions) != 1 or not isinstance(definition, OperationDefinitionNode):
        raise FieldSetSyntaxError("it is not one selection set")
    selections = _selections(definition.selection_set)
    if not selections:
        raise FieldSetSyntaxError("it is empty")
    return selections


def print_field_set(selections: FieldSet) -> str:
    """The field set in the form that supergraphs hold: one line, no outer braces."""
    return " ".join(_print(selection) for selection in selections)


def has_directives(selections: FieldSet) -> bool:
    """Whether a directive stands on a field or a fragment, at any depth."""
    return any(selection.has_directives or has_directives(selection.selections) for selection in selections)


def argument_text(value: ValueNode | None) -> str | None:
    """A ``fields:`` argument, if it is a string."""
    return value.value if isinstance(value, StringValueNode) else None


def _selections(node: SelectionSetNode) -> FieldSet:
    selections: list[SelectedField | SelectedFragment] = []
    for selection in node.selections:
        match selection:
            case FieldNode():
                selections.append(
                    SelectedField(
                        name=selection.name.value,
                        arguments=tuple((a.name.value, print_ast(a.value)) for a in selection.arguments or ()),
                        selections=_selections(selection.selection_set) if selection.selection_set else (),
                        alias=selection.alias.value if selection.alias else None,
                        has_directives=bool(selection.directives),
                    )
                )
            case InlineFragmentNode():
                condition = selection.type_condition.name.value if selection.type_condition else None
                selections.append(
                    SelectedFragment(condition, _selections(selection.selection_set), bool(selection.directives))
                )
            case _:
                raise FieldSetSyntaxError("named fragments have no place in it")
    return tuple(selections)


def _print(selection: SelectedField | SelectedFragment) -> str:
    nested = f" {{ {print_field_set(selection.selections)} }}" if selection.selections else ""
    if isinstance(selection, SelectedFragment):
        condition = f" on {selection.type_condition}" if selection.type_condition else ""
        return f"...{condition}{nested}"
    alias = f"{selection.alias}: " if selection.alias else ""
    arguments = ", ".join(f"{name}: {value}" for name, value in selection.arguments)
    return f"{alias}{selection.name}{f'({arguments})' if arguments else ''}{nested}"
