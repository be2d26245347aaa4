"""A seller is not shown their own goods."""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context
from workers.ranking.slate import SlateRequest


def allows(context: Context, request: SlateRequest) -> NDArray[np.bool_]:
    """False for a product of a seller whom the request excludes."""
    catalogue = context.market.catalogue
    own = [catalogue.seller_rows[seller] for seller in request.seller_ids_excluded if seller in catalogue.seller_rows]
    return ~np.isin(catalogue.sellers[context.rows], own)
