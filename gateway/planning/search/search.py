"""The search: for what is needed at a place, the cheapest way to serve it.

`solve` answers one question, "these needs, here", with a Solution, and remembers it. Here serves what it serves; each field below
is a question of the same kind. What is not served here, or not completely, may be had in another subgraph: entering it takes a key
(a question again: the key's fields, here), and a requirement likewise. Which subgraphs to enter is a cover of the needs by
subgraphs, weighed by cost; all small sets are tried, beyond that the choice is greedy.

What a subgraph cannot answer below a field is not lost: it comes up as *missing*, and whoever stands above tries to serve the rest
through another subgraph's version of the same field (shareable value types). Only what is missing at the root is an error.

    { top { name stock } }      top: P    name: P    stock: I, key upc    upc: P
    solve([top], start)         = enter P: top, then solve([name, stock], P)
    solve([name, stock], P)     = here: name;  enter I with key upc: stock
    solve([upc], P)             = here: upc                                     one fetch after another: cost 2 fetches, depth 2

Keys are found in rounds, as a wave goes out from the place: first the entries whose keys can be had here, then those whose keys can be had
through these, until nothing is added. So a chain of twenty subgraphs takes twenty rounds, and no key waits for itself. A requirement
that needs itself, at the same entity, is blocked while it is being worked out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gateway.operation.model import TYPENAME
from gateway.planning.budget import StepBudget
from gateway.planning.needs import NEEDS_TYPENAME, Need, colliding
from gateway.planning.search.cover import as_solution, best_choices
from gateway.planning.search.federated_schema import FederatedSchema
from gateway.planning.search.location import ENTITY, EntityEntry, Location, ResolvableField
from gateway.planning.search.search_scope import EVERYTHING, HERE_ALONE, EntryName, OpenEntries, SearchScope
from gateway.planning.search.solution import (
    FREE,
    ONE_FETCH,
    ONE_FIELD,
    Choice,
    Cost,
    Decision,
    FieldStep,
    KeyJump,
    RoutedField,
    Selected,
    Solution,
    Step,
    UnreachableOption,
    UnroutedField,
)
from gateway.supergraph.model import SubgraphField

_TYPENAME_FIELD = SubgraphField(TYPENAME, "String", "!")


@dataclass(slots=True, eq=False)
class _Wave:
    """The entries from a place, as far as they have been found.

    Attributes:
        closed: those whose keys could not be had yet.
        is_running: a round is under way; whoever asks meanwhile gets what there is.
    """

    closed: list[tuple[str, EntityEntry]]
    ways: dict[EntryName, KeyJump] = field(default_factory=dict)
    is_running: bool = False


@dataclass(slots=True, eq=False)
class _Covered:
    """How open needs are covered: choices, what nobody serves, and what was weighed."""

    chosen: list[Choice] = field(default_factory=list)
    missing: list[Need] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def weight(self, here: Location) -> tuple[int, int, int]:
        """Less is better: first what is missing, then fetches, then how many of them wait for each other."""
        cost = as_solution([], self.chosen, []).cost
        return _extent(self.missing, here), cost.fetches, cost.depth


class Search:
    """The search for one plan.

    Args:
        root_type: the operation's; a mutation's is entered again where a field returns it, a query's always.
        divides: Whether a shared field may be asked of two subgraphs at once, each for a part, to spare a key jump below it.

    Attributes:
        can_divide: Whether there is a field that might be.
        can_choose: Whether there is a field that several subgraphs serve.
    """

    def __init__(self, schema: FederatedSchema, budget: StepBudget, root_type: str, *, divides: bool = False) -> None:
        self.can_divide = False
        self.can_choose = False
        self._divides = divides
        self._schema = schema
        self._budget = budget
        self._entered_again = schema.entered_again(root_type)
        self._solved: dict[tuple[tuple[Need, ...], Location, SearchScope], Solution] = {}
        self._entered: dict[tuple[Location, str, EntityEntry, SearchScope], KeyJump | None] = {}
        self._waves: dict[tuple[Location, SearchScope], _Wave] = {}
        self._unfinished = 0

    def solve(self, needs: tuple[Need, ...], here: Location, terms: SearchScope = EVERYTHING) -> Solution:
        """The cheapest way found to serve `needs` at `here`, leaving as little missing as possible."""
        question = (needs, here, terms)
        solution = self._solved.get(question)
        if solution is None:
            unfinished = self._unfinished
            solution = self._solve(needs, here, terms)
            if self._unfinished == unfinished:
                self._solved[question] = solution
        return solution

    def solve_once(self, need: Need, here: Location) -> Solution:
        """Like `solve`, but the field itself is asked of one subgraph only: a mutation must run once."""
        open_ = UnroutedField(need, here.types, frozenset(), {})
        self._find_choices(open_, here, EVERYTHING)
        if not open_.choices:
            return Solution((), FREE, (need,), (Decision([open_], [None], 0),))
        choice = min(open_.choices.values(), key=Choice.weight)
        return replace(as_solution([], [choice], list(choice.missing)), decisions=(Decision([open_], [choice], 0),))

    def _solve(self, needs: tuple[Need, ...], here: Location, terms: SearchScope) -> Solution:
        self._budget.spend()
        steps: list[Step] = []
        costs: list[Cost] = []
        opened: list[UnroutedField] = []
        # Where the type is not known, what is asked is asked of every object: equal names must mean equal fields.
        apart = frozenset() if here.is_known else colliding(needs)
        for need in self._with_typename(needs, here):
            types = here.types if need.types is None else here.types & need.types
            if not types:
                continue
            if need.name == TYPENAME and here.is_known:
                continue
            rest = types
            if here.service is not None and need not in apart:
                served, rest = self._schema.served(here, need.name, types, with_requirements=False)
                for part in served:
                    choice = self._select(need, part, here, terms)
                    if terms.stays and choice.missing and _is_list(part):
                        opened.append(UnroutedField(need, part.types, frozenset({None}), {}))
                    elif choice.missing or choice.own.fetches:
                        open_ = UnroutedField(need, part.types, frozenset(), {None: choice})
                        self._find_choices(open_, here, terms)
                        opened.append(open_)
                    else:
                        steps.append(FieldStep(choice.selected[0].selected))
                        costs.append(choice.own)
            for part_of_rest in self._schema.parts(here, rest, need.name):
                open_ = UnroutedField(need, part_of_rest, frozenset(), {}, must_know=need in apart)
                self._find_choices(open_, here, terms)
                opened.append(open_)
        covered = self._cover(opened, here, terms)
        solution = as_solution(steps, covered.chosen, _torn_marked(covered.missing, here))
        own = Cost(0, 0, sum(cost.fields for cost in costs))
        return replace(solution, cost=solution.cost.beside(own), decisions=tuple(covered.decisions))

    def _with_typename(self, needs: tuple[Need, ...], here: Location) -> Sequence[Need]:
        """The needs, and the type's name if some of them hold for some types only, and nobody here can tell those."""
        if here.is_known or all(need.types is None and need.name != TYPENAME for need in needs):
            return needs
        return (*(need for need in needs if need.name != TYPENAME), NEEDS_TYPENAME)

    def _select(self, need: Need, served: ResolvableField, here: Location, terms: SearchScope) -> Choice:
        """The choice to have a field where it is served here."""
        below = self._solve_below(need, served, terms.below())
        cost = ONE_FIELD.beside(below.cost) if below else ONE_FIELD
        missing = (_remaining(need, served.types, here, below.missing),) if below and below.missing else ()
        selected = Selected(need, served, None, below)
        return Choice(None, (RoutedField((), selected),), cost, FREE, missing, _extent(missing, here))

    def _solve_below(self, need: Need, served: ResolvableField, terms: SearchScope) -> Solution | None:
        """What is needed of the objects that a field returns; None for a leaf. Nothing is missing of objects that cannot be there."""
        if served.below is None:
            return None
        below = self.solve(need.children, served.below, terms)
        return replace(below, missing=()) if below.missing and self._schema.is_empty(served.below) else below

    def _find_choices(self, open_: UnroutedField, here: Location, terms: SearchScope) -> None:
        """Adds to an open need each other subgraph that can serve it, wholly or in part."""
        if terms.stays:
            return
        need = open_.need
        is_served_here = None in open_.choices or None in open_.used
        for service, entries in self._schema.entries(here, open_.types, need.name, must_know=open_.must_know).items():
            if service in open_.used or (is_served_here and service == here.service):
                continue
            self._budget.spend()
            choice = self._choice(open_, service, entries, here, terms, terms.below())
            if choice is not None:
                open_.choices[service] = choice
            else:
                has_key = any(self._entered.get((here, service, entry, terms)) is not None for entry in entries)
                open_.closed.append(UnreachableOption(service, entries, has_key))

    def _choice(  # noqa: PLR0917 - all of a question, and how it goes on below
        self,
        open_: UnroutedField,
        service: str,
        entries: tuple[EntityEntry, ...],
        here: Location,
        terms: SearchScope,
        below_it: SearchScope,
    ) -> Choice | None:
        """How the subgraph serves an open need when it is entered, or None if it cannot be."""
        need, types = open_.need, open_.types
        selected: list[RoutedField] = []
        own = FREE
        entry_cost = ONE_FETCH
        missing: list[Need] = []
        unserved = types
        for ways, arrival in self._arrivals(service, entries, here, terms):
            for part in self._parts(need, types & arrival.types, arrival):
                used = tuple(way for way in ways if way.entry.types & part.types)
                if part.field.hidden_arguments and not _has_contexts(need, part.field, used[0]):
                    continue
                requirement = self._require(part, here, service, used[0].entry.entity, terms)
                if part.field.requires is not None and requirement is None:
                    continue
                below = self._solve_below(need, part, below_it)
                cost = ONE_FIELD.beside(below.cost) if below else ONE_FIELD
                if used[0].key is not None:
                    # A field that comes later has to be merged: dearer than the same field in an earlier answer.
                    cost = Cost(cost.fetches, cost.depth, cost.fields * 2)
                own = own.beside(cost.after(requirement.cost) if requirement else cost)
                selected.append(RoutedField(used, Selected(need, part, requirement, below)))
                if below and below.missing:
                    missing.append(_remaining(need, part.types, here, below.missing))
                unserved -= part.types
                for way in used:
                    entry_cost = entry_cost.or_dearer(way.cost())
        if not selected:
            return None
        unserved &= self._schema.visible if types & self._schema.visible else unserved
        if unserved:
            missing.append(need.narrowed(unserved, need.children))
        return Choice(service, tuple(selected), own, entry_cost, tuple(missing), _extent(missing, here))

    def _arrivals(
        self, service: str, entries: tuple[EntityEntry, ...], here: Location, terms: SearchScope
    ) -> list[tuple[tuple[KeyJump, ...], Location]]:
        """The entries whose keys can be had, and where they arrive: entities together, each interface and root type alone."""
        arrivals: list[tuple[tuple[KeyJump, ...], Location]] = []
        concrete: list[KeyJump] = []
        for entry in entries:
            way = self._enter(here, service, entry, terms)
            if way is None:
                continue
            if way.key is not None and self._schema.is_object_in(service, entry.entity) and way.arrival.is_known:
                concrete.append(way)
            else:
                arrivals.append(((way,), way.arrival))
        if len(concrete) == 1:
            arrivals.append((tuple(concrete), concrete[0].arrival))
        elif concrete:
            types = frozenset().union(*(way.arrival.types for way in concrete))
            arrivals.append((tuple(concrete), Location(service, ENTITY, types)))
        return arrivals

    def _parts(self, need: Need, types: frozenset[str], arrival: Location) -> tuple[ResolvableField, ...]:
        """The need as the place after an entry serves it."""
        if need.name == TYPENAME:
            return (ResolvableField(types, _TYPENAME_FIELD, None),)
        return self._schema.served(arrival, need.name, types, with_requirements=True)[0]

    def _enter(self, here: Location, service: str, entry: EntityEntry, terms: SearchScope) -> KeyJump | None:
        """The entry with its key, or None if no key can be had here."""
        question = (here, service, entry, terms)
        if question in self._entered:
            return self._entered[question]
        arrival = self._schema.arrival(here, service, entry)
        if entry.entity in self._schema.roots:
            is_open = here.service is None or entry.entity in self._entered_again
            entered: KeyJump | None = KeyJump(entry, None, None, arrival) if is_open else None
        else:
            unfinished = self._unfinished
            name = (service, entry.entity, entry.needs_typename)
            left = here.of(entry.types)
            way = terms.via.ways.get(name) if terms.via is not None else self._way(left, name, terms)
            entered = KeyJump(entry, way.key, way.key_solution, arrival) if way is not None else None
            if self._unfinished != unfinished:
                return entered
        self._entered[question] = entered
        return entered

    def _way(self, left: Location, name: EntryName, terms: SearchScope) -> KeyJump | None:
        """The entry of a name from a place, or None; lets the wave go out until it is reached."""
        wave = self._waves.get((left, terms))
        if wave is None:
            wave = self._waves[left, terms] = _Wave(self._schema.all_entries(left))
        while name not in wave.ways and wave.closed:
            if wave.is_running:
                self._unfinished += 1
                break
            wave.is_running = True
            unfinished = self._unfinished
            opened = self._round(wave, left, terms)
            wave.is_running = False
            wave.ways.update(opened)
            wave.closed = [(service, entry) for service, entry in wave.closed if _name(service, entry) not in opened]
            if not opened:
                if self._unfinished == unfinished:
                    wave.closed = []
                break
        return wave.ways.get(name)

    def _round(self, wave: _Wave, left: Location, terms: SearchScope) -> dict[EntryName, KeyJump]:
        """The entries whose keys can be had here, or through those that are open already; each with its cheapest key."""
        under = SearchScope(terms.blocked, OpenEntries(dict(wave.ways)))
        opened: dict[EntryName, KeyJump] = {}
        for service, entry in wave.closed:
            place = left.of(entry.types)
            best: Solution | None = None
            for key in self._schema.keys(service, entry.entity):
                needs = self._schema.key_needs(key.fields, needs_typename=entry.needs_typename)
                solution = self.solve(needs, place, under)
                if not solution.missing and (best is None or solution.cost.score < best.cost.score):
                    best = solution
                    arrival = self._schema.arrival(left, service, entry)
                    opened[_name(service, entry)] = KeyJump(entry, key.fields, solution, arrival)
        return opened

    def _require(
        self, part: ResolvableField, here: Location, service: str, entity: str, terms: SearchScope
    ) -> Solution | None:
        """How the requirement of a field is served at the place that is left; None if it has none, or cannot be."""
        required = part.field.requires
        if required is None:
            return None
        guard = (service, entity, required)
        if guard in terms.blocked:
            return None
        left = here.of(part.types)
        solution = self.solve(
            self._schema.field_set_needs(required), left, SearchScope(terms.blocked | {guard}, terms.via)
        )
        return None if solution.missing else solution

    def _cover(self, opened: list[UnroutedField], here: Location, terms: SearchScope) -> _Covered:
        """A choice for each open need, further ones for what those leave missing, and what nobody serves."""
        if not opened:
            return _Covered()
        self.can_choose = self.can_choose or any(len(open_.choices) > 1 for open_ in opened)
        choices = best_choices(opened, self._budget)
        covered = self._with_remainders(opened, choices, here, terms)
        if terms.stays:
            return covered
        if not self._divides:
            self.can_divide = self.can_divide or any(map(_is_divisible, opened, choices))
            return covered
        index = 0
        while index < len(opened):
            best = covered.weight(here)
            before = opened
            for divided in self._divisions(opened[index], choices[index], here, terms):
                instead = [*before[:index], *divided, *before[index + 1 :]]
                chosen = best_choices(instead, self._budget)
                other = self._with_remainders(instead, chosen, here, terms)
                weight = other.weight(here)
                # One that is as good may be divided further, and be better then.
                if weight < best or (weight == best and opened is before):
                    best, opened, choices, covered = weight, instead, chosen, other
            index += 1
        return covered

    def _with_remainders(
        self, opened: list[UnroutedField], choices: Sequence[Choice | None], here: Location, terms: SearchScope
    ) -> _Covered:
        """The choices for open needs, with further ones for what they leave missing."""
        covered = _Covered()
        while opened:
            remainders: list[UnroutedField] = []
            covered.decisions += [Decision(opened, choices, index) for index in range(len(opened))]
            for open_, choice in zip(opened, choices, strict=True):
                if choice is None:
                    covered.missing.append(_remaining(open_.need, open_.types, here, open_.need.children))
                    continue
                covered.chosen.append(choice)
                used = open_.used | {choice.service}
                for rest in choice.missing:
                    if rest.runs_once or _is_torn(rest):
                        covered.missing.append(rest)
                    else:
                        remainders.append(self._remainder(rest, used, here, terms, must_know=open_.must_know))
            opened = remainders
            choices = best_choices(opened, self._budget) if opened else ()
        return covered

    def _divisions(
        self, open_: UnroutedField, choice: Choice | None, here: Location, terms: SearchScope
    ) -> Iterator[list[UnroutedField]]:
        """Yield the ways to ask a shared field of one subgraph for what that has by itself, and of others for the rest.

        A subgraph that has a part of the object is entered from here, beside the other, rather than from that object, after it.
        """
        need = open_.need
        for service in open_.choices if _is_divisible(open_, choice) else ():
            part = self._own_part(open_, service, here, terms)
            if part is None or not part.missing or any(rest.runs_once or _is_torn(rest) for rest in part.missing):
                continue
            used = open_.used | {service}
            rests = [self._remainder(rest, used, here, terms, must_know=False) for rest in part.missing]
            for rest in rests:
                rest.choices = {name: other for name, other in rest.choices.items() if not _leaves_out(other.selected)}
            if all(rest.choices for rest in rests):
                own = UnroutedField(
                    need, open_.types, open_.used, {service: replace(part, missing=(), missing_weight=0)}
                )
                yield [own, *rests]

    def _own_part(self, open_: UnroutedField, service: str | None, here: Location, terms: SearchScope) -> Choice | None:
        """What a subgraph has of a need by itself; None if that is nothing, or the items of a list, which only keys can tell apart."""
        if service is None:
            served, _ = self._schema.served(here, open_.need.name, open_.types, with_requirements=False)
            is_whole = len(served) == 1 and served[0].types == open_.types
            choice = self._select(open_.need, served[0], here, HERE_ALONE) if is_whole else None
        else:
            entries = self._schema.entries(here, open_.types, open_.need.name)[service]
            choice = self._choice(open_, service, entries, here, terms, HERE_ALONE)
        if choice is None or _leaves_out(choice.selected) or any(_is_list(each.served) for _, each in choice.selected):
            return None
        return (
            choice
            if choice.missing_weight < _extent((open_.need.narrowed(open_.types, open_.need.children),), here)
            else None
        )

    def _remainder(
        self, rest: Need, used: frozenset[str | None], here: Location, terms: SearchScope, *, must_know: bool
    ) -> UnroutedField:
        types = here.types if rest.types is None else rest.types
        open_ = UnroutedField(rest, types, used, {}, must_know)
        if None not in used and here.service is not None and rest.name != TYPENAME and not must_know:
            served, _ = self._schema.served(here, rest.name, types, with_requirements=False)
            if len(served) == 1 and served[0].types == types:
                open_.choices[None] = self._select(rest, served[0], here, terms)
        self._find_choices(open_, here, terms)
        # A choice that serves nothing of the remainder would only be tried forever.
        open_.choices = {
            service: choice
            for service, choice in open_.choices.items()
            if choice.missing_weight < _extent((rest,), here)
        }
        return open_


def _has_contexts(need: Need, field: SubgraphField, way: KeyJump) -> bool:
    """Whether the field is asked of entities, under objects that set the contexts of its arguments."""
    return way.key is not None and all(need.sources(argument) for argument in field.hidden_arguments)


def _name(service: str, entry: EntityEntry) -> EntryName:
    return service, entry.entity, entry.needs_typename


def _is_divisible(open_: UnroutedField, choice: Choice | None) -> bool:
    """Whether a field that several subgraphs have takes fetches below it, which may be spared."""
    if choice is None or not choice.own.fetches or len(open_.choices) == 1:
        return False
    return bool(open_.need.children) and not open_.need.runs_once and not open_.must_know


def _leaves_out(found: Iterable[RoutedField]) -> bool:
    """Whether nothing is asked of some object, because the subgraph knows none of the types that the needs are for.

    Then there are no objects of these types, but only if the object comes from this subgraph and not from another, which knows them.
    """
    for _, selected in found:
        if selected.below is None:
            continue
        if not selected.below.steps:
            return True
        for step in selected.below.steps:
            if _leaves_out([RoutedField((), step.selected)] if isinstance(step, FieldStep) else step.selected):
                return True
    return False


def _is_list(served: ResolvableField) -> bool:
    return "[" in served.field.wrappers


def _remaining(need: Need, types: frozenset[str], here: Location, children: tuple[Need, ...]) -> Need:
    """The part of a need that concerns `types` and `children`, still said of every object if it concerns all."""
    if need.types is None and types == here.types:
        return need if children is need.children else need.narrowed(None, children)
    return need.narrowed(types, children)


def _extent(needs: Sequence[Need], here: Location) -> int:
    """How much the needs stand for: leaves, for each type that they concern."""
    return sum(need.weight * len(here.types if need.types is None else need.types) for need in needs)


def _torn_marked(missing: Sequence[Need], here: Location) -> list[Need]:
    """The needs that are missing; marked are those that the place serves for other types of its objects."""
    if len(here.types) == 1:
        return list(missing)
    lacking: dict[Need, frozenset[str]] = {}
    for need in missing:
        lacking[need.origin] = lacking.get(need.origin, frozenset()) | (need.types or here.types)
    return [
        need if lacking[need.origin] >= here.types & (need.origin.types or here.types) else replace(need, is_torn=True)
        for need in missing
    ]


def _is_torn(need: Need) -> bool:
    """Whether something below a field is served for some concrete types of an abstract field only.

    One subgraph must answer a field of an interface for all its types: which type an object has is the answering subgraph's word.
    """
    return need.is_torn or any(_is_torn(child) for child in need.children)
