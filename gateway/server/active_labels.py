"""Which override labels are active for a request (`@override(from:, label:)`): a field moves between subgraphs by degrees."""

import random
from collections.abc import Iterable

from gateway.override_labels import percentage


class OverrideLabels:
    """Decides the labels of one supergraph.

    Args:
        labels: all that the supergraph has; ``percent(n)`` is active for n in 100 requests.
        active: those that the settings switch on.
    """

    def __init__(self, labels: Iterable[str], active: Iterable[str]) -> None:
        labels = frozenset(labels)
        self._always = labels & frozenset(active)
        self._percents = [(label, percent) for label in sorted(labels) if (percent := percentage(label)) is not None]

    def decide(self) -> frozenset[str]:
        """The labels that are active for one request. All percentages are judged by one throw: 20 of 100 are among 50 of 100."""
        if not self._percents:
            return self._always
        thrown = random.random() * 100  # noqa: S311 - traffic is split, nothing is kept secret
        return self._always.union(label for label, percent in self._percents if thrown < percent)
