"""Needs: what planning looks for at an object, fragments already turned into sets of concrete types.

The client's selections and the field sets of keys and requirements become the same thing, so that one search serves all three.

    { node { id ... on Book { title } } }    with Node = Book | Film
    becomes node -> [id for every object, title for {Book}]
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLCompositeType,
    GraphQLSchema,
    ValueNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    print_ast,
    visit,
)

from gateway.operation.model import TYPENAME, Field, Operation, Selection
from gateway.supergraph.field_sets import SetField, SetSelection
from gateway.supergraph.model import ContextArgument


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """A field that is looked for on the objects of one place; compared by identity.

    Attributes:
        types: the concrete types whose objects need it; None for every object there.
        arguments: (name, value as GraphQL text), in order.
        variables: names of the client's variables in the arguments.
        response_name: the client's; None if only the gateway needs the field.
        children: what is needed of the object it returns; () for leaves, and where conditions leave no field of the object.
        returns_abstract: whether clients see an interface or a union there.
        weight: how many leaves it stands for.
        whole: the need of which this is a remainder; None if it is whole itself.
        is_context: only there so that a field further down gets an argument from it.
        contexts: where the field's arguments from contexts, in whatever subgraph, get their values.
        is_torn: whether it is the rest of a field that the place resolves for other types of its objects.
        runs_once: whether it is a mutation's field or has one below it, so that it is never asked of a second subgraph.
        is_leaf: whether it returns no object.
    """

    types: frozenset[str] | None
    name: str
    arguments: tuple[tuple[str, str], ...] = ()
    variables: tuple[str, ...] = ()
    response_name: str | None = None
    children: "tuple[Need, ...]" = ()
    returns_abstract: bool = False
    weight: int = 1
    whole: "Need | None" = None
    is_context: bool = False
    contexts: "tuple[NeedContext, ...]" = ()
    runs_once: bool = False
    is_torn: bool = False
    is_leaf: bool = True

    @property
    def origin(self) -> "Need":
        """The need as it was before anything of it was served elsewhere."""
        return self.whole or self

    def narrowed(self, types: frozenset[str] | None, children: "tuple[Need, ...]") -> "Need":
        """The part of the need that concerns fewer types or children."""
        return Need(
            types,
            self.name,
            self.arguments,
            self.variables,
            self.response_name,
            children,
            self.returns_abstract,
            total_weight(children) or 1,
            self.origin,
            self.is_context,
            self.contexts,
            self.runs_once,
            self.is_torn,
            self.is_leaf,
        )

    def sources(self, argument: ContextArgument) -> "tuple[ContextSource, ...]":
        """Where an argument from a context gets its value; () if nothing around the field sets the context."""
        return next((context.sources for context in self.contexts if context.argument == argument), ())


@dataclass(frozen=True, slots=True)
class ContextSource:
    """Enclosing objects that set a context.

    Attributes:
        levels: how many objects up they are from the object whose field takes the context.
        types: the concrete types among them that set it; None for all.
        needs: what is read of them; of one object exactly one leaf.
    """

    levels: int
    types: frozenset[str] | None
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class NeedContext:
    """An argument from a context: its sources, the nearest first."""

    argument: ContextArgument
    sources: tuple[ContextSource, ...]


NEEDS_TYPENAME = Need(None, TYPENAME)
"""The concrete type's name; always an internal need, because the answer's type names come from the tree's ``__typename``."""


def total_weight(needs: Iterable[Need]) -> int:
    """How many leaves the needs stand for."""
    return sum(need.weight for need in needs)


def operation_needs(
    operation: Operation, schema: GraphQLSchema, possible: Mapping[str, frozenset[str]]
) -> tuple[Need, ...]:
    """What the operation needs of its root object. Introspection and refused fields need nothing.

    Args:
        possible: the concrete types of each type, hidden ones included.
    """
    return _OperationReader(schema, possible).read(operation.selections, operation.root_type, None)


class _OperationReader:
    def __init__(self, schema: GraphQLSchema, possible: Mapping[str, frozenset[str]]) -> None:
        self._schema = schema
        self._possible = possible

    def read(self, selections: tuple[Selection, ...], parent: str, types: frozenset[str] | None) -> tuple[Need, ...]:
        needs: list[Need] = []
        leaves: set[str] = set()
        self._collect(selections, parent, types, needs, leaves)
        return tuple(needs)

    def _collect(
        self,
        selections: tuple[Selection, ...],
        parent: str,
        types: frozenset[str] | None,
        needs: list[Need],
        leaves: set[str],
    ) -> None:
        """Adds needs in the client's order; `leaves` are the response names that every object there has already."""
        for selection in selections:
            if not isinstance(selection, Field):
                narrowed = self._possible[selection.type_condition]
                both = narrowed if types is None else types & narrowed
                self._collect(selection.selections, selection.type_condition, both, needs, leaves)
            elif selection.name == TYPENAME:
                needs.append(NEEDS_TYPENAME if types is None else Need(types, TYPENAME))
            elif selection.refusal is None and not selection.name.startswith("__"):
                if not selection.selections and selection.response_name in leaves:
                    continue
                need = self._need(selection, parent, types)
                needs.append(need)
                if types is None and not selection.selections:
                    leaves.add(selection.response_name)

    def _need(self, field: Field, parent: str, types: frozenset[str] | None) -> Need:
        returned = self._returned(parent, field.name)
        children: tuple[Need, ...] = ()
        if returned is not None and field.selections:
            children = self.read(field.selections, returned.name, None)
            # Of an object whose fields are all refused, only its being there is asked.
            children = children or (NEEDS_TYPENAME,)
        return Need(
            types,
            field.name,
            tuple((name, print_ast(value)) for name, value in field.arguments),
            tuple(dict.fromkeys(name for _, value in field.arguments for name in _variables(value))),
            field.response_name,
            children,
            is_abstract_type(returned),
            total_weight(children) or 1,
            runs_once=self._is_mutation(parent) or any(child.runs_once for child in children),
            is_leaf=returned is None,
        )

    def _is_mutation(self, parent: str) -> bool:
        return self._schema.mutation_type is not None and parent == self._schema.mutation_type.name

    def _returned(self, parent: str, name: str) -> GraphQLCompositeType | None:
        parent_type = self._schema.get_type(parent)
        assert is_composite_type(parent_type)
        definition = self._schema.get_field(parent_type, name)
        returned = get_named_type(definition.type) if definition else None
        return returned if is_composite_type(returned) else None


class _VariableNames(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.append(node.name.value)


def _variables(value: ValueNode) -> list[str]:
    if isinstance(value, VariableNode):
        return [value.name.value]
    finder = _VariableNames()
    visit(value, finder)
    return finder.names


def field_set_needs(
    selections: tuple[SetSelection, ...], possible: Mapping[str, frozenset[str]], types: frozenset[str] | None = None
) -> tuple[Need, ...]:
    """What a field set needs of the object it is written for."""
    needs: list[Need] = []
    for selection in selections:
        if isinstance(selection, SetField):
            children = field_set_needs(selection.selections, possible)
            weight = total_weight(children) or 1
            is_leaf = not selection.selections
            needs.append(
                Need(types, selection.name, selection.arguments, children=children, weight=weight, is_leaf=is_leaf)
            )
        else:
            narrowed = possible.get(selection.type_condition, frozenset())
            both = narrowed if types is None else types & narrowed
            needs.extend(field_set_needs(selection.selections, possible, both))
    return tuple(needs)


def are_compatible(one: Iterable[Need], other: Iterable[Need]) -> bool:
    """Whether one object can hold both: no field is in them with different arguments."""
    known: dict[str, list[Need]] = {}
    for need in one:
        known.setdefault(need.name, []).append(need)
    return all(
        match.arguments == need.arguments and are_compatible(match.children, need.children)
        for need in other
        for match in known.get(need.name, ())
    )


def can_stand_together(one: Need, other: Need) -> bool:
    """Whether both can be asked of one object: where their names in the answer are equal, they mean the same field."""
    if one.response_name is None or one.response_name != other.response_name:
        return True
    if one.name != other.name or one.arguments != other.arguments:
        return False
    return all(can_stand_together(child, its) for child in one.children for its in other.children)


def colliding(needs: tuple[Need, ...]) -> frozenset[Need]:
    """The needs that cannot be asked of one object together; they are for objects of different types."""
    by_name: dict[str, list[Need]] = {}
    for need in needs:
        if need.response_name is not None and need.types is not None:
            by_name.setdefault(need.response_name, []).append(need)
    return frozenset(
        need
        for alike in by_name.values()
        for need in alike
        if any(not can_stand_together(need, other) for other in alike if other is not need)
    )
