"""Asks every source and names each product once, by the first source that found it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.ranking.candidates import (
    buy_again,
    category_affinity,
    exploration,
    item_to_item,
    new_arrivals,
    popular,
)
from workers.ranking.candidates.question import Question
from workers.ranking.slate import Source

SOURCES: tuple[tuple[Source, Callable[[Question], NDArray[np.intp]]], ...] = (
    (Source.BUY_AGAIN, buy_again.rows),
    (Source.ITEM_TO_ITEM, item_to_item.rows),
    (Source.CATEGORY_AFFINITY, category_affinity.rows),
    (Source.NEW_ARRIVALS, new_arrivals.rows),
    (Source.POPULAR, popular.rows),
    (Source.EXPLORATION, exploration.rows),
)
"""The more a source knows of the buyer, the earlier it names its products."""


@dataclass(frozen=True, slots=True, eq=False)
class Retrieved:
    """Candidates: intp (n,) rows of the catalogue, each once, and the source that named each."""

    rows: NDArray[np.intp]
    sources: tuple[Source, ...]


def retrieve(question: Question) -> Retrieved:
    """The union of all sources."""
    named: dict[int, Source] = {}
    for source, rows in SOURCES:
        for row in rows(question).tolist():
            named.setdefault(row, source)
    return Retrieved(np.fromiter(named, dtype=np.intp, count=len(named)), tuple(named.values()))
