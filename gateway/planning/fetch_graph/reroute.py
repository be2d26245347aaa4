"""The second choice of subgraphs: each place prefers those that the plan asks anyway at the level of its own fetch.

The search weighs a place by itself, so that it can remember the answer: each entry counts as a request. But batching joins the
fetches of one subgraph at one level, so a fetch that joins others costs nothing. What the places have in common is known only when
the plan is made. So the solution is walked once more, from the root, and each place chooses again among the same choices:

    level 2: stock, by the key of `top`
    level 3: price of `top.parts`, in stock or in shop, both by a key; the search took shop, as the first of two equally good ones
    level 3: size of `top.parts.maker`, in stock only
    stock is asked at level 3 anyway, so price is asked of stock too: one request less

A fetch may be sent at any level from its first on, if what is below it is still done by the end of the plan. It costs nothing
where the walk took a request of its subgraph before, and else its share of a request of the plan so far: one of n fetches that are joined
costs 1/n. A fetch that has no other way counts twice, for it cannot join another request. No choice makes the plan deeper.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gateway.planning.budget import StepBudget
from gateway.planning.fetch_graph.batch import Batch
from gateway.planning.search.cover import as_solution, combinations_of
from gateway.planning.search.solution import Choice, Decision, FieldStep, RoutedField, Selected, Solution, UnroutedField

_REQUEST = 1000
"""What a request costs that no other fetch shares."""


def rescheduled(solution: Solution, batches: Sequence[Batch], budget: StepBudget) -> Solution | None:
    """Return the solution with subgraphs chosen again; None if that spares no request.

    Args:
        solution: How the search serves the operation's root.
        batches: The requests of a plan for it.
        budget: A step is taken for each place and each set of subgraphs.
    """
    schedule = _Schedule(batches, budget)
    schedule.count_forced(solution, 0)
    again = schedule.solution(solution, 0)
    return again if schedule.requests() < len(batches) else None


class _Schedule:
    """The requests that a walk has taken so far, each a subgraph and a level, beside those of the plan before."""

    def __init__(self, batches: Sequence[Batch], budget: StepBudget) -> None:
        self._budget = budget
        self._depth = max((batch.earliest for batch in batches), default=0)
        self._fetches: Counter[tuple[str, int]] = Counter()
        for batch in batches:
            self._fetches[batch.nodes[0].service, batch.earliest] += len(batch.nodes)
        # Fetches further down are joined with others, too. Half of the average of now, because fewer requests are coming.
        self._average = _REQUEST * len(batches) // max(2 * self._fetches.total(), 1)
        self._taken: set[tuple[str, int]] = set()
        self._spans: dict[Choice, tuple[int, int]] = {}
        self._solutions: dict[tuple[Solution, int], Solution] = {}
        self._counted: set[tuple[Solution, int]] = set()

    def requests(self) -> int:
        """How many requests were taken; those for keys only are not among them."""
        return len(self._taken)

    def count_forced(self, solution: Solution, level: int) -> None:
        """Count the fetches once more that have no other way, as the solution of a place stands."""
        question = (solution, level)
        if question in self._counted:
            return
        self._counted.add(question)
        self._budget.spend()
        entered = self._requests((decision.taken for decision in solution.decisions), level)
        for selected in _selected_anyway(solution):
            self._count_forced_below(selected, level, level)
        for decision in solution.decisions:
            taken = decision.taken
            if taken is None:
                continue
            at = level if taken.service is None else entered[taken.service][0]
            if taken.service is not None and len(decision.about.choices) == 1:
                self._fetches[taken.service, at] += 1
            for _, selected in taken.selected:
                self._count_forced_below(selected, at, level)

    def _count_forced_below(self, selected: Selected, level: int, left: int) -> None:
        if selected.requirement is not None:
            self.count_forced(selected.requirement, left)
        if selected.below is not None:
            self.count_forced(selected.below, level)

    def solution(self, solution: Solution, level: int) -> Solution:
        """The solution of a place whose objects are brought at a level."""
        question = (solution, level)
        known = self._solutions.get(question)
        if known is None:
            known = self._solutions[question] = self._chosen_again(solution, level)
        return known

    def _chosen_again(self, solution: Solution, level: int) -> Solution:
        self._budget.spend()
        opened, choices = self._choices(solution, level)
        entered = self._requests(choices, level)
        self._taken.update((service, at) for service, (at, _) in entered.items())
        steps = [FieldStep(self._below(selected, level, level)) for selected in _selected_anyway(solution)]
        chosen = [
            self._choice(choice, level if choice.service is None else entered[choice.service][0], level)
            for choice in choices
            if choice is not None
        ]
        again = as_solution(steps, chosen, solution.missing)
        if opened is None:
            return replace(again, decisions=solution.decisions)
        decisions = (Decision(opened, choices, index, is_rescheduled=True) for index in range(len(opened)))
        return replace(again, decisions=tuple(decisions))

    def _choices(
        self, solution: Solution, level: int
    ) -> tuple[Sequence[UnroutedField] | None, Sequence[Choice | None]]:
        """The open needs of a place with a choice for each.

        Where the choices leave something missing, further ones depend on them, and all stay as they are: then there are no open needs.
        """
        taken = [decision.taken for decision in solution.decisions]
        if any(choice is None or choice.missing for choice in taken):
            return None, taken
        opened = solution.decisions[0].opened if solution.decisions else ()
        free = any(len(open_.choices) > 1 for open_ in opened)
        tried = combinations_of(opened, self._budget) if free else ()
        fitting = [choices for choices in tried if self._fits(choices, taken, level)]
        return opened, min(fitting, key=lambda choices: self._price(choices, level), default=taken)

    def _fits(self, choices: Sequence[Choice | None], taken: Sequence[Choice | None], level: int) -> bool:
        """Whether choices serve as much as those that were taken, and are done by the end of the plan."""
        return all(
            choice is before
            or (
                choice is not None
                and before is not None
                and not choice.missing
                and level + sum(self._span(choice)) <= self._depth
                and _types_below(choice) >= _types_below(before)
            )
            for choice, before in zip(choices, taken, strict=True)
        )

    def _price(self, choices: Iterable[Choice | None], level: int) -> tuple[int, int]:
        """Less is better: first shares of requests, here and further down, then fields."""
        own = [choice.own for choice in choices if choice is not None]
        shares = sum(share for _, share in self._requests(choices, level).values())
        return shares + self._average * sum(cost.fetches for cost in own), sum(cost.fields for cost in own)

    def _requests(self, choices: Iterable[Choice | None], level: int) -> dict[str, tuple[int, int]]:
        """By subgraph that is entered from a level: at which level its request is sent, and the share of it."""
        spans: dict[str, tuple[int, int]] = {}
        for choice in choices:
            if choice is not None and choice.service is not None:
                before, below = self._span(choice)
                known = spans.get(choice.service, (0, 0))
                spans[choice.service] = max(before, known[0]), max(below, known[1])
        return {
            service: self._request(service, level + before, max(level + before, self._depth - below))
            for service, (before, below) in spans.items()
        }

    def _request(self, service: str, earliest: int, latest: int) -> tuple[int, int]:
        """The level between two at which a fetch costs least, the first of equals, and what it costs there."""
        levels = range(earliest, latest + 1)
        taken = next((level for level in levels if (service, level) in self._taken), None)
        if taken is not None:
            return taken, 0
        level = max(levels, key=lambda level: self._fetches[service, level])
        return level, _REQUEST // max(self._fetches[service, level], 1)

    def _span(self, choice: Choice) -> tuple[int, int]:
        """How many levels after its place a choice's fetch is sent, if there is one, and how many come after that."""
        span = self._spans.get(choice)
        if span is None:
            required = (each.requirement.cost.depth for _, each in choice.selected if each.requirement is not None)
            awaited = max(required, default=0)
            span = self._spans[choice] = choice.entry.depth + awaited, choice.own.depth - awaited
        return span

    def _choice(self, choice: Choice, level: int, left: int) -> Choice:
        """The choice with all that is below it chosen again."""
        selected = tuple(RoutedField(jumps, self._below(each, level, left)) for jumps, each in choice.selected)
        return replace(choice, selected=selected)

    def _below(self, selected: Selected, level: int, left: int) -> Selected:
        """The field, brought at a level, with its requirement and what is below it chosen again."""
        if selected.requirement is None and selected.below is None:
            return selected
        requirement = self.solution(selected.requirement, left) if selected.requirement is not None else None
        below = self.solution(selected.below, level) if selected.below is not None else None
        return replace(selected, requirement=requirement, below=below)


def _types_below(choice: Choice) -> frozenset[str]:
    """The types that a field's objects have, as the subgraph of a choice knows them."""
    below = (each.served.below.types for _, each in choice.selected if each.served.below is not None)
    return frozenset().union(*below)


def _selected_anyway(solution: Solution) -> Iterator[Selected]:
    """Yield the fields of a place that were not open: it serves them, and all below them."""
    decided = {selected for decision in solution.decisions if decision.taken for _, selected in decision.taken.selected}
    for step in solution.steps:
        if isinstance(step, FieldStep) and step.selected not in decided:
            yield step.selected
