"""The rule that a subscription has one root field, which is no introspection field and stands under no condition.

graphql-core's rule reads `@defer` as its own unfinished directive, and raises where a schema's `@defer` has other arguments.

Source: GraphQL September 2025, section 5.2.4.1 (Single Root Field).
"""

from collections.abc import Iterator
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)


class SingleRootFieldRule(ValidationRule):
    """Reports subscriptions with more root fields than one, with conditions at the root, or with an introspection field there."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments = {
            definition.name.value: definition
            for definition in context.document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: Any) -> None:
        """Check one operation."""
        if node.operation is not OperationType.SUBSCRIPTION:
            return
        subject = f"Subscription '{node.name.value}'" if node.name else "Anonymous Subscription"
        selections = list(self._selections(node.selection_set, set()))
        conditional = [
            selection
            for selection in selections
            if any(directive.name.value in {"skip", "include"} for directive in selection.directives or ())
        ]
        fields: dict[str, list[FieldNode]] = {}
        for selection in selections:
            if isinstance(selection, FieldNode):
                name = selection.alias.value if selection.alias else selection.name.value
                fields.setdefault(name, []).append(selection)
        if conditional:
            problem = "must not use `@skip` or `@include` directives in the top level selection."
            self.report_error(GraphQLError(f"{subject} {problem}", conditional))
            return
        if len(fields) > 1:
            others = [field for alike in list(fields.values())[1:] for field in alike]
            self.report_error(GraphQLError(f"{subject} must select only one top level field.", others))
        for alike in fields.values():
            if alike[0].name.value.startswith("__"):
                self.report_error(GraphQLError(f"{subject} must not select an introspection top level field.", alike))

    def _selections(self, selection_set: SelectionSetNode, spread: set[str]) -> Iterator[SelectionNode]:
        """Yield every selection at the root, fragments included, each named fragment's once."""
        for selection in selection_set.selections:
            yield selection
            if isinstance(selection, FieldNode):
                continue
            below: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name in spread or name not in self._fragments:
                    continue
                spread.add(name)
                below = self._fragments[name]
            yield from self._selections(below.selection_set, spread)
