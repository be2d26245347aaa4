"""Operations with one thing less: a selection, a fragment's type, an alias, a directive, an argument, a variable's value."""

import copy
from collections.abc import Iterator

from graphql import (
    SKIP,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from tests.laboratory.worlds.operations import DrawnOperation


def smaller_operations(operation: DrawnOperation) -> Iterator[DrawnOperation]:
    """Each operation that has one thing less, the biggest first; not all of them are valid."""
    document = parse(operation.text, no_location=True)
    total = len(_selections(document))
    for number in range(total):
        for change in (_without, _hoisted, _without_alias, _without_directives, _without_arguments):
            changed = copy.deepcopy(document)
            parent, index = _selections(changed)[number]
            if change(parent, index):
                yield _cleaned(changed, operation)
    for name in operation.variables:
        yield DrawnOperation(operation.text, {key: value for key, value in operation.variables.items() if key != name})


def _selections(document: DocumentNode) -> list[tuple[SelectionSetNode, int]]:
    found: list[tuple[SelectionSetNode, int]] = []

    class Finder(Visitor):
        def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
            found.extend((node, index) for index in range(len(node.selections)))

    visit(document, Finder())
    return found


def _set(node: Node, name: str, value: object) -> bool:
    object.__setattr__(node, name, value)  # Nodes may be frozen; these are copies of our own.
    return True


def _without(parent: SelectionSetNode, index: int) -> bool:
    rest = (*parent.selections[:index], *parent.selections[index + 1 :])
    return bool(rest) and _set(parent, "selections", rest)


def _hoisted(parent: SelectionSetNode, index: int) -> bool:
    fragment = parent.selections[index]
    if not isinstance(fragment, InlineFragmentNode):
        return False
    inside = fragment.selection_set.selections
    return _set(parent, "selections", (*parent.selections[:index], *inside, *parent.selections[index + 1 :]))


def _without_alias(parent: SelectionSetNode, index: int) -> bool:
    field = parent.selections[index]
    return isinstance(field, FieldNode) and field.alias is not None and _set(field, "alias", None)


def _without_directives(parent: SelectionSetNode, index: int) -> bool:
    selection = parent.selections[index]
    return bool(selection.directives) and _set(selection, "directives", ())


def _without_arguments(parent: SelectionSetNode, index: int) -> bool:
    field = parent.selections[index]
    return isinstance(field, FieldNode) and bool(field.arguments) and _set(field, "arguments", ())


class _Used(Visitor):
    """The fragments that are spread, and the variables that are used."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.add(node.name.value)

    def enter_variable_definition(self, _node: VariableDefinitionNode, *_: object) -> object:
        return SKIP

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(f"${node.name.value}")


def _cleaned(document: DocumentNode, operation: DrawnOperation) -> DrawnOperation:
    """The document without fragments and variables that nothing uses any more."""
    while True:
        used = _Used()
        visit(document, used)
        kept = [
            each
            for each in document.definitions
            if not isinstance(each, FragmentDefinitionNode) or each.name.value in used.names
        ]
        if len(kept) == len(document.definitions):
            break
        document = DocumentNode(definitions=tuple(kept))
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            declared = definition.variable_definitions or ()
            _set(
                definition,
                "variable_definitions",
                tuple(each for each in declared if f"${each.variable.name.value}" in used.names),
            )
    variables = {name: value for name, value in operation.variables.items() if f"${name}" in used.names}
    return DrawnOperation(print_ast(document), variables)
