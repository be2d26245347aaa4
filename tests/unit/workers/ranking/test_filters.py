import numpy as np
import pytest

from tests.support.ranking import CATEGORIES, NOW, act, product, tiny
from workers.features.catalogue import Catalogue, catalogue_of
from workers.features.decay import DAY
from workers.features.event import Behaviour, Kind
from workers.features.profile import BuyerProfile, apply
from workers.features.snapshot import snapshot_of
from workers.ranking.candidates.retrieve import Retrieved
from workers.ranking.filters.just_purchased import REST_DAYS
from workers.ranking.filters.keep import keep
from workers.ranking.hydrate import hydrate
from workers.ranking.slate import SlateRequest, Source


def kept(*events: Behaviour, catalogue: Catalogue | None = None, request: SlateRequest | None = None) -> set[str]:
    catalogue = catalogue or tiny()
    market = snapshot_of(catalogue, {})
    profile = apply(BuyerProfile(), events, catalogue)
    everything = Retrieved(np.arange(len(catalogue)), (Source.POPULAR,) * len(catalogue))
    hydrated = hydrate(everything, profile=profile, market=market, now=NOW)
    left = keep(hydrated, request or SlateRequest())
    assert len(left) == len(left.features) == len(left.context.touches) == len(left.context.masses)
    return {catalogue.ids[row] for row in left.context.rows.tolist()}


def test_a_stranger_is_kept_everything() -> None:
    assert kept() == set(tiny().ids)


def test_what_was_hidden_once_is_never_shown_again() -> None:
    assert "pan" not in kept(act(Kind.HIDE, "pan", ago=300 * DAY), act(Kind.CLICK, "pan"))


def test_a_seller_is_not_shown_their_own_goods() -> None:
    left = kept(request=SlateRequest(seller_ids_excluded=frozenset({"bo", "a shop without goods"})))
    assert left == {"kettle-10", "kettle-40", "pen-blue", "pen-red"}


def test_what_is_out_of_stock_is_not_shown() -> None:
    catalogue = catalogue_of([product("there"), product("gone", stock=0)], CATEGORIES)
    assert kept(catalogue=catalogue) == {"there"}


@pytest.mark.parametrize(("days", "is_kept"), [(0.0, False), (REST_DAYS - 0.1, False), (REST_DAYS + 0.1, True)])
def test_what_was_bought_rests_for_three_weeks(days: float, is_kept: bool) -> None:
    assert ("pan" in kept(act(Kind.PURCHASE, "pan", ago=days * DAY))) is is_kept
