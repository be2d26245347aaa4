"""Where one can get from a place in a subgraph: the question that everything else in this package asks.

A `Position` is an object of the answer as one subgraph knows it. From there one reaches the same object in another subgraph by one
of that subgraph's keys, if the key's fields can be had from the positions reached so far, possibly by further jumps:

    reach(T, p) = the least set with p in it, and (s, T) in it for every resolvable key K of T in s that can be had from the set

A field can be had from a set of positions if one of them resolves it, and its own requirement can be had there too. Since having a
key may need a jump from a nested object, and that jump the first object again, the sets are least fixed points: a set that is being
computed counts, inside its own computation, as what it holds so far, and is computed again until it does not grow.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.composition.fieldsets import FieldSet, SelectedField, SelectedFragment
from gateway.composition.model import ROOT_TYPES, has
from gateway.composition.read.analysis import Key
from gateway.composition.state.merge_context import MergeContext

MAX_NESTED_KEYS = 60  # jumps that are needed for the key of a jump, and so on; real schemas need three


@dataclass(frozen=True, slots=True)
class Position:
    """An object as a subgraph knows it.

    Attributes:
        type: its type's name there: that of the object type, or of an interface object.
        provided: what a `@provides` on the way here gives in addition.
    """

    subgraph: str
    type: str
    provided: FieldSet = ()


@dataclass(frozen=True, slots=True)
class LocalField:
    """A field as a subgraph has it.

    Attributes:
        type: the named type there.
        label: of a progressive override; the field is resolved here while the label is `active_when`.
        contexts: names of the contexts its arguments take, with what they select.
    """

    type: str
    is_external: bool = False
    requires: FieldSet = ()
    provides: FieldSet = ()
    label: str | None = None
    active_when: bool = True
    contexts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into a subgraph: a resolvable key of the object type, of an interface object, or of an interface."""

    position: Position
    key: Key
    is_through_interface: bool = False


class Routes:
    """All routes between subgraphs, for one choice of the progressive overrides that are on.

    Args:
        active_labels: those overrides.

    Attributes:
        is_exceeded: keys need keys that need keys, too deep to follow; what was answered since need not be true.
    """

    def __init__(self, context: MergeContext, tables: "Tables", active_labels: frozenset[str]) -> None:
        self.context = context
        self.tables = tables
        self.active_labels = active_labels
        self.is_exceeded = False
        self._reached: dict[tuple[str, Position], frozenset[Position]] = {}
        self._open: dict[tuple[str, Position], tuple[int, set[Position]]] = {}
        self._lowest_touched = 0
        self._requirements_open: set[tuple[str, str, str]] = set()

    def reach(self, type_name: str, start: Position) -> frozenset[Position]:
        """Every position of the same object that can be had from one; `start` is among them.

        Args:
            type_name: the object type of the supergraph.
        """
        at = (type_name, start)
        known = self._reached.get(at)
        if known is not None:
            return known
        if at in self._open:
            depth, partial = self._open[at]
            self._lowest_touched = min(self._lowest_touched, depth)
            return frozenset(partial)
        depth = len(self._open) + 1
        if depth > MAX_NESTED_KEYS:
            self.is_exceeded = True
            return frozenset({start})
        outer_lowest, self._lowest_touched = self._lowest_touched, depth
        found = {start}
        self._open[at] = (depth, found)
        entries = [e for e in self.tables.entries(type_name) if e.position != start]
        while self._grow(type_name, found, entries):
            pass
        del self._open[at]
        result = frozenset(found)
        if self._lowest_touched >= depth:
            self._reached[at] = result
        self._lowest_touched = min(outer_lowest, self._lowest_touched)
        return result

    def local(self, position: Position, field: str) -> LocalField | None:
        """The field if this position resolves it without asking what it requires, or None."""
        local = self.tables.fields.get((position.subgraph, position.type), {}).get(field)
        if local is None:
            return None
        if local.label is not None and (local.label in self.active_labels) is not local.active_when:
            return None
        if local.is_external and not _selected(position.provided, field):
            return None
        return local

    def has_requirement(self, type_name: str, position: Position, field: str, local: LocalField) -> bool:
        """Whether what the field requires can be had, and the subgraph entered again with it."""
        if not local.requires:
            return True
        at = (type_name, position.subgraph, field)
        if at in self._requirements_open:
            return False
        self._requirements_open.add(at)
        try:
            if self.can_select(type_name, {position}, local.requires):
                return True
            if not self.tables.can_be_entered_again(position):
                return False
            return self.can_select(type_name, self.reach(type_name, position), local.requires)
        finally:
            self._requirements_open.discard(at)

    def can_resolve(self, type_name: str, position: Position, field: str) -> LocalField | None:
        """The field if this position resolves it and can have what it requires, or None."""
        local = self.local(position, field)
        if local is not None and self.has_requirement(type_name, position, field, local):
            return local
        return None

    def can_select(self, type_name: str, positions: Iterable[Position], selections: FieldSet) -> bool:
        """Whether a whole field set can be had of an object from any of the positions."""
        positions = tuple(positions)
        for selection in selections:
            match selection:
                case SelectedFragment():
                    applies = self.tables.may_be(type_name, selection.type_condition or type_name)
                    if applies and not self.can_select(type_name, positions, selection.selections):
                        return False
                case SelectedField():
                    if not self._can_select_field(type_name, positions, selection):
                        return False
        return True

    def children(self, position: Position, field: str, local: LocalField, type_name: str) -> tuple[Position, ...]:
        """Return the positions of which a field's value has one, if it is of an object type; () if it cannot be that here.

        There are several where several interface objects of the subgraph may stand for the value.

        Args:
            type_name: the object type of the supergraph that the value is taken to have.
        """
        provided = (*local.provides, *_selected_below(position.provided, field))
        names = self.tables.local_names(position.subgraph, local.type, type_name)
        return tuple(Position(position.subgraph, name, provided) for name in names)

    def _can_select_field(self, type_name: str, positions: tuple[Position, ...], selected: SelectedField) -> bool:
        if selected.name == "__typename":
            return True
        for position in positions:
            local = self.can_resolve(type_name, position, selected.name)
            if local is None:
                continue
            if not selected.selections or self._can_select_below(position, selected, local):
                return True
        return False

    def _can_select_below(self, position: Position, selected: SelectedField, local: LocalField) -> bool:
        for type_name in self.tables.runtime_types(position.subgraph, local.type):
            for child in self.children(position, selected.name, local, type_name):
                if self.can_select(type_name, {child}, selected.selections):
                    continue
                if not self.can_select(type_name, self.reach(type_name, child), selected.selections):
                    return False
        return True

    def _grow(self, type_name: str, found: set[Position], entries: list[Entry]) -> bool:
        """Adds what can be reached in one more jump; whether there was anything."""
        is_known = any(not self.tables.is_interface_object(position) for position in found)
        grown = False
        for entry in entries:
            if entry.position in found:
                continue
            if not is_known and not entry.is_through_interface and not self.tables.is_interface_object(entry.position):
                continue
            if entry.is_through_interface and is_known:
                continue
            if self.can_select(type_name, found, entry.key.fields):
                found.add(entry.position)
                grown = True
        if type_name in ROOT_TYPES:
            everywhere = {Position(s, type_name) for s in self.tables.subgraphs_of(type_name)}
            grown |= not everywhere <= found
            found |= everywhere
        return grown


class Tables:
    """The subgraphs as lookups, which no choice of labels changes."""

    def __init__(self, context: MergeContext) -> None:
        self.context = context
        self.fields: dict[tuple[str, str], Mapping[str, LocalField]] = {}
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self._runtime: dict[tuple[str, str], tuple[str, ...]] = {}
        self._local_names: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._interface_objects = {
            (schema.name, definition.name)
            for schema in context.schemas.values()
            for definition in schema.types.values()
            if has(definition.directives, "interfaceObject")
        }
        for schema in context.schemas.values():
            for name in schema.types:
                self.fields[schema.name, name] = dict(_local_fields(context, schema.name, name))

    def is_interface_object(self, position: Position) -> bool:
        """Whether the subgraph does not know which object type it is."""
        return (position.subgraph, position.type) in self._interface_objects

    def subgraphs_of(self, type_name: str) -> tuple[str, ...]:
        """The subgraphs that have a type."""
        return tuple(self.context.sources(type_name))

    def runtime_types(self, subgraph: str, type_name: str) -> tuple[str, ...]:
        """The supergraph's object types that a value of a subgraph's type may have."""
        at = (subgraph, type_name)
        known = self._runtime.get(at)
        if known is None:
            known = self._runtime[at] = self.context.runtime_types(subgraph, type_name)
        return known

    def local_names(self, subgraph: str, declared: str, type_name: str) -> tuple[str, ...]:
        """What a subgraph may call an object of `type_name` where it declares `declared`; () if it cannot be there."""
        at = (subgraph, declared, type_name)
        known = self._local_names.get(at)
        if known is None:
            known = self._local_names[at] = self.context.local_names(*at)
        return known

    def may_be(self, type_name: str, condition: str) -> bool:
        """Whether an object type satisfies a type condition."""
        return type_name == condition or self.context.supergraph.is_named_subtype(type_name, condition)

    def entries(self, type_name: str) -> tuple[Entry, ...]:
        """Every way into any subgraph for objects of a type."""
        known = self._entries.get(type_name)
        if known is None:
            known = self._entries[type_name] = tuple(self._find_entries(type_name))
        return known

    def keys(self, subgraph: str, type_name: str) -> tuple[Key, ...]:
        """The resolvable keys of a subgraph's type."""
        return tuple(key for key in self.context.analyses[subgraph].keys.get(type_name, ()) if key.is_resolvable)

    def can_be_entered_again(self, position: Position) -> bool:
        """Whether the subgraph has a key for the object that it resolves itself."""
        return any(
            _is_local(self, position.subgraph, position.type, key.fields)
            for key in self.keys(position.subgraph, position.type)
        )

    def _find_entries(self, type_name: str) -> Iterator[Entry]:
        for local in self.context.local_types(type_name):
            for key in self.keys(local.subgraph, local.definition.name):
                yield Entry(Position(local.subgraph, local.definition.name), key)
        for interface in self.context.supergraph.types[type_name].interfaces:
            for subgraph, schema in self.context.schemas.items():
                if type_name in schema.runtime_types(interface):
                    for key in self.keys(subgraph, interface):
                        yield Entry(Position(subgraph, type_name), key, is_through_interface=True)


def _local_fields(context: MergeContext, subgraph: str, type_name: str) -> Iterator[tuple[str, LocalField]]:
    analysis = context.analyses[subgraph]
    for name, field in context.schemas[subgraph].types[type_name].fields.items():
        at = (type_name, name)
        lost = context.overrides.lost_to.get((subgraph, *at))
        taken = context.overrides.taken_by.get((subgraph, *at))
        if lost is not None and lost.label is None:
            continue
        merged = context.supergraph.types[type_name].fields.get(name)
        joins = [join for join in merged.joins if join.graph == subgraph] if merged else []
        yield (
            name,
            LocalField(
                type=field.type.name,
                is_external=at in analysis.external,
                requires=analysis.requires.get(at, ()),
                provides=analysis.provides.get(at, ()),
                label=(lost.label if lost else None) or (taken.label if taken else None),
                active_when=lost is None,
                contexts=tuple((a.context, a.selection) for join in joins for a in join.context_arguments),
            ),
        )


def _is_local(tables: Tables, subgraph: str, type_name: str, selections: FieldSet) -> bool:
    """Whether a subgraph resolves a whole field set by itself."""
    for selection in selections:
        if isinstance(selection, SelectedFragment):
            if not _is_local(tables, subgraph, selection.type_condition or type_name, selection.selections):
                return False
            continue
        if selection.name == "__typename":
            continue
        local = tables.fields.get((subgraph, type_name), {}).get(selection.name)
        if local is None or local.is_external or not _is_local(tables, subgraph, local.type, selection.selections):
            return False
    return True


def _selected(selections: FieldSet, field: str) -> bool:
    return any(_matching(selections, field))


def _selected_below(selections: FieldSet, field: str) -> FieldSet:
    return tuple(below for selected in _matching(selections, field) for below in selected.selections)


def _matching(selections: FieldSet, field: str) -> Iterator[SelectedField]:
    for selection in selections:
        if isinstance(selection, SelectedFragment):
            yield from _matching(selection.selections, field)
        elif selection.name == field:
            yield selection
