"""Which subgraphs to enter, so that all open needs of a place are served at the least cost.

Each need has its choices. Entering a subgraph costs once, however many needs use it, so the sets of subgraphs are weighed: all
of them while they are few, else a greedy one and the whole. What a set leaves missing counts before what it costs.

    price: stock or shop, name: shop          {shop} 1 fetch, {stock, shop} 2 fetches: price comes from shop
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from gateway.planning.budget import StepBudget
from gateway.planning.needs import Need
from gateway.planning.search.solution import (
    FREE,
    Choice,
    Cost,
    Decision,
    FetchStep,
    FieldStep,
    Solution,
    Step,
    UnroutedField,
)

MAX_EXHAUSTIVE = 5
"""Subgraphs among which every set is tried: 32 sets."""

UNSERVED = 1000
"""What a leaf counts that a set does not serve at all: more than any that it serves in part."""


def surcharge(decision: Decision, other: Choice) -> int:
    """What all needs of a decision together would cost more, as a score, with another choice for the one that it is about."""
    instead = [other if index == decision.index else choice for index, choice in enumerate(decision.choices)]
    return _weigh_all(decision.opened, instead)[1] - _weigh_all(decision.opened, decision.choices)[1]


def best_choices(opened: list[UnroutedField], budget: StepBudget) -> list[Choice | None]:
    """For each open need the choice that makes the whole cheapest; None where there is none."""
    if all(len(open_.choices) <= 1 for open_ in opened):
        return [next(iter(open_.choices.values()), None) for open_ in opened]
    return min(combinations_of(opened, budget), key=lambda choices: _weigh_all(opened, choices))


def combinations_of(opened: Sequence[UnroutedField], budget: StepBudget) -> Iterator[list[Choice | None]]:
    """Yield a choice for each open need, the cheapest in each set of subgraphs that is tried; None where there is none."""
    targets = dict.fromkeys(service for open_ in opened for service in open_.choices)
    forced = {next(iter(open_.choices)) for open_ in opened if len(open_.choices) == 1}
    free = [open_ for open_ in opened if len(open_.choices) > 1]
    # By name, so that places which could take several sets of one cost take the same one: their fetches go in one request.
    optional = sorted((target for target in targets if target not in forced), key=lambda target: target or "")
    ranked = [sorted(open_.choices.items(), key=_rank) for open_ in opened]
    tried: set[tuple[Choice | None, ...]] = set()
    for allowed in _target_sets(forced, optional, free):
        budget.spend()
        choices = [next((choice for service, choice in ranks if service in allowed), None) for ranks in ranked]
        if (combination := tuple(choices)) not in tried:
            tried.add(combination)
            yield choices


def _rank(choice: tuple[str | None, Choice]) -> tuple[int, int]:
    return choice[1].missing_weight, choice[1].own.score


def _target_sets(
    forced: set[str | None], optional: list[str | None], free: list[UnroutedField]
) -> Iterable[frozenset[str | None]]:
    if len(optional) <= MAX_EXHAUSTIVE:
        for size in range(len(optional) + 1):
            for chosen in combinations(optional, size):
                yield frozenset({*forced, *chosen})
        return
    allowed = set(forced)
    uncovered = [open_ for open_ in free if not allowed & open_.choices.keys()]
    while uncovered:
        served = {target: [open_ for open_ in uncovered if target in open_.choices] for target in optional}
        # The first of those that serve most, so that the order of subgraphs decides, not that of a set.
        allowed.add(max(optional, key=lambda target: len(served[target])))
        uncovered = [open_ for open_ in uncovered if not allowed & open_.choices.keys()]
    yield frozenset(allowed)
    yield frozenset({*forced, *optional})


def _weigh_all(opened: Sequence[UnroutedField], choices: Sequence[Choice | None]) -> tuple[int, int]:
    missing = 0
    fetches = depth = fields = 0
    entries: dict[str, int] = {}
    for open_, choice in zip(opened, choices, strict=True):
        if choice is None:
            # What nobody serves weighs the same in every set.
            missing += open_.need.weight * UNSERVED if open_.choices else 0
            continue
        missing += choice.missing_weight
        own = choice.own
        fetches += own.fetches
        depth = max(depth, own.depth)
        fields += own.fields
        if choice.service is not None:
            entries[choice.service] = max(entries.get(choice.service, 0), choice.entry.score)
    return missing, sum(entries.values()) + Cost(fetches, depth, fields).score


def as_solution(steps: Iterable[Step], chosen: Iterable[Choice], missing: Iterable[Need]) -> Solution:
    """The steps, and those of all choices, those into one subgraph together."""
    steps = list(steps)
    by_service: dict[str, list[Choice]] = {}
    cost = FREE
    for choice in chosen:
        if choice.service is None:
            steps.append(FieldStep(choice.selected[0].selected))
            cost = cost.beside(choice.own)
        else:
            by_service.setdefault(choice.service, []).append(choice)
    for service, choices in by_service.items():
        own = FREE
        entry = FREE
        for choice in choices:
            own = own.beside(choice.own)
            entry = entry.or_dearer(choice.entry)
        steps.append(FetchStep(service, tuple(found for choice in choices for found in choice.selected)))
        cost = cost.beside(own.after(entry))
    return Solution(tuple(steps), cost, tuple(missing))
