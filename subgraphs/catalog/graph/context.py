"""The context and info of the catalog schema's resolvers."""

import strawberry

from subgraphs.catalog.loaders import CatalogLoaders
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.tables import ProductRow
from subgraphs.kit.graph.context import Context
from subgraphs.kit.runtime.identity import Identity

Info = strawberry.Info[Context[CatalogResources, CatalogLoaders], None]


def is_own(identity: Identity, row: ProductRow) -> bool:
    """Whether the caller sells the product, or is a service."""
    return identity.is_service or identity.subject == row.seller_id
