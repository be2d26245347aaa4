"""Field sets (of keys, requirements, provisions) as they are read from objects and from representations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from graphql import FieldNode, InlineFragmentNode, OperationDefinitionNode, SelectionSetNode, parse

Read = Callable[[Any, FieldNode], Any]
"""Gives the value of a field of an object."""


@dataclass(frozen=True, slots=True)
class SetSelections:
    """The selections of a field set, or of a part of it.

    Attributes:
        members: The concrete types of each abstract type.
    """

    node: SelectionSetNode
    members: Mapping[str, frozenset[str]]

    def fields(self, typename: str | None) -> Iterator[FieldNode]:
        """The fields that are selected of an object of the type; of every type if that is not known."""
        for selection in self.node.selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition.name.value if selection.type_condition else typename
                if typename in {None, condition} or typename in self.members.get(condition or "", ()):
                    yield from replace(self, node=selection.selection_set).fields(typename)

    def below(self, node: FieldNode) -> "SetSelections | None":
        """Return what is selected of the object that a field returns; None for a leaf."""
        return replace(self, node=node.selection_set) if node.selection_set else None


@cache
def parsed(text: str) -> SelectionSetNode:
    """The selections of a field set."""
    definition = parse(f"{{ {text} }}").definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition.selection_set


def selected(selections: SetSelections, holder: Any, read: Read) -> dict[str, Any]:
    """What a field set selects of an object."""
    typename = holder.get("__typename") if isinstance(holder, Mapping) else holder.typename
    result: dict[str, Any] = {}
    for node in selections.fields(typename):
        found = _inside(read(holder, node), selections.below(node), read)
        name = node.name.value
        # A field that is selected twice, in different fragments, has the parts of both.
        result[name] = _joined(result[name], found) if name in result else found
    return result


def _joined(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{name: _joined(one[name], value) if name in one else value for name, value in other.items()}}
    if isinstance(one, list) and isinstance(other, list):
        return [_joined(mine, its) for mine, its in zip(one, other, strict=True)]
    return one


def _inside(value: Any, below: SetSelections | None, read: Read) -> Any:
    if isinstance(value, list):
        return [_inside(each, below, read) for each in value]
    if below is None or value is None:
        return value
    return selected(below, value, read)
