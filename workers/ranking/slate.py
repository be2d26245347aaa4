"""What ranking answers: an ordered list of products with scores, sources and reasons."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where a candidate came from; the first source to name it."""

    ITEM_TO_ITEM = "item_to_item"
    CATEGORY_AFFINITY = "category_affinity"
    POPULAR = "popular"
    NEW_ARRIVALS = "new_arrivals"
    BUY_AGAIN = "buy_again"
    EXPLORATION = "exploration"


class Reason(StrEnum):
    """Why a product is shown, in the words of the feed's schema (`FeedReason`)."""

    FOR_YOU = "FOR_YOU"
    TRENDING = "TRENDING"
    SIMILAR_TO_VIEWED = "SIMILAR_TO_VIEWED"
    BUY_AGAIN = "BUY_AGAIN"
    NEW_ARRIVAL = "NEW_ARRIVAL"
    EXPLORATION = "EXPLORATION"


class Fallback(StrEnum):
    """What ranked in place of the model, from better to worse. None of them is a failure of the request."""

    ITEM_TO_ITEM = "item_to_item"
    POPULARITY = "popularity"


@dataclass(frozen=True, slots=True)
class SlateRequest:
    """What is asked for.

    Attributes:
        size: products wanted, 1..500; fewer come back only if the market has fewer that may be shown.
        category_id: only products in this category or below it; None for the whole market.
        seller_ids_excluded: the buyer's own shops: nobody is recommended their own goods.
    """

    size: int = 200
    category_id: str | None = None
    seller_ids_excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SlateItem:
    """A product of a slate; scores descend in steps of diversity, and compare only within a slate."""

    product_id: str
    score: float
    source: Source
    reason: Reason


@dataclass(frozen=True, slots=True)
class Slate:
    """An ordered answer.

    Attributes:
        items: best first, a product once.
        model_version: of the model that scored; "none" for a fallback without one.
        feature_hash: of the features that this code computes (`features.registry.schema_hash`).
        fallback: what ranked in place of the model; None if the model did.
        fallback_cause: a short sentence for the log; None if the model ranked.
    """

    items: tuple[SlateItem, ...]
    model_version: str
    feature_hash: str
    fallback: Fallback | None = None
    fallback_cause: str | None = None

    @property
    def degraded(self) -> bool:
        """Whether something other than the model ranked."""
        return self.fallback is not None
