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

Circles: a key or a requirement that needs itself, at the same entity, is blocked while it is being worked out.
"""

from collections.abc import Sequence
from dataclasses import replace

from gateway.planning.cover import Choice, Open, best_choices
from gateway.planning.fuel import Fuel
from gateway.planning.lookups import ENTITY, Entry, Here, Lookups, Served
from gateway.planning.needs import NEEDS_TYPENAME, TYPENAME, Need, colliding
from gateway.planning.solution import (
    FREE,
    ONE_FETCH,
    Cost,
    Decision,
    Enter,
    Entered,
    Found,
    Route,
    Selected,
    SelectHere,
    Solution,
    Step,
)
from gateway.supergraph.field_sets import FieldSet
from gateway.supergraph.model import SubgraphField

_TYPENAME_FIELD = SubgraphField(TYPENAME, "String", "!")

Blocked = frozenset[tuple[str, str, FieldSet]]


class Search:
    """The search for one plan."""

    def __init__(self, lookups: Lookups, fuel: Fuel) -> None:
        self._lookups = lookups
        self._fuel = fuel
        self._solved: dict[tuple[tuple[Need, ...], Here, Blocked], Solution] = {}
        self._keys: dict[tuple[Here, str, Entry, Blocked], Entered | None] = {}

    def solve(self, needs: tuple[Need, ...], here: Here, blocked: Blocked = frozenset()) -> Solution:
        """The cheapest way found to serve `needs` at `here`, leaving as little missing as possible."""
        question = (needs, here, blocked)
        solution = self._solved.get(question)
        if solution is None:
            solution = self._solved[question] = self._solve(needs, here, blocked)
        return solution

    def solve_once(self, need: Need, here: Here) -> Solution:
        """Like `solve`, but the field itself is asked of one subgraph only: a mutation must run once."""
        open_ = Open(need, here.types, frozenset(), {})
        self._find_choices(open_, here, frozenset())
        if not open_.choices:
            return Solution((), FREE, (need,), (_decision(open_, None),))
        choice = min(open_.choices.values(), key=Choice.weight)
        return replace(self._as_solution([], [choice], list(choice.missing)), decisions=(_decision(open_, choice),))

    def _solve(self, needs: tuple[Need, ...], here: Here, blocked: Blocked) -> Solution:
        self._fuel.burn()
        steps: list[Step] = []
        costs: list[Cost] = []
        opened: list[Open] = []
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
                served, rest = self._lookups.served(here, need.name, types, with_requirements=False)
                for part in served:
                    choice = self._select(need, part, here, blocked)
                    if choice.missing or choice.own.fetches:
                        open_ = Open(need, part.types, frozenset(), {None: choice})
                        self._find_choices(open_, here, blocked)
                        opened.append(open_)
                    else:
                        steps.append(SelectHere(choice.selected[0][1]))
                        costs.append(choice.own)
            for part_of_rest in self._lookups.parts(here, rest, need.name):
                open_ = Open(need, part_of_rest, frozenset(), {}, must_know=need in apart)
                self._find_choices(open_, here, blocked)
                opened.append(open_)
        chosen, missing, decisions = self._cover(opened, here, blocked)
        solution = self._as_solution(steps, chosen, missing)
        own = Cost(0, 0, sum(cost.fields for cost in costs))
        return replace(solution, cost=solution.cost.beside(own), decisions=tuple(decisions))

    def _with_typename(self, needs: tuple[Need, ...], here: Here) -> Sequence[Need]:
        """The needs, and the type's name if some of them hold for some types only, and nobody here can tell those."""
        if here.is_known or all(need.types is None and need.name != TYPENAME for need in needs):
            return needs
        return (*(need for need in needs if need.name != TYPENAME), NEEDS_TYPENAME)

    def _select(self, need: Need, served: Served, here: Here, blocked: Blocked) -> Choice:
        """The choice to have a field where it is served here."""
        below = self.solve(need.children, served.below, blocked) if served.below is not None else None
        cost = Cost(0, 0, 1).beside(below.cost) if below else Cost(0, 0, 1)
        missing = (_remaining(need, served.types, here, below.missing),) if below and below.missing else ()
        selected = Selected(need, served, None, below)
        return Choice(None, (((), selected),), cost, FREE, missing, _extent(missing, here))

    def _find_choices(self, open_: Open, here: Here, blocked: Blocked) -> None:
        """Adds to an open need each other subgraph that can serve it, wholly or in part."""
        need = open_.need
        is_served_here = None in open_.choices or None in open_.used
        for service, entries in self._lookups.entries(here, open_.types, need.name, must_know=open_.must_know).items():
            if service in open_.used or (is_served_here and service == here.service):
                continue
            self._fuel.burn()
            choice = self._choice(open_, service, entries, here, blocked)
            if choice is not None:
                open_.choices[service] = choice
            else:
                open_.closed.append(service)

    def _choice(
        self, open_: Open, service: str, entries: tuple[Entry, ...], here: Here, blocked: Blocked
    ) -> Choice | None:
        """How the subgraph serves an open need when it is entered, or None if it cannot be."""
        need, types = open_.need, open_.types
        selected: list[Found] = []
        own = FREE
        entry_cost = ONE_FETCH
        missing: list[Need] = []
        unserved = types
        for ways, arrival in self._arrivals(service, entries, here, blocked):
            for part in self._parts(need, types & arrival.types, arrival):
                used = tuple(way for way in ways if way.entry.types & part.types)
                requirement = self._require(part, here, service, used[0].entry.entity, blocked)
                if part.field.requires is not None and requirement is None:
                    continue
                below = self.solve(need.children, part.below, blocked) if part.below is not None else None
                cost = Cost(0, 0, 1).beside(below.cost) if below else Cost(0, 0, 1)
                if used[0].key is not None:
                    # A field that comes later has to be merged: dearer than the same field in an earlier answer.
                    cost = Cost(cost.fetches, cost.depth, cost.fields * 2)
                own = own.beside(cost.after(requirement.cost) if requirement else cost)
                selected.append((used, Selected(need, part, requirement, below)))
                if below and below.missing:
                    missing.append(_remaining(need, part.types, here, below.missing))
                unserved -= part.types
                for way in used:
                    entry_cost = max(entry_cost, way.cost(), key=lambda cost: cost.score)
        if not selected:
            return None
        unserved &= self._lookups.visible if types & self._lookups.visible else unserved
        if unserved:
            missing.append(need.narrowed(unserved, need.children))
        return Choice(service, tuple(selected), own, entry_cost, tuple(missing), _extent(missing, here))

    def _arrivals(
        self, service: str, entries: tuple[Entry, ...], here: Here, blocked: Blocked
    ) -> list[tuple[tuple[Entered, ...], Here]]:
        """The entries whose keys can be had, and where they arrive: object types together, each interface alone."""
        arrivals: list[tuple[tuple[Entered, ...], Here]] = []
        concrete: list[Entered] = []
        for entry in entries:
            way = self._enter(here, service, entry, blocked)
            if way is None:
                continue
            if self._lookups.is_object_in(service, entry.entity) and way.arrival.is_known:
                concrete.append(way)
            else:
                arrivals.append(((way,), way.arrival))
        if concrete:
            first = concrete[0].arrival
            types = frozenset().union(*(way.arrival.types for way in concrete))
            together = first if len(concrete) == 1 else Here(service, ENTITY, types)
            arrivals.append((tuple(concrete), together))
        return arrivals

    def _parts(self, need: Need, types: frozenset[str], arrival: Here) -> tuple[Served, ...]:
        """The need as the place after an entry serves it."""
        if need.name == TYPENAME:
            return (Served(types, _TYPENAME_FIELD, None),)
        return self._lookups.served(arrival, need.name, types, with_requirements=True)[0]

    def _enter(self, here: Here, service: str, entry: Entry, blocked: Blocked) -> Entered | None:
        """The cheapest key for an entry, or None if none can be had here."""
        question = (here, service, entry, blocked)
        if question in self._keys:
            return self._keys[question]
        arrival = self._lookups.arrival(here, service, entry)
        best: Entered | None = None
        if entry.entity in self._lookups.roots:
            best = Entered(entry, None, None, arrival)
        else:
            left = replace(here, types=entry.types & here.types)
            for key in self._lookups.keys(service, entry.entity):
                guard = (service, entry.entity, key.fields)
                if guard in blocked:
                    continue
                needs = self._lookups.key_needs(key.fields, needs_typename=entry.needs_typename)
                solution = self.solve(needs, left, blocked | {guard})
                if solution.missing:
                    continue
                if best is None or best.key_solution is None or solution.cost.score < best.key_solution.cost.score:
                    best = Entered(entry, key.fields, solution, arrival)
        self._keys[question] = best
        return best

    def _require(self, part: Served, here: Here, service: str, entity: str, blocked: Blocked) -> Solution | None:
        """How the requirement of a field is served at the place that is left; None if it has none, or cannot be."""
        required = part.field.requires
        if required is None:
            return None
        guard = (service, entity, required)
        if guard in blocked:
            return None
        left = replace(here, types=part.types & here.types)
        solution = self.solve(self._lookups.field_set_needs(required), left, blocked | {guard})
        return None if solution.missing else solution

    def _cover(
        self, opened: list[Open], here: Here, blocked: Blocked
    ) -> tuple[list[Choice], list[Need], list[Decision]]:
        """A choice for each open need, further ones for what those leave missing, and what nobody serves."""
        chosen: list[Choice] = []
        missing: list[Need] = []
        decisions: list[Decision] = []
        while opened:
            remainders: list[Open] = []
            for open_, choice in zip(opened, best_choices(opened, self._fuel), strict=True):
                decisions.append(_decision(open_, choice))
                if choice is None:
                    missing.append(_remaining(open_.need, open_.types, here, open_.need.children))
                    continue
                chosen.append(choice)
                used = open_.used | {choice.service}
                missing.extend(rest for rest in choice.missing if _is_torn(rest))
                whole = (rest for rest in choice.missing if not _is_torn(rest))
                remainders.extend(
                    self._remainder(rest, used, here, blocked, must_know=open_.must_know) for rest in whole
                )
            opened = remainders
        return chosen, missing, decisions

    def _remainder(
        self, rest: Need, used: frozenset[str | None], here: Here, blocked: Blocked, *, must_know: bool
    ) -> Open:
        types = here.types if rest.types is None else rest.types
        open_ = Open(rest, types, used, {}, must_know)
        if None not in used and here.service is not None and rest.name != TYPENAME and not must_know:
            served, _ = self._lookups.served(here, rest.name, types, with_requirements=False)
            if len(served) == 1 and served[0].types == types:
                open_.choices[None] = self._select(rest, served[0], here, blocked)
        self._find_choices(open_, here, blocked)
        # A choice that serves nothing of the remainder would only be tried forever.
        open_.choices = {
            service: choice
            for service, choice in open_.choices.items()
            if choice.missing_weight < _extent((rest,), here)
        }
        return open_

    def _as_solution(self, steps: list[Step], chosen: list[Choice], missing: list[Need]) -> Solution:
        """The steps of all choices, those into one subgraph together."""
        by_service: dict[str, list[Choice]] = {}
        cost = FREE
        for choice in chosen:
            if choice.service is None:
                steps.append(SelectHere(choice.selected[0][1]))
                cost = cost.beside(choice.own)
            else:
                by_service.setdefault(choice.service, []).append(choice)
        for service, choices in by_service.items():
            own = FREE
            entry = FREE
            for choice in choices:
                own = own.beside(choice.own)
                entry = max(entry, choice.entry, key=lambda cost: cost.score)
            steps.append(Enter(service, tuple(found for choice in choices for found in choice.selected)))
            cost = cost.beside(own.after(entry))
        return Solution(tuple(steps), cost, tuple(missing))


def _remaining(need: Need, types: frozenset[str], here: Here, children: tuple[Need, ...]) -> Need:
    """The part of a need that concerns `types` and `children`, still said of every object if it concerns all."""
    if need.types is None and types == here.types:
        return need if children is need.children else need.narrowed(None, children)
    return need.narrowed(types, children)


def _extent(needs: Sequence[Need], here: Here) -> int:
    """How much the needs stand for: leaves, for each type that they concern."""
    return sum(need.weight * len(here.types if need.types is None else need.types) for need in needs)


def _is_torn(need: Need) -> bool:
    """Whether the rest of a need concerns some concrete types of an abstract field only.

    One subgraph must answer an abstract field for all its types: which type an object has is the answering subgraph's word, and
    another subgraph's object of the rest need not be the same one.
    """
    is_part = need.children != need.origin.children
    if is_part and need.returns_abstract and any(child.types is not None for child in need.children):
        return True
    return any(_is_torn(child) for child in need.children)


def _decision(open_: Open, choice: Choice | None) -> Decision:
    rejected = [other.route() for other in open_.choices.values() if other is not choice]
    rejected += [Route(service, None, open_.need.weight) for service in open_.closed]
    return Decision(open_.need, choice.route() if choice else None, tuple(rejected))
