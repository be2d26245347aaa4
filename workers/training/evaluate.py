"""How well a model ranks days that it never saw, beside decayed popularity.

NDCG@10 is over the feed slates that were really shown: their products in the order of the scores, gains by label, each
divided by the probability that its position was looked at (the log favours what was shown on top, and popular products
were). Recall@50 is over the whole market: of what a buyer went on to engage with in the test days, how much is among the
first 50 of the slate that the pipeline gives at their start.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from workers.features.event import INTEREST
from workers.features.families.popularity import decayed_popularity
from workers.ranking.model import RankingModel
from workers.ranking.pipeline import rank
from workers.ranking.slate import SlateRequest
from workers.training.dataset import Dataset
from workers.training.metrics import mean_ndcg, recall
from workers.training.replay import Replay
from workers.training.source import History

MAX_BUYERS = 200
"""Buyers whose whole-market slates are ranked for recall: a few seconds, a standard error of about 0.01."""


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one model on its test days; each in 0..1, larger is better.

    Attributes:
        ndcg_at_10, baseline_ndcg_at_10: corrected for position; the plain ones are as logged.
    """

    test_slates: int
    test_buyers: int
    ndcg_at_10: float
    baseline_ndcg_at_10: float
    plain_ndcg_at_10: float
    baseline_plain_ndcg_at_10: float
    recall_at_50: float
    baseline_recall_at_50: float

    def table(self) -> str:
        """The figures as text, a line a metric."""
        lines = (
            ("NDCG@10, position-corrected", self.ndcg_at_10, self.baseline_ndcg_at_10),
            ("NDCG@10, as logged", self.plain_ndcg_at_10, self.baseline_plain_ndcg_at_10),
            ("Recall@50, whole market", self.recall_at_50, self.baseline_recall_at_50),
        )
        head = f"{'metric':<30}{'model':>9}{'popularity':>13}{'gain':>9}"
        body = [f"{name:<30}{model:>9.4f}{base:>13.4f}{model / base - 1:>+9.1%}" for name, model, base in lines]
        return "\n".join((head, *body, f"{self.test_slates} test slates, {self.test_buyers} test buyers"))


def recall_at_cut(history: History, replay: Replay, model: RankingModel) -> tuple[int, float, float]:
    """(buyers, recall@50 of the model's slates, of popularity) for what was engaged with after the replay's instant."""
    cut = replay.now
    wanted: dict[str, set[str]] = defaultdict(set)
    for event in history.events:
        if event.at >= cut and INTEREST[event.kind] > 0.0:
            wanted[event.buyer_id].add(event.product_id)
    market = replay.market()
    popular = _popular(replay)
    buyers = sorted(wanted)[:: max(len(wanted) // MAX_BUYERS, 1)][:MAX_BUYERS]
    ranked = []
    for number, buyer_id in enumerate(buyers):
        slate = rank(replay.profile(buyer_id), market, model=model, now=cut, seed=number, request=SlateRequest(size=50))
        ranked.append(recall([item.product_id for item in slate.items], wanted[buyer_id], k=50))
    base = [recall(popular, wanted[buyer_id], k=50) for buyer_id in buyers]
    return len(buyers), float(np.mean(ranked)), float(np.mean(base))


def report_of(test: Dataset, model: RankingModel, recalls: tuple[int, float, float]) -> Report:
    """All figures: `test` as gathered for the test days, `recalls` as measured at their start."""
    home = test.select(test.is_home & test.has_success())
    scores = model.scores(home.features)
    buyers, recall_at_50, baseline_recall = recalls
    return Report(
        test_slates=len(home.group_sizes),
        test_buyers=buyers,
        ndcg_at_10=mean_ndcg(home.unbiased_gains(), scores, home.group_sizes, k=10),
        baseline_ndcg_at_10=mean_ndcg(home.unbiased_gains(), home.popularity, home.group_sizes, k=10),
        plain_ndcg_at_10=mean_ndcg(home.gains(), scores, home.group_sizes, k=10),
        baseline_plain_ndcg_at_10=mean_ndcg(home.gains(), home.popularity, home.group_sizes, k=10),
        recall_at_50=recall_at_50,
        baseline_recall_at_50=baseline_recall,
    )


def _popular(replay: Replay) -> list[str]:
    market = replay.market()
    catalogue = market.catalogue
    everything = np.arange(len(catalogue))
    scores = decayed_popularity(market.masses_at(everything, replay.now))
    sellable = catalogue.is_published & (catalogue.stock > 0) & (catalogue.created_at <= replay.now)
    order = np.argsort(-np.where(sellable, scores, -1.0), kind="stable")[:50]
    return [catalogue.ids[row] for row in order.tolist()]
