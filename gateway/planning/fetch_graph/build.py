"""From a solution to fetch nodes: each step is written into a fetch that is there, or into a new one.

A fetch is shared by all that enter the same subgraph at the same position, as long as it does not come to wait for itself: then a
second one is made. Each returns which fetches bring what was asked for, so that whoever needs it (a key, a requirement) waits.
"""

from dataclasses import replace

from gateway.operation.model import TYPENAME
from gateway.planning.budget import StepBudget
from gateway.planning.fetch_graph.fetch_node import FetchNode, NodeEntity, NodeField, SelectionSet, SharingRules
from gateway.planning.fetch_graph.response_position import Position
from gateway.planning.needs import Need
from gateway.planning.search.federated_schema import FederatedSchema
from gateway.planning.search.location import ENTITY, Location
from gateway.planning.search.solution import FetchStep, FieldStep, KeyJump, RoutedField, Selected, Solution, Step


class FetchGraph:
    """The fetch nodes of one plan."""

    def __init__(self, schema: FederatedSchema, budget: StepBudget) -> None:
        self.nodes: list[FetchNode] = []
        self._schema = schema
        self._budget = budget
        self._at: dict[tuple[str, Position, bool], list[FetchNode]] = {}
        self._contexts: dict[Need, set[FetchNode]] = {}
        self._written_at: dict[tuple[Position, str], list[tuple[FetchNode, NodeField]]] = {}

    def write(self, solution: Solution, place: SelectionSet | None, position: Position) -> set[FetchNode]:
        """Writes all steps of a solution at a place; gives the fetches that bring its fields."""
        bringing: set[FetchNode] = set()
        for step in _contexts_first(solution.steps) if self._schema.has_contexts else solution.steps:
            match step:
                case FieldStep():
                    assert place is not None
                    brought = self._select(step.selected, place)
                    self._note_contexts([step.selected], brought)
                case FetchStep():
                    brought = self._enter(step, place, position)
                    self._note_contexts([selected for _, selected in step.selected], brought)
            bringing |= brought
        return bringing

    def _note_contexts(self, written: list[Selected], brought: set[FetchNode]) -> None:
        """Remembers who brings what fields further down take as arguments; a need stands for one place of the operation."""
        for selected in written:
            if selected.need.is_context:
                self._contexts.setdefault(selected.need.origin, set()).update(brought)

    def unawaited(self) -> set[FetchNode]:
        """The fetches that no other waits for; who waits for them waits for all."""
        awaited = 0
        for node in self.nodes:
            awaited |= node.ancestors
        return {node for node in self.nodes if not awaited >> node.number & 1}

    def write_root(
        self, step: FetchStep, position: Position, after: set[FetchNode], reused: FetchNode | None
    ) -> FetchNode:
        """Writes root fields into `reused`, or into a new fetch that waits for `after`; for mutations, whose order counts."""
        node = reused or self._create_root(step.service, position, step.selected[0].jumps[0].arrival, after)
        assert node.root is not None
        for _, selected in step.selected:
            self._select(selected, node.root)
        return node

    def _select(self, selected: Selected, place: SelectionSet) -> set[FetchNode]:
        self._budget.spend()
        if place.fetch.ancestors:
            brought = self._brought(selected, place.position, place.fetch.ancestors)
            if brought is not None:
                return brought
        bringing = {place.fetch}
        for types in place.position.parts(selected.need, selected.served.types):
            written = self._written(selected, types, place)
            if selected.below is not None and written.below is not None:
                bringing |= self.write(selected.below, written.below, written.below.position)
        return bringing

    def _brought(self, selected: Selected, position: Position, awaited: int) -> set[FetchNode] | None:
        """Those among awaited fetches that bring a field and all below it already; None if they do not."""
        bringing: set[FetchNode] = set()
        for types in position.parts(selected.need, selected.served.types):
            key = position.key_of(selected.need, types)
            for node, written in self._written_at.get((position, key), ()):
                if awaited >> node.number & 1 and types <= written.types:
                    below = self._brought_below(selected, written, awaited)
                    if below is not None:
                        bringing |= {node, *below}
                        break
            else:
                return None
        return bringing

    def _brought_below(self, selected: Selected, written: NodeField, awaited: int) -> set[FetchNode] | None:
        if selected.below is None:
            return set()
        assert written.below is not None
        assert selected.served.below is not None
        is_told = written.below.wants_typename or not self._wants_typename(
            selected.served.below, written.below.position
        )
        if not is_told or not selected.served.below.types <= written.below.here.types:
            return None
        bringing: set[FetchNode] = set()
        for step in selected.below.steps:
            brought = (
                self._brought(step.selected, written.below.position, awaited) if isinstance(step, FieldStep) else None
            )
            if brought is None:
                return None
            bringing |= brought
        return bringing

    def _written(self, selected: Selected, types: frozenset[str], place: SelectionSet) -> NodeField:
        need, served = selected.need, selected.served
        key = place.position.key_of(need, types)
        known = place.find(key, types)
        if known is not None:
            return known
        below = None
        if served.below is not None:
            child = place.position.below(
                need,
                types,
                held_by=types if place.here.is_known else place.position.types,
                wrappers=served.field.wrappers,
                possible=served.below.types,
                is_abstract=self._schema.is_abstract_in(place.fetch.service, served.field.type_name),
                is_told=served.below.is_known,
            )
            below = SelectionSet(place.fetch, served.below, child, self._wants_typename(served.below, child))
            is_abstract = self._schema.is_abstract_in(place.fetch.service, place.here.type_name)
            if not place.position.is_told and is_abstract and place.here.is_known:
                # Whoever goes on below the field for some types only reads here which objects are of those.
                place.wants_typename = True
        contexts = tuple(
            (argument.name, place.fetch.context(argument.type, need.sources(argument)))
            for argument in served.field.hidden_arguments
        )
        added = NodeField(types, key, served.field, need.arguments, need.variables, below, contexts)
        place.add(added)
        self._written_at.setdefault((place.position, key), []).append((place.fetch, added))
        return added

    def _wants_typename(self, here: Location, position: Position) -> bool:
        assert here.service is not None
        if not here.is_known:
            return False
        return position.is_abstract or len(here.types) > 1 or self._schema.is_abstract_in(here.service, here.type_name)

    def _enter(self, step: FetchStep, place: SelectionSet | None, position: Position) -> set[FetchNode]:
        bringing: set[FetchNode] = set()
        for selected in self._compatible(step.service, step.selected, position):
            bringing |= self._enter_once(step.service, selected, place, position)
        return bringing

    def _compatible(
        self, service: str, selected: tuple[RoutedField, ...], position: Position
    ) -> list[list[RoutedField]]:
        """The fields in groups that one representation and one selection can hold; one group, nearly always.

        Requirements with conflicting arguments do not fit into one representation. Of an interface object every field is asked of
        every object, so fields of one name that mean different things for different types do not fit into one selection.
        """
        groups: list[tuple[list[RoutedField], SharingRules]] = []
        for found in selected:
            sharing = self._sharing(service, [found], position)
            for members, held in groups:
                if held.agrees_with(sharing):
                    members.append(found)
                    held.add(sharing)
                    break
            else:
                groups.append(([found], sharing))
        return [members for members, _ in groups]

    def _sharing(self, service: str, found: list[RoutedField], position: Position) -> SharingRules:
        """What the fields demand of the representation and the selection that they go into."""
        sharing = SharingRules(is_root=found[0].jumps[0].key is None)
        for used, selected in found:
            if selected.served.field.requires is not None:
                sharing.required.extend(self._schema.field_set_needs(selected.served.field.requires))
            sharing.keys.update((way.entry.entity, way.key) for way in used if way.key is not None)
            is_blind = self._schema.hides_types(service, used[0].entry.entity)
            sharing.by_interface = self._schema.is_abstract_in(service, used[0].entry.entity)
            # What a field requires is there for the objects that need the field, not for others that would be asked for it, too.
            is_partly_required = selected.served.field.requires is not None and selected.served.types < position.types
            if is_blind and (is_partly_required or selected.need.origin in position.colliding()):
                sharing.only = selected.served.types
        return sharing

    def _enter_once(
        self, service: str, found: list[RoutedField], place: SelectionSet | None, position: Position
    ) -> set[FetchNode]:
        after: set[FetchNode] = {place.fetch} if place is not None else set()
        ways = dict.fromkeys(way for used, _ in found for way in used)
        for way in ways:
            if way.key_solution is not None:
                after |= self.write(way.key_solution, place, position)
        free: list[RoutedField] = []
        waiting: list[RoutedField] = []
        after_all = set(after)
        for each in found:
            awaited = self._write_requirement(each[1], place, position)
            (free if awaited is None else waiting).append(each)
            after_all |= awaited or set()
        is_told = place is None or place.here.is_known
        earlier = self._earlier(service, position, free, after, after_all) if free and waiting else None
        if earlier is None:
            return self._ask(service, found, position, after_all, is_told=is_told)
        sharing = self._sharing(service, free, position)
        return self._fill(earlier, free, sharing, after, is_told=is_told) | self._ask(
            service, waiting, position, after_all, is_told=is_told
        )

    def _write_requirement(
        self, selected: Selected, place: SelectionSet | None, position: Position
    ) -> set[FetchNode] | None:
        """What brings all that the field wants to be sent, beside keys; None if it wants nothing."""
        field = selected.served.field
        if field.requires is None and not field.hidden_arguments:
            return None
        after = self.write(selected.requirement, place, position) if selected.requirement is not None else set()
        for argument in field.hidden_arguments:
            for source in selected.need.sources(argument):
                after |= set().union(*(self._contexts.get(need, ()) for need in source.needs))
        return after

    def _earlier(
        self,
        service: str,
        position: Position,
        free: list[RoutedField],
        after: set[FetchNode],
        after_all: set[FetchNode],
    ) -> FetchNode | None:
        """The fetch of the subgraph that others of its fields have to wait for anyway: those that are free can be in it."""
        node = self._find(service, position, after, self._sharing(service, free, position), is_root=False)
        is_awaited = node is not None and any(before is node or before.waits_for(node) for before in after_all)
        return node if is_awaited else None

    def _ask(
        self, service: str, found: list[RoutedField], position: Position, after: set[FetchNode], *, is_told: bool
    ) -> set[FetchNode]:
        """Has the fields brought by a fetch that waits for `after`: one that is there, or a new one."""
        bringing: set[FetchNode] = set()
        awaited = _awaited(after)
        lacking: list[RoutedField] = []
        for each in found:
            brought = self._brought(each[1], position, awaited)
            if brought is None:
                lacking.append(each)
            else:
                bringing |= brought
        if not lacking:
            return bringing
        first = lacking[0].jumps[0]
        is_root = first.key is None
        sharing = self._sharing(service, lacking, position)
        node = self._find(service, position, after, sharing, is_root=is_root)
        if node is None and is_root:
            node = self._create_root(service, position, first.arrival, after)
        elif node is None:
            node = self._create(service, position, after)
        return bringing | self._fill(node, lacking, sharing, after, is_told=is_told)

    def _fill(
        self, node: FetchNode, found: list[RoutedField], sharing: SharingRules, after: set[FetchNode], *, is_told: bool
    ) -> set[FetchNode]:
        """Adds fields to a fetch, which comes to wait for `after`."""
        self._delay(node, after)
        node.sharing.only = sharing.only
        node.sharing.by_interface = sharing.by_interface
        node.sharing.is_root = sharing.is_root
        node.sharing.add(sharing)
        bringing: set[FetchNode] = set()
        for used, selected in found:
            target = node.root or self._entity_place(node, used, selected, is_told=is_told)
            if selected.need.name == TYPENAME:
                target.wants_typename = True
                bringing.add(node)
            else:
                bringing |= self._select(selected, target)
        return bringing

    def _find(
        self, service: str, position: Position, after: set[FetchNode], sharing: SharingRules, *, is_root: bool
    ) -> FetchNode | None:
        """A fetch of the subgraph at the position that may wait for `after` without waiting for itself."""
        for node in self._at.get((service, position, is_root), ()):
            if node in after or any(other.waits_for(node) for other in after):
                continue
            if node.sharing.agrees_with(sharing):
                return node
        return None

    def _create(self, service: str, position: Position, after: set[FetchNode]) -> FetchNode:
        node = self._number(FetchNode(len(self.nodes), service, position), after)
        self._at.setdefault((service, position, False), []).append(node)
        return node

    def _create_root(self, service: str, position: Position, arrival: Location, after: set[FetchNode]) -> FetchNode:
        node = self._number(FetchNode(len(self.nodes), service, position), after)
        node.root = SelectionSet(node, arrival, position, wants_typename=False)
        self._at.setdefault((service, position, True), []).append(node)
        return node

    def _number(self, node: FetchNode, after: set[FetchNode]) -> FetchNode:
        self._budget.spend(5)
        node.depends_on |= after
        node.ancestors = _awaited(after)
        self.nodes.append(node)
        return node

    def _delay(self, node: FetchNode, after: set[FetchNode]) -> None:
        """Lets a fetch wait for more, and whoever waits for it with it."""
        if after <= node.depends_on:
            return
        self._budget.spend()
        node.depends_on |= after
        added = _awaited(after)
        node.ancestors |= added
        for other in self.nodes:
            if other.waits_for(node):
                other.ancestors |= added

    def _entity_place(
        self, node: FetchNode, used: tuple[KeyJump, ...], selected: Selected, *, is_told: bool
    ) -> SelectionSet:
        """Where the fields of entities go; declares the entities and what their fields require."""
        required = selected.served.field.requires
        for way in used:
            assert way.key is not None
            entity = node.entities.get(way.entry.entity)
            if entity is None:
                is_typed = is_told or way.entry.needs_typename
                entity = NodeEntity(way.entry.entity, way.entry.types, way.key, is_typed)
                node.entities[entity.name] = entity
            entity.types |= way.entry.types
            if required is not None and required not in entity.requirements:
                entity.requirements.append(required)
        first = used[0]
        if self._schema.is_object_in(node.service, first.entry.entity):
            if node.concrete is None:
                node.concrete = SelectionSet(
                    node, Location(node.service, ENTITY, frozenset()), node.position, wants_typename=False
                )
            place = node.concrete
        else:
            place = node.general.setdefault(
                first.entry.entity, SelectionSet(node, first.arrival, node.position, wants_typename=False)
            )
        for way in used:
            if not way.arrival.types <= place.here.types:
                place.here = replace(place.here, types=place.here.types | way.arrival.types)
        return place


def _awaited(after: set[FetchNode]) -> int:
    """All that whoever waits for `after` waits for: bit n is the fetch node of number n."""
    awaited = 0
    for node in after:
        awaited |= node.ancestors | 1 << node.number
    return awaited


def _contexts_first(steps: tuple[Step, ...]) -> list[Step]:
    """The steps with what sets contexts before all else: what is further down waits for those that bring it."""
    first: list[Step] = []
    rest: list[Step] = []
    for step in steps:
        match step:
            case FieldStep():
                (first if step.selected.need.is_context else rest).append(step)
            case FetchStep():
                for part, is_context in ((first, True), (rest, False)):
                    selected = tuple(found for found in step.selected if found.selected.need.is_context is is_context)
                    if selected:
                        part.append(FetchStep(step.service, selected))
    return first + rest
