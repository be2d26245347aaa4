"""The context and info of the order schema's resolvers, and who may see what."""

from typing import Any

import strawberry

from subgraphs.kit.graph.context import Context
from subgraphs.kit.runtime.identity import Identity
from subgraphs.order.loaders import OrderLoaders
from subgraphs.order.model import Party
from subgraphs.order.resources import OrderResources

Info = strawberry.Info[Context[OrderResources, OrderLoaders], None]

SELLER_SCOPE = "seller:orders"


def is_whole_service(identity: Identity) -> bool:
    """True for a service that calls for itself: it sees every order."""
    return identity.is_service and identity.subject is None


async def parties_of(info: Info, row: Any) -> frozenset[Party]:
    """Who the caller is to an order; empty for a stranger, to whom it is as if absent."""
    identity = info.context.identity
    if is_whole_service(identity):
        return frozenset(Party)
    parties: set[Party] = set()
    if identity.subject == row.buyer_id:
        parties.add(Party.BUYER)
    if SELLER_SCOPE in identity.scopes and identity.subject in await info.context.loaders.sellers.load(row.id):
        parties.add(Party.SELLER)
    return frozenset(parties)
