"""The log of behaviour as columns, and what gathers it piece by piece."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

KINDS = ("IMPRESSION", "VIEW", "CLICK", "ADD_TO_CART", "FAVOURITE", "HIDE", "PURCHASE")
IMPRESSION, VIEW, CLICK, ADD_TO_CART, FAVOURITE, HIDE, PURCHASE = range(len(KINDS))
SURFACES = ("HOME", "CATEGORY", "PRODUCT", "CART")
HOME, CATEGORY, PRODUCT, CART = range(len(SURFACES))


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Events as columns, in time order; all arrays have one length.

    Attributes:
        kind: places in KINDS.
        surface: places in SURFACES.
        buyer, product: places in the lists of buyers and products.
        slate: number of the slate that led to it, -1 without one.
        position: in the slate, from 0; -1 without one.
        at: Unix seconds.
        basket: number of the order of a purchase, -1 otherwise.
    """

    kind: NDArray[np.int8]
    surface: NDArray[np.int8]
    buyer: NDArray[np.int32]
    product: NDArray[np.int32]
    slate: NDArray[np.int32]
    position: NDArray[np.int16]
    at: NDArray[np.float64]
    basket: NDArray[np.int32]


class LogBuilder:
    """Gathers pieces in any order; `build` sorts them."""

    def __init__(self) -> None:
        self._pieces: list[tuple[NDArray[np.float64], ...]] = []

    def add(
        self,
        kind: int,
        *,
        surface: int,
        buyer: ArrayLike,
        product: ArrayLike,
        at: ArrayLike,
        slate: ArrayLike = -1,
        position: ArrayLike = -1,
        basket: ArrayLike = -1,
    ) -> None:
        """Adds events of one kind: scalars stand for all of them, arrays have one length."""
        columns = (kind, surface, buyer, product, slate, position, at, basket)
        self._pieces.append(tuple(np.broadcast_arrays(*(np.asarray(column, dtype=np.float64) for column in columns))))

    def build(self, *, until: float) -> Log:
        """The log up to `until`, by time, then position, then kind."""
        kind, surface, buyer, product, slate, position, at, basket = (
            np.concatenate(pieces) for pieces in zip(*self._pieces, strict=True)
        )
        order = np.lexsort((kind, position, at))
        order = order[at[order] <= until]
        return Log(
            kind=kind[order].astype(np.int8),
            surface=surface[order].astype(np.int8),
            buyer=buyer[order].astype(np.int32),
            product=product[order].astype(np.int32),
            slate=slate[order].astype(np.int32),
            position=position[order].astype(np.int16),
            at=at[order],
            basket=basket[order].astype(np.int32),
        )
