"""Relives a log: the state of every buyer and product as it was at any instant, by the same code that the worker runs.

Events before an instant are in the state, events at or after it are not; neighbours are as of the last midnight, as they
are in production. That is all there is to leakage: a row's features are read before its own slate is applied.
"""

from collections import defaultdict

import numpy as np

from workers.features import counters, profile
from workers.features.counters import COUNTED, ProductCounters
from workers.features.decay import DAY, HALF_LIVES
from workers.features.event import INTEREST, Behaviour, Kind
from workers.features.neighbours import Neighbours, neighbours_of
from workers.features.profile import BuyerProfile
from workers.features.snapshot import Market, fill
from workers.training.source import History

NEIGHBOURS = 40
BASKET_DAYS = 60.0
"""Visits older than this no longer make neighbours."""


class Replay:
    """The market at `now`, which only moves forward."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.now = history.events[0].at if history.events else history.until
        self._next = 0
        self._profiles: dict[str, BuyerProfile] = {}
        self._profile_events: dict[str, list[Behaviour]] = defaultdict(list)
        self._counters: dict[str, ProductCounters] = {}
        self._counter_events: dict[str, list[Behaviour]] = defaultdict(list)
        self._visits: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._orders: dict[tuple[str, float], list[int]] = defaultdict(list)
        count = len(history.catalogue)
        self._masses = np.zeros((count, len(COUNTED), len(HALF_LIVES)))
        self._instants = np.zeros((count, len(COUNTED)))
        self._midnight = -1
        self._similar, self._bought_together = self._neighbours()

    def advance(self, to: float) -> None:
        """Applies all events before `to`."""
        events = self.history.events
        while self._next < len(events) and events[self._next].at < to:
            self._take(events[self._next])
            self._next += 1
        self.now = max(self.now, to)

    def profile(self, buyer_id: str) -> BuyerProfile:
        """The buyer's profile now."""
        waiting = self._profile_events.pop(buyer_id, None)
        known = self._profiles.get(buyer_id) or BuyerProfile()
        if waiting:
            known = self._profiles[buyer_id] = profile.apply(known, waiting, self.history.catalogue)
        return known

    def market(self) -> Market:
        """The market now; a view that the next `advance` changes."""
        if self._counter_events:
            changed = {
                product_id: counters.apply(self._counters.get(product_id) or ProductCounters(), waiting)
                for product_id, waiting in self._counter_events.items()
            }
            self._counter_events.clear()
            self._counters.update(changed)
            fill(self._masses, self._instants, changed, self.history.catalogue)
        if int(self.now // DAY) != self._midnight:
            self._midnight = int(self.now // DAY)
            self._similar, self._bought_together = self._neighbours()
        return Market(self.history.catalogue, self._masses, self._instants, self._similar, self._bought_together)

    def counters(self) -> dict[str, ProductCounters]:
        """The counters of every product that anybody did anything with, now."""
        self.market()
        return dict(self._counters)

    def _take(self, event: Behaviour) -> None:
        self._profile_events[event.buyer_id].append(event)
        self._counter_events[event.product_id].append(event)
        row = self.history.catalogue.rows.get(event.product_id)
        if row is None or INTEREST[event.kind] == 0.0:
            return
        self._visits[event.buyer_id, int(event.at // DAY)].append(row)
        if event.kind is Kind.PURCHASE:
            self._orders[event.buyer_id, event.at].append(row)

    def _neighbours(self) -> tuple[Neighbours, Neighbours]:
        today = int(self.now // DAY)
        oldest = today - BASKET_DAYS
        visits = [basket for (_, day), basket in self._visits.items() if oldest <= day < today]
        orders = [basket for (_, at), basket in self._orders.items() if oldest <= at // DAY < today]
        count = len(self.history.catalogue)
        return neighbours_of(visits, count=count, k=NEIGHBOURS), neighbours_of(orders, count=count, k=NEIGHBOURS)
