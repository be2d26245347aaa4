"""The cost of one operation as a tree of sums, whose leaves are the few numbers that a request's variables decide.

The tree never changes once it is made, and a walk keeps what it works out to itself, so that any number of threads may estimate at once.

    amounts    of one request: what it gives slicing arguments, and what its input values weigh; read first, each once
    estimate   a function of the amounts, so it is remembered by them, for as many different ones as `MAX_REMEMBERED`
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import ClientError
from gateway.operation.cost.weights import InputWeights
from gateway.supergraph.costs import NOT_GIVEN, CostedInput

MAX_REMEMBERED: Final = 64
MAX_INLINE_TERMS: Final = 1_000
"""A walk over more terms takes milliseconds, and is no work for the event loop."""
MAX_SHOWN: Final = 10**15
"""Estimates end here; JSON, logs and metrics hold the number exactly."""

ABSENT: Final = -1
"""In the place of a size: the argument is not given, and its default in the schema holds."""
UNKNOWN: Final = -2
"""In the place of a size: the argument is null, or no number."""
NEGATIVE: Final = -3
"""In the place of a size: the argument is a number below 0, which bounds nothing."""


def size_of(value: Any, *, is_list: bool) -> int:
    """Return the size that a slicing argument's value stands for: a number, or the length of a list."""
    if value is None or isinstance(value, bool | dict):
        return UNKNOWN
    if isinstance(value, list):
        return len(value)
    if is_list:
        return 1
    try:
        # Scalars of a schema's own may write numbers as text or with a fraction.
        size = math.ceil(float(value))
    except (ValueError, OverflowError):
        return UNKNOWN
    return size if size >= 0 else NEGATIVE


@dataclass(frozen=True, slots=True)
class SizeAmount:
    """A slicing argument that a variable decides.

    Attributes:
        steps: The input fields from the variable's value to the number.
        is_list: Whether the length of a list is the size.
    """

    variable: str
    steps: tuple[CostedInput, ...]
    is_list: bool

    def read(self, variables: Mapping[str, Any], _weights: InputWeights, _stop: int | None) -> int:
        """The size that a request gives; `ABSENT`, `UNKNOWN` or `NEGATIVE` where it gives none."""
        value = variables.get(self.variable, NOT_GIVEN)
        if value is NOT_GIVEN:
            return ABSENT
        for slot in self.steps:
            value = value.get(slot.name, slot.default) if isinstance(value, dict) else None
        return size_of(None if value is NOT_GIVEN else value, is_list=self.is_list)


@dataclass(frozen=True, slots=True)
class WeightAmount:
    """An input value that a variable decides.

    Attributes:
        depth: How many lists are around the named type.
        own: The weight of each item.
        absent: The weight where the request does not give the variable.
    """

    variable: str
    type_name: str
    depth: int
    own: int
    absent: int

    def read(self, variables: Mapping[str, Any], weights: InputWeights, stop: int | None) -> int:
        """The weight of what a request gives."""
        value = variables.get(self.variable, NOT_GIVEN)
        if value is NOT_GIVEN:
            return self.absent
        return weights.weigh(value, self.type_name, self.depth, self.own, stop)


Amount = SizeAmount | WeightAmount


@dataclass(frozen=True, slots=True)
class Slice:
    """One slicing argument of a field.

    Attributes:
        amount: Position among the amounts; None where the document decides.
        given: What the document gives, if it decides.
        default: What the schema says where nothing is given; `UNKNOWN` where it says nothing.
    """

    amount: int | None
    given: int
    default: int


@dataclass(frozen=True, slots=True, eq=False)
class Size:
    """How many items a list may have.

    Attributes:
        coordinate: Of the field, for errors.
        slices: The slicing arguments, with the names in `names`.
        own: Items where no slice is a number; 0 if only `enclosing` says how many.
        requires_one: Whether exactly one slicing argument has to be given.
        enclosing: Sizes that fields further up give to the list.
    """

    coordinate: str
    names: tuple[str, ...]
    slices: tuple[Slice, ...]
    own: int
    requires_one: bool
    enclosing: "tuple[Size, ...]" = ()

    def value(self, amounts: Sequence[int], *, is_enforced: bool) -> int:
        """The size, at least 1.

        Raises:
            ClientError: SLICING_ARGUMENT_REQUIRED.
        """
        sizes = [size.value(amounts, is_enforced=is_enforced) for size in self.enclosing]
        if not self.slices:
            return max(1, self.own, *sizes)
        given: list[int] = []
        defaults: list[int] = []
        for sliced in self.slices:
            size = amounts[sliced.amount] if sliced.amount is not None else sliced.given
            if size == ABSENT:
                if sliced.default != UNKNOWN:
                    defaults.append(sliced.default)
            elif size != UNKNOWN:
                given.append(size)
        if is_enforced and self.requires_one and len(given) != 1 and (given or len(defaults) != 1):
            raise ClientError(
                f'The list "{self.coordinate}" has no bound: give exactly one of its arguments {", ".join(self.names)}.',
                code="SLICING_ARGUMENT_REQUIRED",
            )
        numbers = [size for size in (*given, *defaults) if size >= 0]
        if len(numbers) < len(given) + len(defaults) or not numbers:
            numbers.append(self.own)
        return max(1, *numbers, *sizes)


@dataclass(frozen=True, slots=True, eq=False)
class InputTerm:
    """The weight of one value in the document with variables in it, at least 0 unless it is the sum of all arguments."""

    constant: int
    amounts: tuple[int, ...] = ()
    parts: "tuple[InputTerm, ...]" = ()
    is_floored: bool = False

    def value(self, amounts: Sequence[int]) -> int:
        """The weight."""
        total = self.constant
        for amount in self.amounts:
            total += amounts[amount]
        for part in self.parts:
            total += part.value(amounts)
        return max(total, 0) if self.is_floored else total


@dataclass(frozen=True, slots=True, eq=False)
class FieldTerm:
    """The cost of a field on one object.

    Attributes:
        number: Of the term within the operation.
        size: Of the field's list; None for what is no list.
        inner: By what the size is multiplied for lists in the list.
        depth: How many lists are around the named type.
        weight: Of each item, without what is below it.
        object: What is selected of each item; None for leaves.
        constant: The cost, where no variable changes it.
    """

    number: int
    response_name: str
    coordinate: str
    size: Size | None
    inner: int
    depth: int
    weight: int
    arguments: InputTerm
    needs: int
    object: "ObjectTerm | None"
    constant: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """What is selected of the objects of some types.

    Attributes:
        extra: How much heavier these objects are than the lightest.
    """

    types: frozenset[str]
    extra: int
    fields: tuple[FieldTerm, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ObjectTerm:
    """The cost of one object: of the dearest alternative."""

    number: int
    alternatives: tuple[Alternative, ...]
    constant: int | None


class Walk:
    """One walk over the terms with the amounts of one request.

    Args:
        stop: The walk may end as soon as a sum is above this; None walks everything.
    """

    def __init__(self, amounts: Sequence[int], *, is_enforced: bool, stop: int | None = None) -> None:
        self._amounts = amounts
        self._is_enforced = is_enforced
        self._stop = stop
        self._known: dict[int, int] = {}

    def field(self, term: FieldTerm) -> int:
        """What the field costs at most."""
        if term.constant is not None:
            return term.constant
        cost = self._known.get(term.number)
        if cost is None:
            below = self.object(term.object) if term.object is not None else 0
            size = self.size(term)
            cost = self._known[term.number] = self.own(term, size) + size * below + term.needs
        return cost

    def object(self, term: ObjectTerm) -> int:
        """What an object costs at most."""
        if term.constant is not None:
            return term.constant
        cost = self._known.get(term.number)
        if cost is None:
            cost = 0
            for alternative in term.alternatives:
                cost = max(cost, self.alternative(alternative))
            self._known[term.number] = cost
        return cost

    def alternative(self, alternative: Alternative) -> int:
        """What an object of these types costs at most."""
        total = alternative.extra
        for field in alternative.fields:
            total += self.field(field)
            if self._stop is not None and total > self._stop:
                break
        return total

    def size(self, term: FieldTerm) -> int:
        """How many items the field may have."""
        if term.size is None:
            return 1
        return term.size.value(self._amounts, is_enforced=self._is_enforced) * term.inner

    def own(self, term: FieldTerm, size: int) -> int:
        """What the field costs without what is below it, at this size."""
        return max(0, term.arguments.value(self._amounts) + size * term.weight)


@dataclass(frozen=True, slots=True)
class CostLimit:
    """What is done with estimates.

    Attributes:
        max_cost: More is refused; None refuses nothing.
        is_enforced: Whether anything is refused; otherwise costs are only worked out.
    """

    max_cost: int | None
    is_enforced: bool = True


class OperationCost:
    """The cost of one operation, held against a limit.

    Args:
        root: What is selected of the root.
        amounts: What the variables decide.
        open_terms: How many terms depend on variables.
        has_stand_in: Whether ``__typename`` in the answer may be another field (`Operation.stand_in`).

    Attributes:
        root: As the argument.
        has_stand_in: As the argument.
    """

    def __init__(
        self,
        root: ObjectTerm,
        amounts: tuple[Amount, ...],
        weights: InputWeights,
        limit: CostLimit,
        *,
        open_terms: int,
        has_stand_in: bool,
    ) -> None:
        self.root = root
        self.has_stand_in = has_stand_in
        self._open_terms = open_terms
        self._amounts = amounts
        self._weights = weights
        self._limit = limit
        self._stop = limit.max_cost if limit.is_enforced else None
        self._remembered: dict[tuple[int, ...], int] = {}
        self._constant: int | None = None
        if not amounts and root.constant is not None:
            self._constant = min(root.constant, MAX_SHOWN)

    @property
    def variables(self) -> frozenset[str]:
        """The variables that the cost depends on."""
        return frozenset(amount.variable for amount in self._amounts)

    @property
    def depends_on_variables(self) -> bool:
        """Whether two requests with this operation may cost differently."""
        return bool(self._amounts)

    def is_heavy(self, variables: Mapping[str, Any]) -> bool:
        """Whether the estimate for a request is not remembered, and takes too long for the event loop."""
        return self._open_terms > MAX_INLINE_TERMS and self.read(variables) not in self._remembered

    def check(self, variables: Mapping[str, Any]) -> int:
        """Return the estimate for a request.

        Args:
            variables: Coerced; those without a value are absent.

        Raises:
            ClientError: MAX_COST_EXCEEDED or SLICING_ARGUMENT_REQUIRED, if limits are enforced.
        """
        cost = self._constant
        if cost is None:
            cost = self.estimate(variables)
        if self._stop is not None and cost > self._stop:
            raise self._refusal(cost)
        return cost

    def estimate(self, variables: Mapping[str, Any]) -> int:
        """Return what a request costs at most; of more than an enforced limit only that it is more."""
        if self._constant is not None:
            return self._constant
        amounts = self.read(variables)
        cost = self._remembered.get(amounts)
        if cost is None:
            walk = Walk(amounts, is_enforced=self._limit.is_enforced, stop=self._stop)
            cost = min(walk.object(self.root), MAX_SHOWN)
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[amounts] = cost
        return cost

    def read(self, variables: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the amounts of a request."""
        stop = self._stop if self._weights.is_monotone else None
        return tuple([amount.read(variables, self._weights, stop) for amount in self._amounts])

    def beyond(self, cost: int) -> bool:
        """Whether an estimate is above the limit, enforced or not."""
        return self._limit.max_cost is not None and cost > self._limit.max_cost

    def walk(self, variables: Mapping[str, Any]) -> Walk:
        """Return a walk with the amounts of a request, which refuses nothing and ends nowhere."""
        amounts = tuple([amount.read(variables, self._weights, None) for amount in self._amounts])
        return Walk(amounts, is_enforced=False)

    def _refusal(self, cost: int) -> ClientError:
        told = "far more" if cost >= MAX_SHOWN else f"{cost} or more" if self.depends_on_variables else str(cost)
        return ClientError(
            f"The operation would cost {told}; the limit is {self._limit.max_cost}.",
            code="MAX_COST_EXCEEDED",
            extensions={"cost": cost, "maxCost": self._limit.max_cost},
        )
