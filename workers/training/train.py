"""The map of training: gather the past, fit, measure on the last days, describe."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from workers.features.decay import DAY
from workers.features.registry import manifest as feature_manifest
from workers.features.registry import schema_hash
from workers.ranking.model import model_of
from workers.training.dataset import gather
from workers.training.evaluate import Report, recall_at_cut, report_of
from workers.training.fit import PARAMETERS, ROUNDS, fit
from workers.training.replay import Replay

TRAIN_DAYS = 53.0
TEST_DAYS = 7.0
"""The last week is for the test; before it, what is older than two months only warms the counters."""

Neighbours = dict[str, list[list[Any]]]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and what goes with it, ready to be written or stored.

    Attributes:
        model_text: LightGBM's own format.
        manifest: plain JSON: version, feature_schema_hash, trained_at, ndcg_at_10, recall_at_50, baseline_ndcg_at_10, ...
        similar, bought_together: {product id: [[neighbour's id, similarity], ...]}, nearest first.
    """

    model_text: str
    manifest: dict[str, Any]
    similar: Neighbours
    bought_together: Neighbours
    report: Report


def train(replay: Replay, *, seed: int, trained_at: datetime) -> Trained:
    """A model of the history that a fresh replay will relive. The same history and seed give the same model text.

    Raises:
        TooLittleToLearn: Raised when the history holds too few slates that led to anything.
    """
    history = replay.history
    cut = history.until - TEST_DAYS * DAY
    past = gather(history, replay, since=cut - TRAIN_DAYS * DAY, until=cut)
    booster = fit(past, seed=seed)
    text = booster.model_to_string()
    digest = hashlib.sha256(text.encode()).hexdigest()
    manifest: dict[str, Any] = {
        "version": f"lambdarank-{trained_at:%Y%m%dT%H%M%S}-{digest[:8]}",
        "model_sha256": digest,
        "feature_schema_hash": schema_hash(),
        "trained_at": trained_at.isoformat().replace("+00:00", "Z"),
    }
    model = model_of(text, manifest)
    recalls = recall_at_cut(history, replay, model)
    test = gather(history, replay, since=cut, until=history.until)
    report = report_of(test, model, recalls)
    market = replay.market()
    described = {
        **manifest,
        **asdict(report),
        "train_slates": len(past.group_sizes),
        "train_rows": len(past.labels),
        "seed": seed,
        "rounds": ROUNDS,
        "parameters": PARAMETERS,
        "features": feature_manifest(),
    }
    ids = history.catalogue.ids
    return Trained(text, described, market.similar.to_json(ids), market.bought_together.to_json(ids), report)
