"""What the search finds: solutions, made of steps, with what they cost and what was weighed against them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.planning.needs import Need
from gateway.planning.places import Entry, Here, Served
from gateway.supergraph.field_sets import FieldSet

if TYPE_CHECKING:
    from gateway.planning.cover import Decision

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
    served: Served
    requirement: Solution | None
    below: Solution | None


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """One entity type through which a subgraph is entered.

    Attributes:
        key: None for root types.
        key_solution: how the key is served at the place that is left.
        arrival: the place after the entry.
    """

    entry: Entry
    key: FieldSet | None
    key_solution: Solution | None
    arrival: Here

    def cost(self) -> Cost:
        """One fetch, after what the key costs."""
        return ONE_FETCH.after(self.key_solution.cost) if self.key_solution is not None else ONE_FETCH


@dataclass(frozen=True, slots=True, eq=False)
class SelectHere:
    """A step: the field is part of the answer that the place belongs to."""

    selected: Selected


@dataclass(frozen=True, slots=True, eq=False)
class Enter:
    """A step: another request, to `service`, for the objects at the place.

    Attributes:
        selected: each with the entries that lead to it, at least one.
    """

    service: str
    selected: "tuple[Found, ...]"


Step = SelectHere | Enter
Found = tuple[tuple[Entered, ...], Selected]
