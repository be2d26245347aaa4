"""Walks the API schema from its roots and asks for every field on every path whether some subgraph can go on.

A state of the walk is an object type of the API and the set of positions at which its objects may be; since a shareable field may
be taken from any of its subgraphs, one position that can go on is enough. A state with more positions than one already walked can do
all that the other can, and is not walked again. The walk is in breadth, so that the first query found for a field is a shortest one.

Where a label decides between two subgraphs, the walk is made with the label on and with it off. A mutation runs once, so what it
returns is walked for each subgraph that could run it alone, and one of them must answer everything.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/composition#rules-of-composition
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from gateway.composition.errors import CompositionError
from gateway.composition.fieldsets import parse_field_set
from gateway.composition.merged_model import MergedField, MergedType
from gateway.composition.model import ROOT_TYPES, Kind
from gateway.composition.print.api_schema import is_inaccessible
from gateway.composition.satisfiability.explain import cause, explain
from gateway.composition.satisfiability.routes import LocalField, Position, Routes, Tables
from gateway.composition.satisfiability.unreachable import Step, Unreachable
from gateway.composition.state.merge_context import MergeContext

MAX_STATES = 1_000_000
MAX_LABELS_TOGETHER = 5  # 2^5 walks; with more labels each is walked on alone, and all are walked on and off together


Contexts = Mapping[str, tuple[str, frozenset[Position]]]
_Set = frozenset[tuple[str, tuple[str, frozenset[Position]]]]


@dataclass(frozen=True, slots=True)
class _State:
    """Objects on the way.

    Attributes:
        contexts: those that objects above them set.
    """

    type: str
    positions: frozenset[Position]
    contexts: _Set
    path: tuple[Step, ...]


def prove(context: MergeContext) -> list[CompositionError]:
    """Why fields cannot be reached, each reason with a query that shows it; [] if every query can be answered."""
    ground = _Ground(context)
    unreachable: dict[tuple[str, str], Unreachable] = {}
    for labels in _label_choices(context):
        walk = _Walk(ground, Routes(context, ground.tables, labels))
        if not walk.run():
            return [
                CompositionError(
                    "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED",
                    "The proof that every query can be answered took too many steps and was given up.",
                    (),
                    "Share fewer fields between subgraphs, or give the shared types keys.",
                )
            ]
        for at, found in walk.unreachable.items():
            known = unreachable.get(at)
            if known is None or len(found.path) < len(known.path):
                unreachable[at] = found
    causes: dict[tuple[object, ...], list[Unreachable]] = {}
    for found in sorted(unreachable.values(), key=lambda found: len(found.path)):
        causes.setdefault(cause(ground.tables, found), []).append(found)
    return [
        explain(context, ground.tables, first, [f.field.name for f in others]) for first, *others in causes.values()
    ]


def _label_choices(context: MergeContext) -> Iterator[frozenset[str]]:
    labels = sorted({override.label for override in context.overrides.taken_by.values() if override.label is not None})
    if len(labels) <= MAX_LABELS_TOGETHER:
        for choice in product((False, True), repeat=len(labels)):
            yield frozenset(label for label, is_on in zip(labels, choice, strict=True) if is_on)
        return
    yield frozenset()
    yield frozenset(labels)
    yield from (frozenset({label}) for label in labels)


class _Ground:
    """What every walk over the same supergraph needs to know of it.

    Attributes:
        set_by: object type -> the contexts that pass through its objects.
        possible: type -> the object types that clients can see behind it.
    """

    def __init__(self, context: MergeContext) -> None:
        self.context = context
        self.tables = Tables(context)
        self.set_by = _contexts_by_type(context)
        self.possible = {name: tuple(_possible_types(context, t)) for name, t in context.supergraph.types.items()}


class _Walk:
    """A walk over everything that clients can ask.

    Args:
        run: (field of a mutation, subgraph) -> what cannot be had below it, if that subgraph runs it. Nothing while that is found
            out: a mutation below itself can be answered if the one above can.
    """

    def __init__(
        self,
        ground: _Ground,
        routes: Routes,
        run: dict[tuple[str, str], Mapping[tuple[str, str], Unreachable]] | None = None,
    ) -> None:
        self.ground = ground
        self.context = ground.context
        self.routes = routes
        self.unreachable: dict[tuple[str, str], Unreachable] = {}
        self._run = run if run is not None else {}
        self._walked: dict[tuple[str, _Set], list[frozenset[Position]]] = {}
        self._waiting: deque[_State] = deque()

    def run(self) -> bool:
        """Walks everything; False if it was too much."""
        return self._walk_from(
            _State(root, frozenset(Position(s, root) for s in self.ground.tables.subgraphs_of(root)), frozenset(), ())
            for root in ROOT_TYPES
            if root in self.context.supergraph.types
        )

    def _walk_from(self, states: Iterable[_State]) -> bool:
        for state in states:
            self._visit(state)
        steps = 0
        while self._waiting:
            steps += 1
            self._advance(self._waiting.popleft())
            if steps > MAX_STATES or self.routes.is_exceeded:
                return False
        return True

    def _visit(self, state: _State) -> None:
        walked = self._walked.setdefault((state.type, state.contexts), [])
        if any(earlier <= state.positions for earlier in walked):
            return
        walked.append(state.positions)
        self._waiting.append(state)

    def _advance(self, state: _State) -> None:
        merged = self.context.supergraph.types[state.type]
        reached = {q for p in state.positions for q in self.routes.reach(state.type, p)}
        contexts = dict(state.contexts)
        below_contexts = self._contexts_below(state)
        for field in merged.fields.values():
            if is_inaccessible(field.directives) or is_inaccessible(self._named(field).directives):
                continue
            if (state.type, field.name) in self.unreachable:
                continue
            here = [
                (position, local)
                for position in reached
                if (local := self.routes.can_resolve(state.type, position, field.name)) is not None
                and self._has_contexts(local.contexts, contexts)
            ]
            path = (*state.path, Step(state.type, field))
            if not here:
                self.unreachable[state.type, field.name] = Unreachable(
                    state.type, field, state.positions, path, self.routes
                )
                continue
            declared = self._named(field)
            if declared.kind not in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}:
                continue
            running = sorted({position.subgraph for position, _ in here}) if state.type == "Mutation" else []
            if len(running) > 1:
                self._run_once(
                    field.name,
                    {
                        s: list(self._below(path, declared, [h for h in here if h[0].subgraph == s], below_contexts))
                        for s in running
                    },
                )
                continue
            for below in self._below(path, declared, here, below_contexts):
                self._visit(below)

    def _below(
        self, path: tuple[Step, ...], declared: MergedType, here: Sequence[tuple[Position, LocalField]], contexts: _Set
    ) -> Iterator[_State]:
        """The states of a field's values, given the positions that resolve it."""
        field = path[-1].field
        assert field is not None
        for possible in self.ground.possible[declared.name]:
            children = [self.routes.children(position, field.name, local, possible) for position, local in here]
            # The gateway chooses among the positions that resolve the field; the subgraph chooses what it calls the value.
            for choice in product(*(alternatives for alternatives in children if alternatives)):
                if choice:
                    way = path if declared.kind is Kind.OBJECT else (*path, Step(declared.name, None, possible))
                    yield _State(possible, frozenset(choice), contexts, way)

    def _run_once(self, field: str, states: Mapping[str, Sequence[_State]]) -> None:
        """Walks what a mutation returns from each subgraph by itself, until one answers everything."""
        tried: list[Mapping[tuple[str, str], Unreachable]] = []
        for subgraph, starts in states.items():
            unreachable = self._run.get((field, subgraph))
            if unreachable is None:
                self._run[field, subgraph] = {}
                walk = _Walk(self.ground, self.routes, self._run)
                if not walk._walk_from(starts):
                    self.routes.is_exceeded = True
                    return
                unreachable = self._run[field, subgraph] = walk.unreachable
            if not unreachable:
                return
            tried.append(unreachable)
        for at, found in min(tried, key=len).items():
            self.unreachable.setdefault(at, replace(found, running=tuple(states)))

    def _contexts_below(self, state: _State) -> _Set:
        """What the state's objects, and those above them, set for the objects below: an object never takes its own."""
        set_here = self.ground.set_by.get(state.type)
        if not set_here:
            return state.contexts
        return frozenset({**dict(state.contexts), **dict.fromkeys(set_here, (state.type, state.positions))}.items())

    def _named(self, field: MergedField) -> MergedType:
        return self.context.supergraph.types.get(field.type.name) or MergedType(Kind.SCALAR, field.type.name)

    def _has_contexts(self, wanted: tuple[tuple[str, str], ...], given: Contexts) -> bool:
        for name, selection in wanted:
            if name not in given:
                return False
            type_name, positions = given[name]
            fields = parse_field_set(selection)
            if not any(self.routes.can_select(type_name, self.routes.reach(type_name, p), fields) for p in positions):
                return False
        return True


def _possible_types(context: MergeContext, merged: MergedType) -> Iterator[str]:
    """The object types that clients can see behind a type."""
    match merged.kind:
        case Kind.OBJECT:
            names = [merged.name]
        case Kind.UNION:
            names = list(merged.members)
        case Kind.INTERFACE:
            names = [implementation.name for implementation in context.supergraph.implementations(merged.name)]
        case _:
            names = []
    for name in names:
        if name in context.supergraph.types and not is_inaccessible(context.supergraph.types[name].directives):
            yield name


def _contexts_by_type(context: MergeContext) -> dict[str, list[str]]:
    """Object type -> the contexts that pass through its objects."""
    found: dict[str, list[str]] = {}
    for merged in context.supergraph.types.values():
        names = [
            dict(applied.arguments)["name"].strip('"') for applied in merged.directives if applied.name == "context"
        ]
        for possible in _possible_types(context, merged) if names else ():
            found.setdefault(possible, []).extend(names)
    return found
