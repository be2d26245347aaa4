"""The rules of serving slates and of changing models; pure."""

import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import RangeRule, Stated, TextRule, TokenRule
from subgraphs.recommendation.errors import BelowBaseline

SLATE_LIFETIME = timedelta(hours=1)
"""After it a slate's cursors end; the feed counts it from the slate's id."""

REMEMBERED_FOR = timedelta(days=30)
"""How much longer the newest slate of a question is kept: whoever comes back sees their own, until a worker has ranked the next."""

FRESH_FOR = timedelta(minutes=30)
"""A slate that is older is given out once more under a new id, while a worker ranks the next one."""

MAX_SIZE = 500
SIZE = Stated.between(1, MAX_SIZE)
MAX_NEIGHBOURS = 40
METRIC = "NDCG@10"

SURFACE = TokenRule(20)
NEIGHBOURS = RangeRule(0, MAX_NEIGHBOURS)
DEVICE_ID = TextRule(64, least=1, is_trimmed=False)
NOBODY = "nobody"


class ModelStatus(enum.Enum):
    """Where a model is in its life; at most one is ACTIVE."""

    CANDIDATE = "CANDIDATE"
    ACTIVE = "ACTIVE"
    SHADOW = "SHADOW"
    RETIRED = "RETIRED"


@dataclass(frozen=True, slots=True)
class Question:
    """Whose slate is asked for: a viewer's, of the whole market or of one category.

    Attributes:
        viewer: ``account:<id>``, ``device:<id>``, or ``nobody``.
    """

    viewer: str
    category_id: str | None

    @property
    def id(self) -> str:
        """A UUID of its own: the id of the job that ranks it."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.viewer}|{self.category_id or ''}"))

    @property
    def account_id(self) -> str | None:
        """The account behind the viewer, if there is one."""
        kind, _, name = self.viewer.partition(":")
        return name if kind == "account" else None


def viewer_of(buyer_id: str | None, anonymous_id: str | None) -> str:
    """The viewer's name: the account if there is one, else the device, else nobody."""
    if buyer_id:
        return f"account:{buyer_id}"
    return f"device:{anonymous_id}" if anonymous_id else NOBODY


def made_at(slate_id: str) -> datetime:
    """When a slate was made, by its UUIDv7."""
    return datetime.fromtimestamp((uuid.UUID(slate_id).int >> 80) / 1000, UTC)


def check_size(size: int) -> int:
    """The number of products wanted.

    Raises:
        InvalidInput: when it is out of 1..500.
    """
    if not 1 <= size <= MAX_SIZE:
        raise InvalidInput(f"A slate has 1 to {MAX_SIZE} products", "size")
    return size


def is_fresh(slate_id: str, *, now: datetime) -> bool:
    """Whether a slate is given out as it is."""
    return now - made_at(slate_id) < FRESH_FOR


def filled_up(near: Sequence[str], popular: Sequence[str], *, product_id: str, size: int) -> list[str]:
    """Up to `size` products to show beside one: its neighbours, then the most popular of its category; none twice, never itself.

    Args:
        popular: at least the first `size + 1` on sale. That is enough: of these, one may be the product itself, and each neighbour that is
            passed over has its place already.
    """
    return [each for each in dict.fromkeys([*near, *popular]) if each != product_id][:size]


def check_gate(ndcg_at_10: float, baseline_ndcg_at_10: float) -> None:
    """Return if a model may serve.

    Raises:
        BelowBaseline: when it does not rank better than decayed popularity.
    """
    if ndcg_at_10 <= baseline_ndcg_at_10:
        raise BelowBaseline(METRIC, candidate=ndcg_at_10, baseline=baseline_ndcg_at_10)


def subtree(category_id: str, parents: Sequence[tuple[str, str | None]]) -> set[str]:
    """The category and everything below it.

    Args:
        parents: (category, its parent) for the whole tree.
    """
    below: dict[str | None, list[str]] = {}
    for child, parent in parents:
        below.setdefault(parent, []).append(child)
    found, waiting = {category_id}, [category_id]
    while waiting:
        children = below.get(waiting.pop(), [])
        found.update(children)
        waiting.extend(children)
    return found
