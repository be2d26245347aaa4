"""What the search finds: solutions, made of steps, with what they cost and the choices that were weighed for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.planning.needs import Need
from gateway.planning.search.location import EntityEntry, Location, ResolvableField
from gateway.supergraph.field_sets import FieldSet

FETCH_COST = 1000
DEPTH_COST = 100


class Cost(NamedTuple):
    """What a solution costs: fetches, how many of them wait for each other, fields.

    A named tuple, because a search makes ten times as many costs as anything else.
    """

    fetches: int = 0
    depth: int = 0
    fields: int = 0

    @property
    def score(self) -> int:
        """The cost as one number; less is better."""
        return self.fetches * FETCH_COST + self.depth * DEPTH_COST + self.fields

    def beside(self, other: "Cost") -> "Cost":
        """Both at the same time."""
        return Cost(self.fetches + other.fetches, max(self.depth, other.depth), self.fields + other.fields)

    def or_dearer(self, other: "Cost") -> "Cost":
        """The other if that costs more."""
        return other if other.score > self.score else self

    def after(self, other: "Cost") -> "Cost":
        """This one when the other is done."""
        return Cost(self.fetches + other.fetches, self.depth + other.depth, self.fields + other.fields)


FREE = Cost()
ONE_FETCH = Cost(1, 1, 0)
ONE_FIELD = Cost(0, 0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """How needs are served: steps, their cost, and what they leave missing.

    Attributes:
        decisions: where there was a choice, or none at all, what was weighed; for those who ask why.
    """

    steps: "tuple[Step, ...]"
    cost: Cost
    missing: tuple[Need, ...]
    decisions: "tuple[Decision, ...]" = ()


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """A field that is selected in a subgraph's answer.

    Attributes:
        requirement: how the field's `@requires` is served, at the place that is left for it; None without one.
        below: how the needs of the object it returns are served; None for leaves.
    """

    need: Need
    served: ResolvableField
    requirement: Solution | None
    below: Solution | None


@dataclass(frozen=True, slots=True, eq=False)
class KeyJump:
    """One entity type through which a subgraph is entered.

    Attributes:
        key: None for root types.
        key_solution: how the key is served at the place that is left.
        arrival: the place after the entry.
    """

    entry: EntityEntry
    key: FieldSet | None
    key_solution: Solution | None
    arrival: Location

    def cost(self) -> Cost:
        """One fetch, after what the key costs."""
        return ONE_FETCH.after(self.key_solution.cost) if self.key_solution is not None else ONE_FETCH


class RoutedField(NamedTuple):
    """A field with the way to where it is selected.

    Attributes:
        jumps: one for each entity type through which the subgraph is entered; none where the field is selected here.
    """

    jumps: tuple[KeyJump, ...]
    selected: Selected


@dataclass(frozen=True, slots=True, eq=False)
class FieldStep:
    """A step: the field is part of the answer that the place belongs to."""

    selected: Selected


@dataclass(frozen=True, slots=True, eq=False)
class FetchStep:
    """A step: another request, to `service`, for the objects at the place."""

    service: str
    selected: tuple[RoutedField, ...]


Step = FieldStep | FetchStep


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One way to serve a need: here, or in another subgraph.

    Attributes:
        service: None for here.
        own: the cost without the entry, which several needs may share.
        missing_weight: how many leaves it leaves missing.
    """

    service: str | None
    selected: tuple[RoutedField, ...]
    own: Cost
    entry: Cost
    missing: tuple[Need, ...]
    missing_weight: int

    def weight(self) -> tuple[int, int]:
        """Less is better: first what is missing, then the cost with the entry."""
        return self.missing_weight, self.cost().score

    def cost(self) -> Cost:
        """The cost with the entry."""
        return self.own.after(self.entry)


@dataclass(slots=True, eq=False)
class UnroutedField:
    """A need that is not simply served here.

    Attributes:
        used: the subgraphs that serve a part of it already; None among them for here.
        choices: by subgraph; None for here.
        must_know: the concrete type must be known before the field is asked for.
        closed: subgraphs that have the field, but cannot be asked for it here.
    """

    need: Need
    types: frozenset[str]
    used: frozenset[str | None]
    choices: dict[str | None, Choice]
    must_know: bool = False
    closed: "list[UnreachableOption]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UnreachableOption:
    """A subgraph that has a field, but cannot be asked for it from a place.

    Attributes:
        entries: by which it would be entered.
        has_key: it can be entered, but what the field requires cannot be had; else no key can be had.
    """

    service: str
    entries: tuple[EntityEntry, ...]
    has_key: bool


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What was weighed for one need, among those that were weighed together at a place; for those who ask why.

    Attributes:
        opened: all these needs.
        choices: what was chosen for each of them.
        index: which one this is about.
        is_rescheduled: Whether they were chosen for what the whole plan asks, not for what they cost by themselves.
    """

    opened: Sequence[UnroutedField]
    choices: Sequence[Choice | None]
    index: int
    is_rescheduled: bool = False

    @property
    def about(self) -> UnroutedField:
        """The need that this is about."""
        return self.opened[self.index]

    @property
    def taken(self) -> Choice | None:
        """The choice that was made for it; None if there is none."""
        return self.choices[self.index]

    @property
    def rejected(self) -> list[Choice]:
        """The other choices that there are for it."""
        return [choice for choice in self.about.choices.values() if choice is not self.taken]
