"""The normalised operation: what planning and projection both read.

It is specialised: conditions whose variables are known (`@skip`, `@include`) and access decisions (`@authenticated`,
`@requiresScopes`, `@policy`) are folded in, so neither is seen again downstream. The values they were folded with are part
of the plan's cache key (decision 0002). Named fragments are inlined, equal fields merged, redundant fragments dropped;
fragments that narrow the type stay where the client wrote them, because they decide the order of the answer.
"""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from graphql import ValueNode

TYPENAME: Final = "__typename"
"""The field that has an object's type."""


class OperationKind(enum.Enum):
    """What the client asked to do."""

    QUERY = "query"
    MUTATION = "mutation"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a field is not answered: it becomes null with this error, and nothing is fetched for it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the answer.

    Attributes:
        response_name: the key in the answer: the alias, or else the name; the operation's stand-in if `is_stand_in`.
        name: the field's name in the API schema; may be ``__typename``.
        arguments: in the client's order, as AST values; variables stay variables.
        selections: empty for leaves.
        refusal: set if the caller may not see the field; then it is neither planned nor fetched.
        locations: (line, column) pairs from 1, where the client wrote the field, for errors.
        is_stand_in: whether its key in the answer is ``__typename``, although it is another field.
    """

    response_name: str
    name: str
    arguments: tuple[tuple[str, ValueNode], ...] = ()
    selections: "tuple[Selection, ...]" = ()
    refusal: Refusal | None = None
    locations: tuple[tuple[int, int], ...] = ()
    is_stand_in: bool = False

    @property
    def answer_name(self) -> str:
        """The key in the answer."""
        return TYPENAME if self.is_stand_in else self.response_name


@dataclass(frozen=True, slots=True)
class Fragment:
    """An inline fragment that narrows the type (its condition differs from, and overlaps, the type around it)."""

    type_condition: str
    selections: "tuple[Selection, ...]"


Selection = Field | Fragment


@dataclass(frozen=True, slots=True)
class VariableDefinition:
    """A variable the client declared: its name, its type as SDL, and its default as an AST value, or None."""

    name: str
    type: str
    default: ValueNode | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A normalised operation on the API schema.

    Attributes:
        root_type: the API schema's type at the root, e.g. ``Query``.
        variables: as declared, those that are used nowhere dropped by nobody (coercion needs them all).
        stand_in: response name of all fields to which the client gives the alias ``__typename`` although they are others: inside the
            gateway an object's type has that name. The client does not use the stand-in. None if there are no such fields.
    """

    kind: OperationKind
    name: str | None
    root_type: str
    selections: tuple[Selection, ...]
    variables: tuple[VariableDefinition, ...] = ()
    stand_in: str | None = None

    def answer_path(self, path: Sequence[str | int]) -> list[str | int]:
        """Return a path of response names and indexes with the keys that are in the answer."""
        return [TYPENAME if segment == self.stand_in else segment for segment in path]


def walk_selections(selections: tuple[Selection, ...]) -> Iterator[Selection]:
    """Every field and fragment of a selection set and below, in the client's order."""
    pending = list(reversed(selections))
    while pending:
        selection = pending.pop()
        yield selection
        pending.extend(reversed(selection.selections))


def walk_fields(selections: tuple[Selection, ...]) -> Iterator[Field]:
    """Every field of a selection set and below, in the client's order."""
    return (selection for selection in walk_selections(selections) if isinstance(selection, Field))
