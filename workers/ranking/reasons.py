"""The honest reason for showing a product: the strongest evidence there is, not merely the source that found it first."""

import numpy as np

from workers.ranking.hydrate import Hydrated
from workers.ranking.slate import Reason, Source

SIMILAR_ENOUGH = 0.08
"""Similarity times fresh interest: a click of today on a product whose visits overlap by a twelfth."""

OWN_TASTE = 0.12
"""Share of a month's interest: with 40 leaf categories, five times what indifference would give."""


def reasons_of(hydrated: Hydrated) -> list[Reason]:
    """The reason of each candidate, in candidate order."""
    similar = np.nan_to_num(hydrated.column("similar_sum_12h"))
    taste = np.nan_to_num(np.maximum(hydrated.column("leaf_share_30d"), hydrated.column("seller_share_30d")))
    bought = hydrated.column("times_purchased")
    return [
        _reason(source, is_bought=bool(bought[i] > 0), similar=float(similar[i]), taste=float(taste[i]))
        for i, source in enumerate(hydrated.sources)
    ]


def _reason(source: Source, *, is_bought: bool, similar: float, taste: float) -> Reason:
    if is_bought:
        return Reason.BUY_AGAIN
    if source is Source.EXPLORATION:
        return Reason.EXPLORATION
    if similar >= SIMILAR_ENOUGH:
        return Reason.SIMILAR_TO_VIEWED
    if source is Source.NEW_ARRIVALS:
        return Reason.NEW_ARRIVAL
    if taste >= OWN_TASTE or source in (Source.CATEGORY_AFFINITY, Source.ITEM_TO_ITEM):
        return Reason.FOR_YOU
    return Reason.TRENDING
