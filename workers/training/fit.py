"""LambdaRank with LightGBM, told at which position each product was shown.

The position is not a feature: LightGBM learns an additive bias for each position beside the trees and leaves it out when it
predicts, so what the model calls wanted is what would be wanted wherever it were shown.

Source: Burges, "From RankNet to LambdaRank to LambdaMART", MSR-TR-2010-82; LightGBM's documentation of `position`.
"""

from typing import Any

import lightgbm
import numpy as np

from workers.features.registry import NAMES
from workers.training.dataset import Dataset
from workers.training.metrics import GAINS

ROUNDS = 160
"""NDCG on later days is flat from 50 to 400 trees; a validation week of 900 slates cannot tell them apart, so none is spent."""

MIN_SLATES = 200
PARAMETERS: dict[str, Any] = {
    "objective": "lambdarank",
    "label_gain": GAINS.tolist(),
    "lambdarank_truncation_level": 20,
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 2.0,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""One thread and row-wise histograms: the same log and seed give the same trees on every machine of one kind."""


class TooLittleToLearn(Exception):
    """The log has too few slates from which anything came."""


def fit(train: Dataset, *, seed: int) -> lightgbm.Booster:
    """A booster that has learned from the slates from which something came; the others hold no order to learn.

    Raises:
        TooLittleToLearn: Raised when there are fewer than MIN_SLATES of those.
    """
    data = train.select(train.has_success())
    if len(data.group_sizes) < MIN_SLATES:
        raise TooLittleToLearn(f"{len(data.group_sizes)} slates with a click, {MIN_SLATES} are needed")
    train_set = lightgbm.Dataset(
        data.features,
        data.labels.astype(np.float32),
        group=data.group_sizes,
        position=data.positions,
        feature_name=list(NAMES),
    )
    return lightgbm.train({**PARAMETERS, "seed": seed}, train_set, num_boost_round=ROUNDS)
