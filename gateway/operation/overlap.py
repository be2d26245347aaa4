"""Fields that share a response name must be mergeable: the rule, in time that grows with the operation, not its square.

The textbook rule compares every two fields of a name, at every level: 12 kB of equal fields cost graphql-core 2.7 s. Here a
level's fields are put into groups first, and a group is compared with its first member only, since both relations that
matter are equivalences on it:

- Shape: all fields of one response name return values of one shape (list, non-null, leaf type), whatever their parents.
- Same field: those that can meet on one object (parents equal, or one of them abstract) have one name and equal arguments.

Both then go down with the selection sets of the whole group as one set. A fragment is entered once a set. The second
relation splits a group by concrete parent, and an abstract parent's fields join every part, so the number of sets could grow
with the depth: sets already seen are not looked at again, and the whole has a budget of steps, past which the operation is
refused as too complex.

    { dog { name: nickname } dog { name } }        dog is one group; its sets merge to {name: nickname, name}: refused

Source: GraphQL September 2025, section 5.3.2 (Field Selection Merging); the grouping is Simon Adameit's, 2020.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    print_ast,
)

from gateway.errors import ClientError
from gateway.operation.parse import Document

MAX_STEPS = 100_000
"""Fields looked at, over all sets; about 0.1 s. The market's largest operation takes under 1,000."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A field where it stands: its parent's type and its definition there (None if validation refuses it elsewhere)."""

    node: FieldNode
    parent: GraphQLCompositeType | None
    definition: GraphQLField | None

    @property
    def response_name(self) -> str:
        return self.node.alias.value if self.node.alias else self.node.name.value


def check_overlaps(schema: GraphQLSchema, document: Document, operation: OperationDefinitionNode) -> list[ClientError]:
    """Every conflict of the operation, at most one a response name and set; [] if all fields can be merged.

    Raises:
        ClientError: OPERATION_TOO_COMPLEX past the budget.
    """
    return _Overlaps(schema, document).check(operation)


class _Overlaps:
    def __init__(self, schema: GraphQLSchema, document: Document) -> None:
        self._schema = schema
        self._fragments = document.fragments
        self._steps = 0
        self._errors: list[ClientError] = []
        self._seen_shapes: set[frozenset[int]] = set()
        self._seen_same: set[frozenset[int]] = set()
        self._found: dict[tuple[int, str | None], _Found] = {}
        self._printed: dict[int, str] = {}

    def check(self, operation: OperationDefinitionNode) -> list[ClientError]:
        root = self._schema.get_root_type(operation.operation)
        fields = self._collect([(operation.selection_set, root)])
        self._check_shapes(fields)
        self._check_same(fields)
        return self._errors

    def _check_shapes(self, fields: list[_Found]) -> None:
        """All fields of a response name return one shape."""
        pending = [fields]
        while pending:
            for group in _by_name(pending.pop()):
                if len(group) > 1 and not self._is_one_shape(group):
                    continue
                below = self._below(group)
                key = frozenset(id(found) for found in below)
                if key and key not in self._seen_shapes:
                    self._seen_shapes.add(key)
                    pending.append(below)

    def _is_one_shape(self, group: list[_Found]) -> bool:
        typed = [found for found in group if found.definition is not None]
        for other in typed[1:]:
            if not _same_shape(typed[0].definition.type, other.definition.type):  # type: ignore[union-attr]
                self._conflict(typed[0], other, "they return different types")
                return False
        return True

    def _check_same(self, fields: list[_Found]) -> None:
        """All fields of a response name that can meet on one object are the same field."""
        pending = [fields]
        while pending:
            for group in _by_name(pending.pop()):
                for meeting in _by_common_parent(group):
                    if len(meeting) > 1 and not self._is_one_field(meeting):
                        continue
                    below = self._below(meeting)
                    key = frozenset(id(found) for found in below)
                    if key and key not in self._seen_same:
                        self._seen_same.add(key)
                        pending.append(below)

    def _is_one_field(self, meeting: list[_Found]) -> bool:
        first = meeting[0]
        for other in meeting[1:]:
            if other.node is first.node:
                continue
            if other.node.name.value != first.node.name.value:
                names = f'"{first.node.name.value}" and "{other.node.name.value}" are different fields'
                self._conflict(first, other, names)
                return False
            if self._arguments(other.node) != self._arguments(first.node):
                self._conflict(first, other, "they have different arguments")
                return False
        return True

    def _arguments(self, node: FieldNode) -> str:
        """The field's arguments as text that is equal for equal arguments in any order."""
        if not node.arguments:
            return ""
        printed = self._printed.get(id(node))
        if printed is None:
            printed = ",".join(sorted(print_ast(argument) for argument in node.arguments))
            self._printed[id(node)] = printed
        return printed

    def _below(self, group: list[_Found]) -> list[_Found]:
        """The fields one level down, of all the group's selection sets as one."""
        sets: list[tuple[SelectionSetNode, GraphQLCompositeType | None]] = []
        for found in group:
            if found.node.selection_set is None:
                continue
            named = get_named_type(found.definition.type) if found.definition is not None else None
            sets.append((found.node.selection_set, named if is_composite_type(named) else None))
        return self._collect(sets) if sets else []

    def _collect(self, sets: Iterable[tuple[SelectionSetNode, GraphQLCompositeType | None]]) -> list[_Found]:
        """The fields of selection sets, inline fragments and spreads opened, each fragment once a type around it."""
        collected: list[_Found] = []
        entered: set[tuple[int, str | None]] = set()
        pending = list(sets)
        pending.reverse()
        while pending:
            selection_set, parent = pending.pop()
            mark = (id(selection_set), parent.name if parent else None)
            if mark in entered:
                continue
            entered.add(mark)
            for selection in selection_set.selections:
                self._step()
                match selection:
                    case FieldNode():
                        collected.append(self._find(selection, parent))
                    case InlineFragmentNode():
                        pending.append((selection.selection_set, self._narrowed(selection, parent)))
                    case FragmentSpreadNode():
                        fragment = self._fragments.get(selection.name.value)
                        if fragment is not None:
                            named = self._schema.get_type(fragment.type_condition.name.value)
                            pending.append((fragment.selection_set, named if is_composite_type(named) else None))
                    case _:
                        pass
        return collected

    def _narrowed(
        self, fragment: InlineFragmentNode, parent: GraphQLCompositeType | None
    ) -> GraphQLCompositeType | None:
        if fragment.type_condition is None:
            return parent
        named = self._schema.get_type(fragment.type_condition.name.value)
        return named if is_composite_type(named) else None

    def _find(self, node: FieldNode, parent: GraphQLCompositeType | None) -> _Found:
        """The one `_Found` of a node under a parent, so that sets of them can be compared by identity."""
        key = (id(node), parent.name if parent else None)
        found = self._found.get(key)
        if found is None:
            definition = self._schema.get_field(parent, node.name.value) if parent is not None else None
            found = self._found[key] = _Found(node, parent, definition)
        return found

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise ClientError("The operation's fields are too many to merge.", code="OPERATION_TOO_COMPLEX")

    def _conflict(self, one: _Found, other: _Found, because: str) -> None:
        locations = []
        for found in (one, other):
            if found.node.loc is not None:
                token = found.node.loc.start_token
                locations.append({"line": token.line, "column": token.column})
        self._errors.append(
            ClientError(
                f'Fields "{one.response_name}" conflict because {because}.'
                " Use different aliases on the fields to fetch both if this was intentional.",
                code="GRAPHQL_VALIDATION_FAILED",
                locations=locations,
            )
        )


def _by_name(fields: list[_Found]) -> list[list[_Found]]:
    groups: dict[str, list[_Found]] = {}
    for found in fields:
        groups.setdefault(found.response_name, []).append(found)
    return list(groups.values())


def _by_common_parent(group: list[_Found]) -> list[list[_Found]]:
    """The group's parts that can meet on one object; abstract parents may meet any object, so they join every part."""
    if len(group) == 1:
        return [group]
    anywhere: list[_Found] = []
    by_type: dict[str, list[_Found]] = {}
    for found in group:
        if isinstance(found.parent, GraphQLObjectType):
            by_type.setdefault(found.parent.name, []).append(found)
        else:
            anywhere.append(found)
    if not by_type:
        return [anywhere]
    return [anywhere + concrete for concrete in by_type.values()]


def _same_shape(one: GraphQLOutputType, other: GraphQLOutputType) -> bool:
    """Whether values of both types look alike from outside.

    Source: GraphQL September 2025, SameResponseShape.
    """
    while True:
        if is_non_null_type(one) or is_non_null_type(other):
            if not (is_non_null_type(one) and is_non_null_type(other)):
                return False
            one, other = one.of_type, other.of_type
        elif is_list_type(one) or is_list_type(other):
            if not (is_list_type(one) and is_list_type(other)):
                return False
            one, other = one.of_type, other.of_type
        elif is_leaf_type(one) or is_leaf_type(other):
            return one is other
        else:
            return True
