"""Ninety days of sessions: what was shown, looked at, clicked, carted, bought.

A day at a time. A session belongs to a buyer and follows that buyer's mission, a leaf category that stays for days. It opens
a home slate (a mixture of what is popular, what an earlier rule-based recommender thinks the buyer likes, what is new, and
chance), often a category page of the mission, and mostly the home slate again. Down a slate attention falls; a product is clicked if it is looked at and
wanted. What was clicked feeds back into what is popular, so a long tail grows by itself.

All of it is in arrays over (session, place in slate), so that a quarter of a million impressions take seconds.
"""

import numpy as np
from numpy.typing import NDArray

from workers.demo_market.goods import DAY, ProductRow
from workers.demo_market.log import (
    ADD_TO_CART,
    CART,
    CATEGORY,
    CLICK,
    FAVOURITE,
    HIDE,
    HOME,
    IMPRESSION,
    PRODUCT,
    PURCHASE,
    VIEW,
    Log,
    LogBuilder,
)
from workers.demo_market.taste import Taste
from workers.demo_market.taxonomy.model import Leaf

HOME_SIZE, CATEGORY_SIZE = 24, 16
HOUR_ODDS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 7, 9, 9, 9, 10, 12, 11, 9, 9, 10, 12, 15, 19, 22, 20, 13, 6], dtype=np.float64
)
WEEKDAY_RHYTHM = np.array([1.0, 0.95, 0.95, 1.0, 0.9, 1.15, 1.3])
"""Monday first."""

CLICK_THRESHOLD = 3.4
MISSION_CHANGE_A_DAY = 0.16
MISSION_PULL = 2.7
COMPLEMENTS: dict[str, tuple[str, ...]] = {
    "coffee-gear": ("coffee-beans", "tableware"), "coffee-beans": ("coffee-gear", "chocolate"), "cookware": ("knives", "tableware"),
    "knives": ("cookware",), "lighting": ("desk-setup", "candles"), "throws-cushions": ("candles", "lighting"),
    "planters": ("seeds", "garden-tools"), "seeds": ("planters", "garden-tools"), "garden-tools": ("seeds", "planters"),
    "headphones": ("turntables", "keyboards"), "turntables": ("speakers",), "speakers": ("turntables",),
    "keyboards": ("desk-setup",), "desk-setup": ("keyboards", "notebooks"), "tents": ("sleeping-bags", "camp-kitchen"),
    "sleeping-bags": ("tents", "camp-kitchen"), "camp-kitchen": ("tents",), "bike-lights": ("bike-bags",), "bike-bags": ("bike-lights",),
    "face-care": ("soaps",), "soaps": ("face-care", "candles"), "notebooks": ("pens",), "pens": ("notebooks",),
    "art-supplies": ("prints", "notebooks"), "board-games": ("puzzles",), "teas": ("honey-preserves", "tableware"),
    "chocolate": ("coffee-beans", "teas"), "knitwear": ("shirts",), "shirts": ("knitwear", "shoes"), "shoes": ("bags",),
    "jackets": ("knitwear", "bags"), "wooden-toys": ("construction-kits",), "construction-kits": ("puzzles",),
}  # fmt: skip


def examined(places: NDArray[np.intp]) -> NDArray[np.float64]:
    """How likely a place is looked at: screens of four products, each less likely than the last, the first product most of all."""
    curve: NDArray[np.float64] = (0.8 ** (places // 4)) * np.where(places == 0, 1.0, 0.82) * (0.97**places)
    return curve


class Simulation:
    """The state of the market while the days go by. `run` gives the log."""

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        taste: Taste,
        products: list[ProductRow],
        leaves: list[Leaf],
        days: int,
        until: float,
    ) -> None:
        self.rng, self.taste, self.products, self.leaves, self.days, self.until = (
            rng,
            taste,
            products,
            leaves,
            days,
            until,
        )
        buyers, count = taste.utility.shape
        self.leaf = np.array([product.leaf for product in products])
        slugs = [leaf.slug for leaf in leaves]
        self.complements = [[slugs.index(slug) for slug in COMPLEMENTS.get(leaf.slug, ())] for leaf in leaves]
        self.created_at = np.array([product.created_at for product in products])
        self.is_published = np.array([product.status == "PUBLISHED" for product in products])
        self.is_consumable = np.array([leaves[place].is_consumable for place in self.leaf])
        self.popularity = np.exp(1.1 * taste.appeal)
        self.habit = np.full((buyers, len(leaves)), 0.02)
        self.seen = np.zeros((buyers, count), dtype=np.float32)
        self.bought_at = np.full((buyers, count), -np.inf)
        self.mission = np.array([rng.choice(len(leaves), p=odds) for odds in taste.leaf_odds])
        self.slates = 0
        self.baskets = 0
        self.log = LogBuilder()

    def run(self) -> Log:
        """Simulates all days."""
        start = self.until - self.days * DAY
        for day in range(self.days):
            self._day(start + day * DAY)
        return self.log.build(until=self.until)

    def _day(self, start: float) -> None:
        rng = self.rng
        self.popularity *= 0.5 ** (1 / 7)
        self.popularity += 0.02 * np.exp(self.taste.appeal)
        self.habit *= 0.5 ** (1 / 20)
        self.seen *= 0.5 ** (1 / 14)
        season = self._season(start)
        self._change_missions(season)
        rhythm = WEEKDAY_RHYTHM[int((start // DAY + 3) % 7)]
        buyers = np.repeat(np.arange(len(self.mission)), rng.poisson(self.taste.sessions_a_day * rhythm))
        if not len(buyers):
            return
        hours = (np.arange(24) + int(start // 3600)) % 24
        odds = HOUR_ODDS[hours]
        began = start + 3600.0 * (rng.choice(24, size=len(buyers), p=odds / odds.sum()) + rng.random(len(buyers)))
        intent = self._intents(buyers)
        available = self.is_published & (self.created_at < start)
        home = self._home_slates(buyers, start, available)
        self._visit(buyers, home, began=began, intent=intent, surface=HOME, season=season)
        browses = rng.random(len(buyers)) < 0.45
        self._browse(buyers[browses], began[browses] + 240.0, intent[browses], available, season)
        returns = rng.random(len(buyers)) < 0.7
        home = self._home_slates(buyers[returns], start, available)
        self._visit(
            buyers[returns], home, began=began[returns] + 600.0, intent=intent[returns], surface=HOME, season=season
        )

    def _season(self, start: float) -> NDArray[np.float64]:
        """float64 (leaves,), -0.3..0.6: how much the month is this leaf's month."""
        day_of_year = (start / DAY) % 365.25
        peaks = np.array([leaf.season or 0 for leaf in self.leaves], dtype=np.float64)
        phase = 2 * np.pi * (day_of_year - (peaks - 0.5) * 30.44) / 365.25
        return np.where(peaks > 0, 0.15 + 0.45 * np.cos(phase), 0.0)

    def _change_missions(self, season: NDArray[np.float64]) -> None:
        odds = self.taste.leaf_odds * np.exp(season)
        changing = np.flatnonzero(self.rng.random(len(self.mission)) < MISSION_CHANGE_A_DAY)
        reach = np.cumsum(odds[changing], axis=1)
        drawn = self.rng.random(len(changing)) * reach[:, -1]
        self.mission[changing] = (reach < drawn[:, None]).sum(axis=1)

    def _intents(self, buyers: NDArray[np.intp]) -> NDArray[np.intp]:
        intent = self.mission[buyers].copy()
        strays = np.flatnonzero(self.rng.random(len(buyers)) < 0.2)
        reach = np.cumsum(self.taste.leaf_odds[buyers[strays]], axis=1)
        intent[strays] = (reach < self.rng.random((len(strays), 1))).sum(axis=1).clip(max=len(self.leaves) - 1)
        return intent

    def _home_slates(self, buyers: NDArray[np.intp], start: float, available: NDArray[np.bool_]) -> NDArray[np.intp]:
        popular = np.where(available, self.popularity, 0.0)
        popular = popular / popular.sum()
        liked = self.habit[buyers][:, self.leaf] * np.where(available, self.popularity + 0.3, 0.0)
        liked = liked / liked.sum(axis=1, keepdims=True)
        age_days = (start - self.created_at) / DAY
        fresh = np.where(available & (age_days < 14), 1.0, 0.0)
        fresh = fresh / max(fresh.sum(), 1.0)
        chance = available / available.sum()
        odds = 0.30 * popular + 0.40 * liked + 0.10 * fresh + 0.20 * chance
        with np.errstate(divide="ignore"):
            keys = np.log(odds) + self.rng.gumbel(size=odds.shape)
        top = np.argpartition(-keys, HOME_SIZE, axis=1)[:, :HOME_SIZE]
        order = np.argsort(-np.take_along_axis(keys, top, axis=1), axis=1, kind="stable")
        return np.take_along_axis(top, order, axis=1)

    def _browse(
        self,
        buyers: NDArray[np.intp],
        began: NDArray[np.float64],
        intent: NDArray[np.intp],
        available: NDArray[np.bool_],
        season: NDArray[np.float64],
    ) -> None:
        if not len(buyers):
            return
        inside = (self.leaf[None, :] == intent[:, None]) & available[None, :]
        keys = np.where(inside, np.log(self.popularity + 0.05) + self.rng.gumbel(size=inside.shape), -np.inf)
        order = np.argsort(-keys, axis=1, kind="stable")[:, :CATEGORY_SIZE]
        self._visit(buyers, order, began=began, intent=intent, surface=CATEGORY, season=season)

    def _visit(
        self,
        buyers: NDArray[np.intp],
        shown: NDArray[np.intp],
        *,
        began: NDArray[np.float64],
        intent: NDArray[np.intp],
        surface: int,
        season: NDArray[np.float64],
    ) -> None:
        rng = self.rng
        count, size = shown.shape
        slate = (self.slates + np.arange(count))[:, None] + np.zeros((1, size), dtype=np.intp)
        self.slates += count
        places = np.tile(np.arange(size), (count, 1))
        scrolled = np.minimum(4 * rng.geometric(0.26, size=count), size)
        wanted = self._wanted(buyers, began, intent, shown, season)
        looked = (rng.random(shown.shape) < examined(places)) & (places < scrolled[:, None])
        clicked = looked & (rng.random(shown.shape) < _sigmoid(wanted - CLICK_THRESHOLD))
        who = np.repeat(buyers[:, None], size, axis=1)
        moment = began[:, None] + 2.0 + places * 6.0 + rng.random(shown.shape)
        served = places < scrolled[:, None]
        screen = began[:, None] + (places // 4) * 20.0 + 0.01 * places
        self.log.add(
            IMPRESSION,
            surface=surface,
            buyer=who[served],
            product=shown[served],
            slate=slate[served],
            position=places[served],
            at=screen[served],
        )
        np.add.at(self.seen, (who[served], shown[served]), 1.0)
        self.log.add(
            CLICK,
            surface=surface,
            buyer=who[clicked],
            product=shown[clicked],
            slate=slate[clicked],
            position=places[clicked],
            at=moment[clicked],
        )
        hidden = looked & ~clicked & (wanted < 0.0) & (rng.random(shown.shape) < 0.006)
        self.log.add(
            HIDE,
            surface=surface,
            buyer=who[hidden],
            product=shown[hidden],
            slate=slate[hidden],
            position=places[hidden],
            at=moment[hidden],
        )
        self._after_clicks(who[clicked], shown[clicked], slate[clicked], moment[clicked], wanted[clicked])

    def _wanted(
        self,
        buyers: NDArray[np.intp],
        began: NDArray[np.float64],
        intent: NDArray[np.intp],
        shown: NDArray[np.intp],
        season: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        who = buyers[:, None]
        age_days = np.maximum(began[:, None] - self.created_at[shown], 0.0) / DAY
        rested = (began[:, None] - self.bought_at[who, shown]) / DAY
        tired = np.where(self.is_consumable[shown], np.where(rested < 21, -2.5, 1.5), -3.0)
        wanted: NDArray[np.float64] = (
            self.taste.utility[who, shown]
            + MISSION_PULL * (self.leaf[shown] == intent[:, None])
            + season[self.leaf[shown]]
            + self.taste.novelty[who] * np.exp(-age_days / 10.0)
            + np.where(np.isfinite(rested), tired, 0.0)
            - 0.35 * np.minimum(self.seen[who, shown], 4.0)
        )
        return wanted

    def _after_clicks(
        self,
        who: NDArray[np.intp],
        product: NDArray[np.intp],
        slate: NDArray[np.intp],
        at: NDArray[np.float64],
        wanted: NDArray[np.float64],
    ) -> None:
        rng = self.rng
        self.log.add(VIEW, surface=PRODUCT, buyer=who, product=product, slate=slate, at=at + 1.5)
        np.add.at(self.popularity, product, 1.0)
        np.add.at(self.habit, (who, self.leaf[product]), 1.0)
        liked = rng.random(len(who)) < 0.07 * _sigmoid(wanted - 1.0) * 2
        self.log.add(
            FAVOURITE,
            surface=PRODUCT,
            buyer=who[liked],
            product=product[liked],
            slate=slate[liked],
            at=at[liked] + 20.0,
        )
        carted = rng.random(len(who)) < 0.42 * _sigmoid(wanted - 2.6)
        self.log.add(
            ADD_TO_CART,
            surface=PRODUCT,
            buyer=who[carted],
            product=product[carted],
            slate=slate[carted],
            at=at[carted] + 40.0,
        )
        np.add.at(self.popularity, product[carted], 3.0)
        looks_on = np.flatnonzero(rng.random(len(who)) < 0.35)
        self._look_on(who[looks_on], product[looks_on], at[looks_on] + 25.0)
        more_who, more, more_at = self._complement(who[carted], product[carted], at[carted] + 70.0)
        self._check_out(
            np.concatenate((who[carted], more_who)),
            np.concatenate((product[carted], more)),
            np.concatenate((slate[carted], np.full(len(more), -1))),
            np.concatenate((at[carted], more_at)),
        )

    def _best_in_leaf(self, who: int, leaf: int, at: float, *, but: int) -> int | None:
        """What this buyer would pick there, in a mood; None from an empty shelf."""
        shelf = np.flatnonzero((self.leaf == leaf) & self.is_published & (self.created_at < at))
        shelf = shelf[shelf != but]
        if not len(shelf):
            return None
        mood = (
            self.taste.utility[who, shelf]
            + np.log(self.popularity[shelf] + 0.05) * 0.3
            + self.rng.gumbel(size=len(shelf)) * 0.6
        )
        return int(shelf[np.argmax(mood)])

    def _look_on(self, who: NDArray[np.intp], product: NDArray[np.intp], at: NDArray[np.float64]) -> None:
        found = [
            (buyer, other, moment)
            for buyer, seen, moment in zip(who.tolist(), product.tolist(), at.tolist(), strict=True)
            if (other := self._best_in_leaf(buyer, int(self.leaf[seen]), moment, but=seen)) is not None
        ]
        self._log_found(VIEW, found)

    def _complement(
        self, who: NDArray[np.intp], product: NDArray[np.intp], at: NDArray[np.float64]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        found = []
        for buyer, carted, moment in zip(who.tolist(), product.tolist(), at.tolist(), strict=True):
            fitting = self.complements[int(self.leaf[carted])]
            if not fitting or self.rng.random() > 0.3:
                continue
            leaf = fitting[int(self.rng.integers(len(fitting)))]
            other = self._best_in_leaf(buyer, leaf, moment, but=carted)
            if other is not None:
                found.append((buyer, other, moment))
        self._log_found(VIEW, found)
        self._log_found(ADD_TO_CART, [(buyer, other, moment + 15.0) for buyer, other, moment in found])
        return (
            np.array([buyer for buyer, _, _ in found], dtype=np.intp),
            np.array([other for _, other, _ in found], dtype=np.intp),
            np.array([moment + 15.0 for _, _, moment in found]),
        )

    def _check_out(
        self, who: NDArray[np.intp], product: NDArray[np.intp], slate: NDArray[np.intp], at: NDArray[np.float64]
    ) -> None:
        """One basket for a buyer of all they carted in this round, or none."""
        buyers = np.unique(who)
        paying = buyers[self.rng.random(len(buyers)) < 0.6]
        for buyer in paying.tolist():
            mine = np.flatnonzero(who == buyer)
            first = np.unique(product[mine], return_index=True)[1]
            mine = mine[first]
            paid_at = float(at[mine].max()) + 90.0 + float(self.rng.exponential(60.0))
            self.log.add(
                PURCHASE,
                surface=CART,
                buyer=buyer,
                product=product[mine],
                slate=slate[mine],
                at=paid_at,
                basket=self.baskets,
            )
            self.baskets += 1
            self.popularity[product[mine]] += 5.0
            self.bought_at[buyer, product[mine]] = paid_at

    def _log_found(self, kind: int, found: list[tuple[int, int, float]]) -> None:
        who = np.array([buyer for buyer, _, _ in found], dtype=np.intp)
        product = np.array([other for _, other, _ in found], dtype=np.intp)
        at = np.array([moment for _, _, moment in found], dtype=np.float64)
        self.log.add(kind, surface=PRODUCT, buyer=who, product=product, at=at)


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-x))
    return result
