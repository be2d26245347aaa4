"""How good an order is: NDCG and recall, each with an example in its test."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

GAINS = np.array([0.0, 1.0, 2.0, 4.0])
"""What a label is worth: a click, a cart or favourite, a purchase."""


def ndcg(gains: NDArray[np.float64], scores: NDArray[np.float64], *, k: int) -> float:
    """Discounted gain of the k best-scored over that of the best possible order; NaN if there is nothing to gain.

    Ties of scores are broken by the order given. The discount of rank r (from 1) is log2(1 + r).
    """
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.sort(gains)[::-1][:k]
    if ideal.sum() == 0.0:
        return float("nan")
    ranked = gains[np.argsort(-scores, kind="stable")][:k]
    return float((ranked * discounts[: len(ranked)]).sum() / (ideal * discounts[: len(ideal)]).sum())


def mean_ndcg(
    gains: NDArray[np.float64], scores: NDArray[np.float64], group_sizes: NDArray[np.int32], *, k: int
) -> float:
    """The mean over groups that have something to gain; NaN if none has."""
    ends = np.cumsum(group_sizes)
    values = [
        ndcg(gains[end - size : end], scores[end - size : end], k=k)
        for size, end in zip(group_sizes, ends, strict=True)
    ]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def recall(shown: Sequence[str], wanted: Collection[str], *, k: int) -> float:
    """The share of what was wanted that the first k hold, out of at most k; NaN if nothing was wanted."""
    if not wanted:
        return float("nan")
    return len(set(shown[:k]) & set(wanted)) / min(k, len(wanted))
