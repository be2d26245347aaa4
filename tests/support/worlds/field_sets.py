"""Field sets (of keys, requirements, provisions) as they are read from objects and from representations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import FieldNode, InlineFragmentNode, OperationDefinitionNode, SelectionSetNode, parse

Read = Callable[[Any, FieldNode], Any]
"""Gives the value of a field of an object."""


@dataclass(frozen=True, slots=True)
class SetSelections:
    """The selections of a field set, or of a part of it."""

    node: SelectionSetNode

    def fields(self, typename: str | None) -> Iterator[FieldNode]:
        """The fields that are selected of an object of the type; of every type if that is not known."""
        for selection in self.node.selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition.name.value if selection.type_condition else typename
                if typename is None or condition == typename:
                    yield from SetSelections(selection.selection_set).fields(typename)


@cache
def parsed(text: str) -> SetSelections:
    """The selections of a field set."""
    definition = parse(f"{{ {text} }}").definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return SetSelections(definition.selection_set)


def selected(selections: SetSelections, holder: Any, read: Read) -> dict[str, Any]:
    """What a field set selects of an object."""
    typename = holder.get("__typename") if isinstance(holder, Mapping) else holder.typename
    result: dict[str, Any] = {}
    for node in selections.fields(typename):
        below = SetSelections(node.selection_set) if node.selection_set else None
        result[node.name.value] = _inside(read(holder, node), below, read)
    return result


def _inside(value: Any, below: SetSelections | None, read: Read) -> Any:
    if isinstance(value, list):
        return [_inside(each, below, read) for each in value]
    if below is None or value is None:
        return value
    return selected(below, value, read)
