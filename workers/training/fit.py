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

ROUNDS = 300
PATIENCE = 30
PARAMETERS: dict[str, Any] = {
    "objective": "lambdarank",
    "metric": "ndcg",
    "eval_at": [10],
    "label_gain": GAINS.tolist(),
    "lambdarank_truncation_level": 20,
    "learning_rate": 0.06,
    "num_leaves": 24,
    "min_data_in_leaf": 60,
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


def fit(train: Dataset, valid: Dataset, *, seed: int) -> lightgbm.Booster:
    """A booster with as many trees as served the validation slates best."""
    train_set = _lightgbm(train.select(train.has_success()))
    valid_set = _lightgbm(valid.select(valid.has_success()), reference=train_set)
    return lightgbm.train(
        {**PARAMETERS, "seed": seed},
        train_set,
        num_boost_round=ROUNDS,
        valid_sets=[valid_set],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )


def _lightgbm(data: Dataset, *, reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        data.features,
        data.labels.astype(np.float32),
        group=data.group_sizes,
        position=data.positions if reference is None else None,
        feature_name=list(NAMES),
        reference=reference,
    )
