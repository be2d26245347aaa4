"""A validated document to the Operation that planning and projection read.

One walk over the document: named fragments are inlined, `@skip` and `@include` folded with the values they have in this request,
fields of one response name merged where they meet in one selection set, and fragments that narrow nothing dissolved. Order stays
as CollectFields has it: a field stands where its response name came first, a narrowing fragment stands where it was written.

    { me { id ...F ... on User { id mail @skip(if: $v) } } }   fragment F on Node { id name }    with $v true, me: User
    becomes { me { id name } }

Access: a field that `refuse` refuses stays, marked, without its selections. A field of an interface is refused as a whole if the
interface's field is, or if all implementations refuse alike; where they differ, it is written out per concrete type.

Merging happens before the walk goes down, so that equal subtrees are walked once. What still multiplies (a fragment spread under
many aliases) is counted as it is produced, and refused past a limit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_interface_type,
    is_object_type,
    print_ast,
)

from gateway.errors import ClientError, InternalError
from gateway.operation.model import (
    TYPENAME,
    Field,
    Fragment,
    Operation,
    OperationKind,
    Refusal,
    Selection,
    VariableDefinition,
)
from gateway.operation.parse import Document

MAX_SELECTIONS = 10_000
"""Selections of the normalised operation; more than any real one by a factor of five, and walked in about 0.2 s."""

Refuse = Callable[[str, str], Refusal | None]

_KINDS = {
    OperationType.QUERY: OperationKind.QUERY,
    OperationType.MUTATION: OperationKind.MUTATION,
    OperationType.SUBSCRIPTION: OperationKind.SUBSCRIPTION,
}


def normalize(
    document: Document,
    definition: OperationDefinitionNode,
    schema: GraphQLSchema,
    *,
    conditions: Mapping[str, bool],
    refuse: Refuse,
    max_selections: int = MAX_SELECTIONS,
) -> Operation:
    """The normalised operation of `definition`, which is valid on `schema`.

    Args:
        conditions: the value of each variable that a `@skip` or `@include` names.
        refuse: by (type, field) of the API schema, why the caller may not see a field; None if it may.
        max_selections: of the result; at least 1.

    Raises:
        ClientError: QUERY_TOO_COMPLEX if the result would be larger than that.
    """
    kind = _KINDS[definition.operation]
    root = schema.get_root_type(definition.operation)
    if root is None:
        raise InternalError(f"the schema has no root type for a {kind.value}")
    walk = _Walk(document, schema, conditions, refuse, max_selections)
    selections = walk.selections([definition.selection_set], root, frozenset({root.name}))
    variables = tuple(
        VariableDefinition(node.variable.name.value, print_ast(node.type), node.default_value)
        for node in definition.variable_definitions or ()
    )
    name = definition.name.value if definition.name else None
    return Operation(kind, name, root.name, selections, variables, walk.stand_in)


def condition_variables(document: Document, definition: OperationDefinitionNode) -> frozenset[str]:
    """The variables that `@skip` and `@include` name in an operation, its fragments included."""
    found: set[str] = set()
    seen: set[str] = set()
    pending = [definition.selection_set]
    while pending:
        for selection in pending.pop().selections:
            for directive in selection.directives or ():
                argument = _condition(directive)
                if isinstance(argument, VariableNode):
                    found.add(argument.name.value)
            if isinstance(selection, FragmentSpreadNode):
                fragment = document.fragments.get(selection.name.value)
                if fragment is not None and selection.name.value not in seen:
                    seen.add(selection.name.value)
                    pending.append(fragment.selection_set)
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
                pending.append(selection.selection_set)
    return frozenset(found)


def _condition(directive: DirectiveNode) -> VariableNode | BooleanValueNode | None:
    if directive.name.value in {"skip", "include"}:
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode | BooleanValueNode):
                return argument.value
    return None


def _response_name(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


@dataclass(slots=True)
class _FieldGroup:
    """Fields of one response name in one selection set, and the type they were written on."""

    parent: GraphQLCompositeType
    nodes: list[FieldNode] = field(default_factory=list)


@dataclass(slots=True)
class _FragmentGroup:
    """Neighbouring fragments of one narrowing type condition."""

    condition: GraphQLCompositeType
    sets: list[SelectionSetNode] = field(default_factory=list)


@dataclass(slots=True)
class _Level:
    """One selection set of the result, being collected."""

    fields: dict[str, _FieldGroup] = field(default_factory=dict)
    order: list[_FieldGroup | _FragmentGroup] = field(default_factory=list)
    spread: set[str] = field(default_factory=set)


class _Walk:
    """One normalisation: the request's facts, and how many selections it may still produce.

    Attributes:
        stand_in: of the operation, once a field needs it.
    """

    def __init__(
        self,
        document: Document,
        schema: GraphQLSchema,
        conditions: Mapping[str, bool],
        refuse: Refuse,
        max_selections: int,
    ) -> None:
        self.stand_in: str | None = None
        self._document = document
        self._fragments = document.fragments
        self._schema = schema
        self._conditions = conditions
        self._refuse = refuse
        self._max_selections = max_selections
        self._produced = 0
        self._possible: dict[str, frozenset[str]] = {}

    def selections(
        self,
        sets: Sequence[SelectionSetNode],
        parent: GraphQLCompositeType,
        possible: frozenset[str],
        answered: frozenset[str] = frozenset(),
    ) -> tuple[Selection, ...]:
        """The normalised selections of `sets`, all on objects of the types `possible`, written on `parent`.

        Args:
            answered: leaves that every object there has already from the fields around a fragment; they are left out.
        """
        level = _Level()
        for selection_set in sets:
            self._collect(level, selection_set, parent, possible)
        result: list[Selection] = []
        for group in level.order:
            if isinstance(group, _FieldGroup):
                name = _response_name(group.nodes[0])
                is_leaf = group.nodes[0].selection_set is None
                if is_leaf and name in answered:
                    continue
                result.extend(self._fields(group, possible))
                if is_leaf:
                    answered |= {name}
            else:
                self._spend()
                narrowed = possible & self._possible_types(group.condition)
                selections = self.selections(group.sets, group.condition, narrowed, answered)
                if selections:
                    result.append(Fragment(group.condition.name, selections))
        return tuple(result)

    def _spend(self) -> None:
        self._produced += 1
        if self._produced > self._max_selections:
            message = f"The operation stands for more than {self._max_selections} selections."
            raise ClientError(message, code="QUERY_TOO_COMPLEX")

    def _collect(
        self,
        level: _Level,
        selection_set: SelectionSetNode,
        parent: GraphQLCompositeType,
        possible: frozenset[str],
    ) -> None:
        for selection in selection_set.selections:
            if not self._is_included(selection.directives or ()):
                continue
            match selection:
                case FieldNode():
                    name = _response_name(selection)
                    group = level.fields.get(name)
                    if group is None:
                        group = level.fields[name] = _FieldGroup(parent)
                        level.order.append(group)
                    group.nodes.append(selection)
                case InlineFragmentNode():
                    condition = selection.type_condition.name.value if selection.type_condition else parent.name
                    self._collect_fragment(level, selection.selection_set, condition, parent, possible)
                case FragmentSpreadNode():
                    fragment = self._fragments[selection.name.value]
                    condition = fragment.type_condition.name.value
                    if selection.name.value in level.spread:
                        continue
                    level.spread.add(selection.name.value)
                    self._collect_fragment(level, fragment.selection_set, condition, parent, possible)

    def _collect_fragment(
        self,
        level: _Level,
        selection_set: SelectionSetNode,
        condition_name: str,
        parent: GraphQLCompositeType,
        possible: frozenset[str],
    ) -> None:
        condition = self._schema.get_type(condition_name)
        if not is_composite_type(condition):
            raise InternalError(f"a fragment on {condition_name} was not refused by validation")
        matching = self._possible_types(condition)
        if possible and not possible & matching:
            return
        if possible <= matching and self._has_fields_of(parent, condition):
            self._collect(level, selection_set, parent, possible)
            return
        last = level.order[-1] if level.order else None
        if isinstance(last, _FragmentGroup) and last.condition is condition:
            last.sets.append(selection_set)
        else:
            level.order.append(_FragmentGroup(condition, [selection_set]))

    def _has_fields_of(self, parent: GraphQLCompositeType, condition: GraphQLCompositeType) -> bool:
        """Whether every field of `condition` can be written on `parent` as well."""
        if parent is condition or is_object_type(parent):
            return True
        return is_interface_type(parent) and is_interface_type(condition) and condition in parent.interfaces

    def _is_included(self, directives: Sequence[DirectiveNode]) -> bool:
        for directive in directives:
            argument = _condition(directive)
            if argument is None:
                continue
            is_true = (
                argument.value if isinstance(argument, BooleanValueNode) else self._conditions[argument.name.value]
            )
            if is_true == (directive.name.value == "skip"):
                return False
        return True

    def _fields(self, group: _FieldGroup, possible: frozenset[str]) -> list[Selection]:
        """The group's field; several, one in a fragment for each concrete type, where access differs between those."""
        first = group.nodes[0]
        refusal = self._refuse(group.parent.name, first.name.value)
        if refusal is not None:
            return [self._field(group, group.parent, refusal)]
        if not is_abstract_type(group.parent):
            return [self._field(group, group.parent, None)]
        by_type = {name: self._refuse(name, first.name.value) for name in sorted(possible)}
        if len(set(by_type.values())) <= 1:
            return [self._field(group, group.parent, next(iter(by_type.values()), None))]
        written_out: list[Selection] = []
        for name, refused in by_type.items():
            concrete = self._schema.get_type(name)
            assert isinstance(concrete, GraphQLObjectType)
            self._spend()
            written_out.append(Fragment(name, (self._field(group, concrete, refused),)))
        return written_out

    def _field(self, group: _FieldGroup, parent: GraphQLCompositeType, refusal: Refusal | None) -> Field:
        self._spend()
        first = group.nodes[0]
        selections: tuple[Selection, ...] = ()
        sets = [node.selection_set for node in group.nodes if node.selection_set is not None]
        if sets and refusal is None:
            definition = self._schema.get_field(parent, first.name.value)
            returned = get_named_type(definition.type) if definition else None
            if not is_composite_type(returned):
                raise InternalError(f"{parent.name}.{first.name.value} was not refused by validation")
            selections = self.selections(sets, returned, self._possible_types(returned))
        is_stand_in = _response_name(first) == TYPENAME != first.name.value
        return Field(
            response_name=self._made_stand_in() if is_stand_in else _response_name(first),
            name=first.name.value,
            arguments=tuple((a.name.value, a.value) for a in first.arguments or ()),
            selections=selections,
            refusal=refusal,
            locations=tuple(
                (node.loc.start_token.line, node.loc.start_token.column) for node in group.nodes if node.loc
            ),
            is_stand_in=is_stand_in,
        )

    def _made_stand_in(self) -> str:
        """The operation's stand-in: a response name that is nowhere in the document."""
        if self.stand_in is None:
            used: set[str] = set()
            definitions = (*self._document.operations.values(), *self._fragments.values())
            pending = [definition.selection_set for definition in definitions]
            while pending:
                for selection in pending.pop().selections:
                    if isinstance(selection, FieldNode):
                        used.add(_response_name(selection))
                    if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
                        pending.append(selection.selection_set)
            self.stand_in = next(name for number in count(1) if (name := f"typename_{number}") not in used)
        return self.stand_in

    def _possible_types(self, composite: GraphQLCompositeType) -> frozenset[str]:
        known = self._possible.get(composite.name)
        if known is None:
            types = self._schema.get_possible_types(composite) if is_abstract_type(composite) else (composite,)
            known = self._possible[composite.name] = frozenset(possible.name for possible in types)
        return known
