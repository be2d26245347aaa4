"""The map of ranking: retrieve, hydrate, keep, score, diversify. Only calls."""

import numpy as np

from workers.features.families.popularity import decayed_popularity
from workers.features.profile import BuyerProfile
from workers.features.registry import schema_hash
from workers.features.snapshot import Market
from workers.ranking.candidates.question import Question
from workers.ranking.candidates.retrieve import retrieve
from workers.ranking.diversity import diversify
from workers.ranking.filters.keep import keep
from workers.ranking.hydrate import hydrate
from workers.ranking.model import RankingModel
from workers.ranking.reasons import reasons_of
from workers.ranking.scoring import Scored, score
from workers.ranking.slate import Slate, SlateItem, SlateRequest

WHOLE_MARKET = SlateRequest()


def rank(
    profile: BuyerProfile,
    market: Market,
    *,
    model: RankingModel | None,
    now: float,
    seed: int,
    request: SlateRequest = WHOLE_MARKET,
) -> Slate:
    """One buyer's slate at one instant. The same arguments give the same slate.

    Args:
        profile: with every event that should count already applied; `BuyerProfile()` for a stranger.
        model: None ranks by a fallback, and the slate says so.
        now: Unix seconds.
        seed: of what is left to chance (exploration); from the slate's id, so that it can be ranked again.
    """
    rng = np.random.default_rng(seed)
    question = ask(profile, market, now=now, rng=rng, request=request)
    retrieved = retrieve(question)
    hydrated = hydrate(retrieved, profile=profile, market=market, now=now)
    kept = keep(hydrated, request)
    scored = score(kept, model)
    diversified = diversify(scored, size=request.size, rng=rng)
    return _slate(scored, diversified)


def ask(
    profile: BuyerProfile, market: Market, *, now: float, rng: np.random.Generator, request: SlateRequest
) -> Question:
    """The question that the candidate sources answer."""
    scope = market.catalogue.is_published & (market.catalogue.created_at <= now)
    if request.category_id is not None:
        inside = np.zeros_like(scope)
        inside[market.catalogue.rows_in_category(request.category_id)] = True
        scope = scope & inside
    everything = np.arange(len(market.catalogue))
    popularity = decayed_popularity(market.masses_at(everything, now))
    return Question(profile, market, now, scope, popularity, rng, request.size)


def _slate(scored: Scored, diversified: list[int]) -> Slate:
    kept = scored.kept
    ids, rows, reasons = kept.context.market.catalogue.ids, kept.context.rows.tolist(), reasons_of(kept)
    items = tuple(SlateItem(ids[rows[i]], float(scored.scores[i]), kept.sources[i], reasons[i]) for i in diversified)
    return Slate(items, scored.model_version, schema_hash(), scored.fallback, scored.fallback_cause)
