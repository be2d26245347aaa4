"""Item-to-item similarity: products that the same visits (or the same orders) hold, more often than chance.

For products i and j with c_i and c_j baskets each and c_ij together, the similarity is

    c_ij / sqrt(c_i * c_j)  *  c_ij / (c_ij + SHRINKAGE)

the cosine of their basket sets (popular products do not become everybody's neighbours), pulled towards 0 where it rests on
few baskets. By hand, with SHRINKAGE 2: i in 4 baskets, j in 9, 3 of them shared: 3/6 * 3/5 = 0.3.

Source: Linden, Smith, York, "Amazon.com Recommendations: Item-to-Item Collaborative Filtering", IEEE Internet Computing 2003.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

SHRINKAGE = 2.0
MAX_BASKET = 60
"""Products of one basket that are paired; a longer visit is a robot's, or a browse without a purpose."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The k nearest products of each of n products, by row of the catalogue.

    Attributes:
        rows: int32 (n, k), nearest first; -1 fills a row with fewer.
        weights: float32 (n, k), similarity in (0, 1]; 0 where rows is -1.
    """

    rows: NDArray[np.int32]
    weights: NDArray[np.float32]

    def of(self, row: int, first: int) -> list[tuple[int, float]]:
        """Up to `first` (row, similarity) of the products nearest to `row`, nearest first."""
        near = zip(self.rows[row, :first].tolist(), self.weights[row, :first].tolist(), strict=True)
        return [(other, weight) for other, weight in near if other >= 0]

    def to_json(self, ids: Sequence[str]) -> dict[str, list[list[Any]]]:
        """Plain JSON by product id, so that it outlives the catalogue's row order: {id: [[other id, similarity], ...]}."""
        width = self.rows.shape[1]
        listed = {ids[row]: [[ids[other], round(w, 5)] for other, w in self.of(row, width)] for row in range(len(ids))}
        return {product_id: near for product_id, near in listed.items() if near}

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[Sequence[Any]]], rows: Mapping[str, int]) -> Self:
        """The neighbours of `to_json`, in the row order of another catalogue; products that it lacks are left out."""
        width = max((len(near) for near in data.values()), default=1)
        near_rows = np.full((len(rows), width), -1, dtype=np.int32)
        weights = np.zeros((len(rows), width), dtype=np.float32)
        for product_id, near in data.items():
            row = rows.get(product_id)
            if row is None:
                continue
            try:
                known = [(rows[other], float(weight)) for other, weight in near if other in rows]
            except (ValueError, TypeError):  # a malformed row costs its own product its neighbours
                continue
            near_rows[row, : len(known)] = [other for other, _ in known]
            weights[row, : len(known)] = [weight for _, weight in known]
        return cls(near_rows, weights)


def no_neighbours(count: int) -> Neighbours:
    """Neighbours of a market without history."""
    return Neighbours(np.full((count, 1), -1, dtype=np.int32), np.zeros((count, 1), dtype=np.float32))


def neighbours_of(baskets: Iterable[Sequence[int]], *, count: int, k: int) -> Neighbours:
    """The k nearest of each of `count` products.

    Args:
        baskets: rows of the products that one visit or one order held; duplicates count once, more than MAX_BASKET are cut.
    """
    indices: list[int] = []
    ends = [0]
    for basket in baskets:
        indices.extend(list(dict.fromkeys(basket))[:MAX_BASKET])
        ends.append(len(indices))
    ones = np.ones(len(indices), dtype=np.float32)
    held = sparse.csr_matrix((ones, np.array(indices, dtype=np.int32), np.array(ends)), shape=(len(ends) - 1, count))
    together = (held.T @ held).tocsr()
    alone = np.sqrt(np.maximum(together.diagonal(), 1.0))
    together.setdiag(0.0)
    together.eliminate_zeros()
    lines = np.repeat(np.arange(count), np.diff(together.indptr))
    shared = together.data
    weights = shared / (alone[lines] * alone[together.indices]) * shared / (shared + SHRINKAGE)
    return _nearest(lines, together.indices, weights, count=count, k=k)


def _nearest(
    lines: NDArray[np.intp], others: NDArray[np.int32], weights: NDArray[np.float32], *, count: int, k: int
) -> Neighbours:
    order = np.lexsort((others, -weights, lines))
    lines, others, weights = lines[order], others[order], weights[order]
    starts = np.searchsorted(lines, np.arange(count))
    rank = np.arange(len(lines)) - starts[lines]
    kept = rank < k
    rows = np.full((count, k), -1, dtype=np.int32)
    table = np.zeros((count, k), dtype=np.float32)
    rows[lines[kept], rank[kept]] = others[kept]
    table[lines[kept], rank[kept]] = weights[kept]
    return Neighbours(rows, table)
