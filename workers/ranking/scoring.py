"""Scores for the kept candidates: the model's, else item-to-item's, else popularity's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.features.families.popularity import decayed_popularity
from workers.ranking.hydrate import Hydrated
from workers.ranking.model import ModelUnusable, RankingModel
from workers.ranking.slate import Fallback


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The candidates with their scores, float64 (n,), and who gave them."""

    kept: Hydrated
    scores: NDArray[np.float64]
    model_version: str
    fallback: Fallback | None = None
    fallback_cause: str | None = None


NO_MODEL = "none"


def score(kept: Hydrated, model: RankingModel | None) -> Scored:
    """The candidates scored by the best that is there."""
    if model is None:
        return _without_model(kept, cause="no model is loaded")
    try:
        return Scored(kept, model.scores(kept.features), model.version)
    except ModelUnusable as unusable:
        return _without_model(kept, cause=str(unusable))


def _without_model(kept: Hydrated, *, cause: str) -> Scored:
    popularity = decayed_popularity(kept.context.masses)
    share = popularity / max(float(popularity.max(initial=0.0)), 1.0)
    similar = np.nan_to_num(kept.column("similar_sum_14d").astype(np.float64))
    if similar.any():
        return Scored(kept, similar + 0.1 * share, NO_MODEL, Fallback.ITEM_TO_ITEM, cause)
    return Scored(kept, share, NO_MODEL, Fallback.POPULARITY, cause)
