"""The products that can be ranked, as columns: row i of every array is the product `ids[i]`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVELS = 3
"""Root, middle, leaf. A shorter branch repeats its last category; a longer one keeps its root, second and leaf."""


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the category tree; a root has no parent."""

    id: str
    parent_id: str | None


@dataclass(frozen=True, slots=True)
class Product:
    """What ranking must know of a product.

    Attributes:
        price: minor units of the market's one currency, > 0.
        compare_at_price: the struck-through price in minor units; None without one.
        stock: pieces that can be sold now.
        created_at: Unix seconds.
        is_published: drafts and archived products are kept as rows (profiles name them) but never shown.
    """

    id: str
    category_id: str
    seller_id: str
    price: int
    stock: int
    created_at: float
    compare_at_price: int | None = None
    is_published: bool = True


class Facts(NamedTuple):
    """What a profile learns from a touched product: its categories root first, its seller, its price.

    Attributes:
        price_level: ln(price / the leaf category's median price): 0 is usual, ln 2 is twice the usual.
    """

    path: tuple[str, ...]
    seller_id: str
    price_level: float


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """An immutable snapshot of n products in c categories of s sellers. Build it with `catalogue_of`.

    Attributes:
        ids: n product ids; `rows` is its inverse.
        paths: int32 (n, 3), rows of `category_ids`: root, middle, leaf.
        sellers: int32 (n,), rows of `seller_ids`.
        prices: float64 (n,), minor units.
        price_levels: float64 (n,), see `Facts`.
        discounts: float64 (n,), share taken off the compare-at price, 0 without one.
        stock: int64 (n,).
        created_at: float64 (n,), Unix seconds.
        is_published: bool (n,).
    """

    ids: tuple[str, ...]
    rows: Mapping[str, int]
    category_ids: tuple[str, ...]
    category_rows: Mapping[str, int]
    seller_ids: tuple[str, ...]
    seller_rows: Mapping[str, int]
    paths: NDArray[np.int32]
    sellers: NDArray[np.int32]
    prices: NDArray[np.float64]
    price_levels: NDArray[np.float64]
    discounts: NDArray[np.float64]
    stock: NDArray[np.int64]
    created_at: NDArray[np.float64]
    is_published: NDArray[np.bool_]
    facts: tuple[Facts, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def facts_of(self, product_id: str) -> Facts | None:
        """The facts of a product; None if this snapshot does not have it (it may be newer than the snapshot)."""
        row = self.rows.get(product_id)
        return None if row is None else self.facts[row]

    def rows_in_category(self, category_id: str) -> NDArray[np.intp]:
        """Rows of the products in the category or below it, ascending; none for an unknown category."""
        category = self.category_rows.get(category_id, -1)
        return np.flatnonzero((self.paths == category).any(axis=1))


def catalogue_of(products: Iterable[Product], categories: Iterable[Category]) -> Catalogue:
    """The snapshot of these products, rows in the order given.

    Raises:
        KeyError: Raised when a product names a category that is not among `categories`.
    """
    listed = tuple(products)
    parents = {category.id: category.parent_id for category in categories}
    category_ids = tuple(parents)
    category_rows = {category_id: row for row, category_id in enumerate(category_ids)}
    seller_ids = tuple(dict.fromkeys(product.seller_id for product in listed))
    seller_rows = {seller_id: row for row, seller_id in enumerate(seller_ids)}
    paths = {category_id: _path(category_id, parents) for category_id in category_ids}

    prices = np.array([product.price for product in listed], dtype=np.float64)
    leaves = np.array([category_rows[product.category_id] for product in listed], dtype=np.int32)
    levels = _price_levels(prices, leaves)
    struck = np.array([product.compare_at_price or product.price for product in listed], dtype=np.float64)
    path_rows = [[category_rows[step] for step in paths[product.category_id]] for product in listed]
    return Catalogue(
        ids=tuple(product.id for product in listed),
        rows={product.id: row for row, product in enumerate(listed)},
        category_ids=category_ids,
        category_rows=category_rows,
        seller_ids=seller_ids,
        seller_rows=seller_rows,
        paths=np.array(path_rows, dtype=np.int32).reshape(len(listed), LEVELS),
        sellers=np.array([seller_rows[product.seller_id] for product in listed], dtype=np.int32),
        prices=prices,
        price_levels=levels,
        discounts=np.clip(1.0 - prices / np.maximum(struck, 1.0), 0.0, 1.0),
        stock=np.array([product.stock for product in listed], dtype=np.int64),
        created_at=np.array([product.created_at for product in listed], dtype=np.float64),
        is_published=np.array([product.is_published for product in listed], dtype=np.bool_),
        facts=tuple(
            Facts(paths[product.category_id], product.seller_id, float(level))
            for product, level in zip(listed, levels, strict=True)
        ),
    )


def _path(category_id: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    upwards = [category_id]
    while (parent := parents[upwards[-1]]) is not None:
        upwards.append(parent)
    downwards = upwards[::-1]
    middle = downwards[min(1, len(downwards) - 1)]
    return (downwards[0], middle, category_id)


def _price_levels(prices: NDArray[np.float64], leaves: NDArray[np.int32]) -> NDArray[np.float64]:
    levels = np.zeros(len(prices), dtype=np.float64)
    for leaf in np.unique(leaves):
        members = leaves == leaf
        levels[members] = np.log(np.maximum(prices[members], 1.0) / max(float(np.median(prices[members])), 1.0))
    return levels
