"""The GraphQL text of fetches, from what plans hold; the executor writes an entity fetch anew where contexts multiply its groups."""

from collections.abc import Sequence
from dataclasses import replace

from graphql import print_ast

from gateway.operation.model import OperationKind, VariableDefinition
from gateway.planning.plan import EntityGroup, FetchedField, FetchedFragment, FetchedSelection


def declaration(variable: VariableDefinition) -> str:
    """As the client declared it, default included: a nullable variable with a default may stand for a non-null argument."""
    default = f" = {print_ast(variable.default)}" if variable.default is not None else ""
    return f"${variable.name}: {variable.type}{default}"


def print_document(kind: OperationKind, declared: Sequence[str], body: str) -> str:
    """A document with one operation; a query without variables needs no head."""
    head = f"({', '.join(declared)})" if declared else ""
    if kind is OperationKind.QUERY and not head:
        return body
    return f"{kind.value}{head} {body}"


def print_entities(declared: Sequence[str], groups: Sequence[EntityGroup]) -> str:
    """The document that asks for entities.

    Args:
        declared: the client's variables in it, as `declaration` writes them.
    """
    own = [f"${group.variable}: [_Any!]!" for group in groups]
    own += [f"${context.variable}: {context.type}" for group in groups for context in group.contexts]
    body = " ".join(_print_group(group) for group in groups)
    return print_document(OperationKind.QUERY, [*own, *declared], f"{{ {body} }}")


def numbered(group: EntityGroup, number: str, *, alias: str) -> EntityGroup:
    """The group under names of its own: `alias` and the names of its variables, each with the number behind it."""
    names = {f"${context.variable}": f"${context.variable}_{number}" for context in group.contexts}
    return replace(
        group,
        alias=f"{alias}{number}",
        variable=f"{group.variable}_{number}",
        selections=_renamed(group.selections, names) if names else group.selections,
        contexts=tuple(replace(context, variable=f"{context.variable}_{number}") for context in group.contexts),
    )


def _renamed(selections: tuple[FetchedSelection, ...], names: dict[str, str]) -> tuple[FetchedSelection, ...]:
    """The selections of entities with other variables; fields that take contexts are never further down."""
    renamed: list[FetchedSelection] = []
    for selection in selections:
        match selection:
            case FetchedFragment():
                renamed.append(replace(selection, selections=_renamed(selection.selections, names)))
            case FetchedField():
                arguments = tuple((name, names.get(value, value)) for name, value in selection.arguments)
                renamed.append(replace(selection, arguments=arguments))
    return tuple(renamed)


def _print_group(group: EntityGroup) -> str:
    alias = "" if group.alias == "_entities" else f"{group.alias}: "
    return f"{alias}_entities(representations: ${group.variable}) {print_selections(group.selections)}"


def print_selections(selections: tuple[FetchedSelection, ...]) -> str:
    """A selection set as GraphQL text on one line."""
    return f"{{ {' '.join(_print_selection(selection) for selection in selections)} }}"


def _print_selection(selection: FetchedSelection) -> str:
    match selection:
        case FetchedFragment():
            return f"... on {selection.type_condition} {print_selections(selection.selections)}"
        case FetchedField():
            alias = "" if selection.response_name == selection.name else f"{selection.response_name}: "
            given = ", ".join(f"{name}: {value}" for name, value in selection.arguments)
            arguments = f"({given})" if given else ""
            below = f" {print_selections(selection.selections)}" if selection.selections else ""
            return f"{alias}{selection.name}{arguments}{below}"
