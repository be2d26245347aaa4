"""All filters, joined: a product is kept if every one allows it."""

import numpy as np

from workers.ranking.filters import hidden, just_purchased, out_of_stock, own
from workers.ranking.hydrate import Hydrated
from workers.ranking.slate import SlateRequest

FILTERS = (hidden.allows, own.allows, out_of_stock.allows, just_purchased.allows)


def keep(hydrated: Hydrated, request: SlateRequest) -> Hydrated:
    """The candidates that may be shown to this buyer, in the same order."""
    masks = [allows(hydrated.context, request) for allows in FILTERS]
    return hydrated.keep(np.logical_and.reduce(masks))
