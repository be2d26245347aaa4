"""The context and info of the payment schema's resolvers."""

import strawberry

from subgraphs.kit.graph.context import Context
from subgraphs.payment.loaders import PaymentLoaders
from subgraphs.payment.resources import PaymentResources

Info = strawberry.Info[Context[PaymentResources, PaymentLoaders], None]
