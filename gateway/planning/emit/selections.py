"""From a fetch node's places to the selections of its document.

A place holds fields for sets of concrete types. Here each set finds its shortest form: the field itself where every object has
it, a fragment on an interface that holds just those types, else a fragment for each type. Then response names are settled: fields
that may stand under one name for the tree, but not in one document (``ID`` here, ``ID!`` there), get aliases.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.operation.model import TYPENAME
from gateway.planning.budget import StepBudget
from gateway.planning.fetch_graph.fetch_node import FetchNode, NodeField, SelectionSet
from gateway.planning.plan import FetchedField, FetchedFragment, FetchedSelection
from gateway.planning.search.federated_schema import FederatedSchema
from gateway.supergraph.model import SubgraphField, TypeKind


@dataclass(slots=True, eq=False)
class _Scope:
    """A selection set being written; what is there under the same name, or for the same type, takes in what is added."""

    selections: "list[_Selection]" = field(default_factory=list)
    _index: "dict[tuple[bool, str], _Selection]" = field(default_factory=dict)

    def add(self, added: "_Selection") -> None:
        """Adds a field or a fragment."""
        place = (isinstance(added, _Field), added.key)
        known = self._index.get(place)
        if known is None:
            self._index[place] = added
            self.selections.append(added)
        else:
            for below in added.below.selections:
                known.below.add(below)


@dataclass(slots=True, eq=False)
class _Field:
    """A field of the document before its response name is settled."""

    key: str
    definition: SubgraphField
    arguments: tuple[tuple[str, str], ...] = ()
    is_leaf: bool = True
    below: _Scope = field(default_factory=_Scope)
    response_name: str = ""

    def shape(self) -> tuple[str, str]:
        """What two fields of one response name must have in common, whatever their parents."""
        return self.definition.wrappers, self.definition.type_name if self.is_leaf else ""


@dataclass(slots=True, eq=False)
class _Fragment:
    """A fragment; its key is the type condition."""

    key: str
    types: frozenset[str]
    below: _Scope = field(default_factory=_Scope)


_Selection = _Field | _Fragment
_TYPENAME_FIELD = SubgraphField(TYPENAME, "String", "!")


@dataclass(frozen=True, slots=True)
class Written:
    """The selections of a fetch node: of its root, or of its entities by type name; and the client's variables in them."""

    root: tuple[FetchedSelection, ...]
    entities: dict[str, tuple[FetchedSelection, ...]]
    variables: tuple[str, ...]


def write_node(
    node: FetchNode, schema: FederatedSchema, budget: StepBudget, context_variables: tuple[str, ...] = ()
) -> Written:
    """The fetch node's selections, in their final form.

    Args:
        context_variables: names for the variables of the fetch node's contexts, in their order.
    """
    writer = _Writer(node, schema, budget, context_variables)
    if node.root is not None:
        root = writer.selections(node.root, node.root.here.type_name)
        writer.settle([root])
        return Written(_frozen(root), {}, writer.variables())
    entities: dict[str, _Scope] = {}
    for name in node.entities:
        place = node.general.get(name) or node.concrete
        assert place is not None
        entities[name] = writer.selections(place, name)
    writer.settle(list(entities.values()))
    return Written((), {name: _frozen(found) for name, found in entities.items()}, writer.variables())


class _Writer:
    """Writes the selections of one fetch node."""

    def __init__(
        self, node: FetchNode, schema: FederatedSchema, budget: StepBudget, context_variables: tuple[str, ...]
    ) -> None:
        self._context_variables = context_variables
        self._service = node.service
        self._prefix = node.position.names.prefix
        self._schema = schema
        self._budget = budget
        self._variables: dict[str, None] = {}

    def variables(self) -> tuple[str, ...]:
        """The client's variables that were written, in order."""
        return tuple(self._variables)

    def selections(self, place: SelectionSet, stated: str) -> _Scope:
        """What a place selects, where the document states its type as `stated`."""
        written = _Scope()
        if place.wants_typename:
            written.add(_Field(TYPENAME, _TYPENAME_FIELD))
        types = self._types_under(place, stated)
        direct: set[str] = set()
        partial: dict[frozenset[str], list[NodeField]] = {}
        is_blind = self._is_blind(stated)
        self._budget.spend(len(place.fields) // 16)
        for selected in place.fields:
            applicable = types if is_blind else selected.types & types
            if not applicable:
                continue
            self._budget.spend()
            if applicable == types and self._definition(stated, selected.field.name) is not None:
                direct.add(selected.key)
                written.add(self._field(selected, stated))
            else:
                partial.setdefault(applicable, []).append(selected)
        for fragment in self._fragments(stated, partial, types, direct):
            written.add(fragment)
        if not written.selections:
            # An interface object's name for its type is not the object's type: it only shows that there is one.
            hides_types = self._schema.hides_types(self._service, stated)
            written.add(_Field(f"{self._prefix}exists" if hides_types else TYPENAME, _TYPENAME_FIELD))
        return written

    def _is_blind(self, stated: str) -> bool:
        """Whether the subgraph cannot tell the concrete types of a value of the stated type."""
        return self._schema.is_interface_object(self._service, stated)

    def _types_under(self, place: SelectionSet, stated: str) -> frozenset[str]:
        if self._is_blind(stated):
            return place.here.types
        return self._schema.possible_in(self._service, stated) & place.here.types

    def _definition(self, stated: str, name: str) -> SubgraphField | None:
        known = self._schema.type_in(self._service, stated)
        return known.fields.get(name) if known else None

    def _field(self, selected: NodeField, stated: str) -> _Field:
        definition = self._definition(stated, selected.field.name) or selected.field
        below = _Scope()
        if selected.below is not None:
            below = self.selections(selected.below, definition.type_name)
        self._variables.update(dict.fromkeys(selected.variables))
        taken = tuple((name, f"${self._context_variables[index]}") for name, index in selected.contexts)
        return _Field(selected.key, definition, (*selected.arguments, *taken), selected.below is None, below)

    def _fragments(
        self, stated: str, partial: dict[frozenset[str], list[NodeField]], types: frozenset[str], direct: set[str]
    ) -> Iterable[_Fragment]:
        """Fragments for what only some types have; on one type each, unless an interface holds just the types meant."""
        fragments: dict[str, _Fragment] = {}
        leaves: dict[str, list[frozenset[str]]] = {key: [types] for key in direct}
        for applicable, selected in partial.items():
            for part in selected:
                if part.below is None:
                    leaves.setdefault(part.key, []).append(applicable)
        for applicable, selected in partial.items():
            # A leaf that a wider fragment selects, or all objects have, is there already.
            wanted = [
                part
                for part in selected
                if part.below is not None or not any(applicable < wider for wider in leaves[part.key])
            ]
            if not wanted:
                continue
            conditions = self._conditions(stated, applicable, types, [part.field.name for part in wanted])
            for condition, holding in conditions:
                fragment = fragments.setdefault(condition, _Fragment(condition, holding))
                for part in wanted:
                    if len(conditions) == 1 or self._definition(condition, part.field.name) is not None:
                        fragment.below.add(self._field(part, condition))
        return fragments.values()

    def _conditions(
        self, stated: str, applicable: frozenset[str], types: frozenset[str], names: list[str]
    ) -> list[tuple[str, frozenset[str]]]:
        if len(applicable) > 1:
            first = min(applicable)
            for interface in sorted(self._schema.supergraph.interfaces.get(first, ())):
                known = self._schema.type_in(self._service, interface)
                if (
                    known is not None
                    and known.kind is TypeKind.INTERFACE
                    and known.possible_types & types == applicable
                    and all(name in known.fields for name in names)
                ):
                    return [(interface, applicable)]
        if not self._schema.hides_types(self._service, stated):
            return [(name, frozenset({name})) for name in sorted(applicable)]
        conditions: dict[str, frozenset[str]] = {}
        for name in sorted(applicable):
            for field_name in names:
                holder = self._schema.holder(self._service, stated, name, field_name)
                assert holder is not None
                conditions[holder.name] = holder.possible_types
        return list(conditions.items())

    def settle(self, scopes: list[_Scope]) -> None:
        """Gives every field its response name; the scopes are one selection set as far as names go."""
        by_key: dict[str, dict[tuple[str, str], list[_Field]]] = {}
        pending = list(reversed(scopes))
        while pending:
            for selection in pending.pop().selections:
                if isinstance(selection, _Fragment):
                    pending.append(selection.below)
                else:
                    by_key.setdefault(selection.key, {}).setdefault(selection.shape(), []).append(selection)
        used = set(by_key)
        for key, shapes in by_key.items():
            for number, alike in enumerate(shapes.values()):
                name = key if number == 0 else self._unused(key, number, used)
                used.add(name)
                for selected in alike:
                    selected.response_name = name
                below = [selected.below for selected in alike if not selected.is_leaf]
                if below:
                    self.settle(below)

    def _unused(self, key: str, number: int, used: set[str]) -> str:
        """A response name for a field of which others have the key: ``__1_id``, or with a higher number."""
        while (name := f"{self._prefix}{number}_{key.lstrip('_')}") in used:
            number += 1
        return name


def _frozen(scope: _Scope) -> tuple[FetchedSelection, ...]:
    frozen: list[FetchedSelection] = []
    for selection in scope.selections:
        if isinstance(selection, _Fragment):
            frozen.append(FetchedFragment(selection.key, selection.types, _frozen(selection.below)))
        else:
            frozen.append(
                FetchedField(
                    response_name=selection.response_name,
                    key=selection.key,
                    name=selection.definition.name,
                    type_name=selection.definition.type_name,
                    wrappers=selection.definition.wrappers,
                    arguments=selection.arguments,
                    selections=_frozen(selection.below),
                )
            )
    return tuple(frozen)
