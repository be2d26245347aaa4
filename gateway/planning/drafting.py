"""From a solution to drafts: each step is written into a fetch that is there, or into a new one.

A fetch is shared by all that enter the same subgraph at the same position, as long as it does not come to wait for itself: then a
second one is made. Each returns which fetches bring what was asked for, so that whoever needs it (a key, a requirement) waits.
"""

from dataclasses import replace

from gateway.operation.model import TYPENAME
from gateway.planning.drafts import Demands, Draft, DraftEntity, DraftField, Place
from gateway.planning.fuel import Fuel
from gateway.planning.lookups import Lookups
from gateway.planning.needs import Need
from gateway.planning.places import ENTITY, Here
from gateway.planning.solution import Enter, Entered, Found, Selected, SelectHere, Solution, Step
from gateway.planning.tree import Position


class Drafting:
    """The drafts of one plan."""

    def __init__(self, lookups: Lookups, fuel: Fuel) -> None:
        self.drafts: list[Draft] = []
        self._lookups = lookups
        self._fuel = fuel
        self._at: dict[tuple[str, Position, bool], list[Draft]] = {}
        self._contexts: dict[Need, set[Draft]] = {}
        self._written_at: dict[tuple[Position, str], list[tuple[Draft, DraftField]]] = {}

    def write(self, solution: Solution, place: Place | None, position: Position) -> set[Draft]:
        """Writes all steps of a solution at a place; gives the fetches that bring its fields."""
        bringing: set[Draft] = set()
        for step in _contexts_first(solution.steps) if self._lookups.has_contexts else solution.steps:
            match step:
                case SelectHere():
                    assert place is not None
                    brought = self._select(step.selected, place)
                    self._note_contexts([step.selected], brought)
                case Enter():
                    brought = self._enter(step, place, position)
                    self._note_contexts([selected for _, selected in step.selected], brought)
            bringing |= brought
        return bringing

    def _note_contexts(self, written: list[Selected], brought: set[Draft]) -> None:
        """Remembers who brings what fields further down take as arguments; a need stands for one place of the operation."""
        for selected in written:
            if selected.need.is_context:
                self._contexts.setdefault(selected.need.origin, set()).update(brought)

    def unawaited(self) -> set[Draft]:
        """The fetches that no other waits for; who waits for them waits for all."""
        awaited = 0
        for draft in self.drafts:
            awaited |= draft.ancestors
        return {draft for draft in self.drafts if not awaited >> draft.number & 1}

    def write_root(self, step: Enter, position: Position, after: set[Draft], reused: Draft | None) -> Draft:
        """Writes root fields into `reused`, or into a new fetch that waits for `after`; for mutations, whose order counts."""
        draft = reused or self._create_root(step.service, position, step.selected[0][0][0].arrival, after)
        assert draft.root is not None
        for _, selected in step.selected:
            self._select(selected, draft.root)
        return draft

    def _select(self, selected: Selected, place: Place) -> set[Draft]:
        self._fuel.burn()
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

    def _brought(self, selected: Selected, position: Position, awaited: int) -> set[Draft] | None:
        """Those among awaited fetches that bring a field and all below it already; None if they do not."""
        bringing: set[Draft] = set()
        for types in position.parts(selected.need, selected.served.types):
            key = position.key_of(selected.need, types)
            for draft, written in self._written_at.get((position, key), ()):
                if awaited >> draft.number & 1 and types <= written.types:
                    below = self._brought_below(selected, written, awaited)
                    if below is not None:
                        bringing |= {draft, *below}
                        break
            else:
                return None
        return bringing

    def _brought_below(self, selected: Selected, written: DraftField, awaited: int) -> set[Draft] | None:
        if selected.below is None:
            return set()
        assert written.below is not None
        assert selected.served.below is not None
        is_told = written.below.wants_typename or not self._wants_typename(
            selected.served.below, written.below.position
        )
        if not is_told or not selected.served.below.types <= written.below.here.types:
            return None
        bringing: set[Draft] = set()
        for step in selected.below.steps:
            brought = (
                self._brought(step.selected, written.below.position, awaited) if isinstance(step, SelectHere) else None
            )
            if brought is None:
                return None
            bringing |= brought
        return bringing

    def _written(self, selected: Selected, types: frozenset[str], place: Place) -> DraftField:
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
                is_abstract=self._lookups.is_abstract_in(place.fetch.service, served.field.type_name),
                is_told=served.below.is_known,
            )
            below = Place(place.fetch, served.below, child, self._wants_typename(served.below, child))
            is_abstract = self._lookups.is_abstract_in(place.fetch.service, place.here.type_name)
            if not place.position.is_told and is_abstract and place.here.is_known:
                # Whoever goes on below the field for some types only reads here which objects are of those.
                place.wants_typename = True
        contexts = tuple(
            (argument.name, place.fetch.context(argument.type, need.sources(argument)))
            for argument in served.field.hidden_arguments
        )
        added = DraftField(types, key, served.field, need.arguments, need.variables, below, contexts)
        place.add(added)
        self._written_at.setdefault((place.position, key), []).append((place.fetch, added))
        return added

    def _wants_typename(self, here: Here, position: Position) -> bool:
        assert here.service is not None
        if not here.is_known:
            return False
        return position.is_abstract or len(here.types) > 1 or self._lookups.is_abstract_in(here.service, here.type_name)

    def _enter(self, step: Enter, place: Place | None, position: Position) -> set[Draft]:
        bringing: set[Draft] = set()
        for selected in self._compatible(step.service, step.selected, position):
            bringing |= self._enter_once(step.service, selected, place, position)
        return bringing

    def _compatible(self, service: str, selected: tuple[Found, ...], position: Position) -> list[list[Found]]:
        """The fields in groups that one representation and one selection can hold; one group, nearly always.

        Requirements with conflicting arguments do not fit into one representation. Of an interface object every field is asked of
        every object, so fields of one name that mean different things for different types do not fit into one selection.
        """
        groups: list[tuple[list[Found], Demands]] = []
        for found in selected:
            demands = self._demands(service, [found], position)
            for members, held in groups:
                if held.agrees_with(demands):
                    members.append(found)
                    held.add(demands)
                    break
            else:
                groups.append(([found], demands))
        return [members for members, _ in groups]

    def _demands(self, service: str, found: list[Found], position: Position) -> Demands:
        """What the fields demand of the representation and the selection that they go into."""
        demands = Demands(is_root=found[0][0][0].key is None)
        for used, selected in found:
            if selected.served.field.requires is not None:
                demands.required.extend(self._lookups.field_set_needs(selected.served.field.requires))
            demands.keys.update((way.entry.entity, way.key) for way in used if way.key is not None)
            is_blind = self._lookups.hides_types(service, used[0].entry.entity)
            demands.by_interface = self._lookups.is_abstract_in(service, used[0].entry.entity)
            # What a field requires is there for the objects that need the field, not for others that would be asked for it, too.
            is_partly_required = selected.served.field.requires is not None and selected.served.types < position.types
            if is_blind and (is_partly_required or selected.need.origin in position.colliding()):
                demands.only = selected.served.types
        return demands

    def _enter_once(self, service: str, found: list[Found], place: Place | None, position: Position) -> set[Draft]:
        after: set[Draft] = {place.fetch} if place is not None else set()
        ways = dict.fromkeys(way for used, _ in found for way in used)
        for way in ways:
            if way.key_solution is not None:
                after |= self.write(way.key_solution, place, position)
        free: list[Found] = []
        waiting: list[Found] = []
        after_all = set(after)
        for each in found:
            awaited = self._write_requirement(each[1], place, position)
            (free if awaited is None else waiting).append(each)
            after_all |= awaited or set()
        is_told = place is None or place.here.is_known
        earlier = self._earlier(service, position, free, after, after_all) if free and waiting else None
        if earlier is None:
            return self._ask(service, found, position, after_all, is_told=is_told)
        demands = self._demands(service, free, position)
        return self._fill(earlier, free, demands, after, is_told=is_told) | self._ask(
            service, waiting, position, after_all, is_told=is_told
        )

    def _write_requirement(self, selected: Selected, place: Place | None, position: Position) -> set[Draft] | None:
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
        self, service: str, position: Position, free: list[Found], after: set[Draft], after_all: set[Draft]
    ) -> Draft | None:
        """The fetch of the subgraph that others of its fields have to wait for anyway: those that are free can be in it."""
        draft = self._find(service, position, after, self._demands(service, free, position), is_root=False)
        is_awaited = draft is not None and any(before is draft or before.waits_for(draft) for before in after_all)
        return draft if is_awaited else None

    def _ask(
        self, service: str, found: list[Found], position: Position, after: set[Draft], *, is_told: bool
    ) -> set[Draft]:
        """Has the fields brought by a fetch that waits for `after`: one that is there, or a new one."""
        bringing: set[Draft] = set()
        awaited = _awaited(after)
        lacking: list[Found] = []
        for each in found:
            brought = self._brought(each[1], position, awaited)
            if brought is None:
                lacking.append(each)
            else:
                bringing |= brought
        if not lacking:
            return bringing
        first = lacking[0][0][0]
        is_root = first.key is None
        demands = self._demands(service, lacking, position)
        draft = self._find(service, position, after, demands, is_root=is_root)
        if draft is None and is_root:
            draft = self._create_root(service, position, first.arrival, after)
        elif draft is None:
            draft = self._create(service, position, after)
        return bringing | self._fill(draft, lacking, demands, after, is_told=is_told)

    def _fill(
        self, draft: Draft, found: list[Found], demands: Demands, after: set[Draft], *, is_told: bool
    ) -> set[Draft]:
        """Adds fields to a fetch, which comes to wait for `after`."""
        self._delay(draft, after)
        draft.demands.only = demands.only
        draft.demands.by_interface = demands.by_interface
        draft.demands.is_root = demands.is_root
        draft.demands.add(demands)
        bringing: set[Draft] = set()
        for used, selected in found:
            target = draft.root or self._entity_place(draft, used, selected, is_told=is_told)
            if selected.need.name == TYPENAME:
                target.wants_typename = True
                bringing.add(draft)
            else:
                bringing |= self._select(selected, target)
        return bringing

    def _find(
        self, service: str, position: Position, after: set[Draft], demands: Demands, *, is_root: bool
    ) -> Draft | None:
        """A fetch of the subgraph at the position that may wait for `after` without waiting for itself."""
        for draft in self._at.get((service, position, is_root), ()):
            if draft in after or any(other.waits_for(draft) for other in after):
                continue
            if draft.demands.agrees_with(demands):
                return draft
        return None

    def _create(self, service: str, position: Position, after: set[Draft]) -> Draft:
        draft = self._number(Draft(len(self.drafts), service, position), after)
        self._at.setdefault((service, position, False), []).append(draft)
        return draft

    def _create_root(self, service: str, position: Position, arrival: Here, after: set[Draft]) -> Draft:
        draft = self._number(Draft(len(self.drafts), service, position), after)
        draft.root = Place(draft, arrival, position, wants_typename=False)
        self._at.setdefault((service, position, True), []).append(draft)
        return draft

    def _number(self, draft: Draft, after: set[Draft]) -> Draft:
        self._fuel.burn(5)
        draft.depends_on |= after
        draft.ancestors = _awaited(after)
        self.drafts.append(draft)
        return draft

    def _delay(self, draft: Draft, after: set[Draft]) -> None:
        """Lets a fetch wait for more, and whoever waits for it with it."""
        if after <= draft.depends_on:
            return
        self._fuel.burn()
        draft.depends_on |= after
        added = _awaited(after)
        draft.ancestors |= added
        for other in self.drafts:
            if other.waits_for(draft):
                other.ancestors |= added

    def _entity_place(self, draft: Draft, used: tuple[Entered, ...], selected: Selected, *, is_told: bool) -> Place:
        """Where the fields of entities go; declares the entities and what their fields require."""
        required = selected.served.field.requires
        for way in used:
            assert way.key is not None
            entity = draft.entities.get(way.entry.entity)
            if entity is None:
                is_typed = is_told or way.entry.needs_typename
                entity = DraftEntity(way.entry.entity, way.entry.types, way.key, is_typed)
                draft.entities[entity.name] = entity
            entity.types |= way.entry.types
            if required is not None and required not in entity.requirements:
                entity.requirements.append(required)
        first = used[0]
        if self._lookups.is_object_in(draft.service, first.entry.entity):
            if draft.concrete is None:
                draft.concrete = Place(
                    draft, Here(draft.service, ENTITY, frozenset()), draft.position, wants_typename=False
                )
            place = draft.concrete
        else:
            place = draft.general.setdefault(
                first.entry.entity, Place(draft, first.arrival, draft.position, wants_typename=False)
            )
        for way in used:
            if not way.arrival.types <= place.here.types:
                place.here = replace(place.here, types=place.here.types | way.arrival.types)
        return place


def _awaited(after: set[Draft]) -> int:
    """All that whoever waits for `after` waits for: bit n is the draft of number n."""
    awaited = 0
    for draft in after:
        awaited |= draft.ancestors | 1 << draft.number
    return awaited


def _contexts_first(steps: tuple[Step, ...]) -> list[Step]:
    """The steps with what sets contexts before all else: what is further down waits for those that bring it."""
    first: list[Step] = []
    rest: list[Step] = []
    for step in steps:
        match step:
            case SelectHere():
                (first if step.selected.need.is_context else rest).append(step)
            case Enter():
                for part, is_context in ((first, True), (rest, False)):
                    selected = tuple(found for found in step.selected if found[1].need.is_context is is_context)
                    if selected:
                        part.append(Enter(step.service, selected))
    return first + rest
