"""The queries of the payment schema."""

import strawberry
from strawberry import federation

from subgraphs.kit.graph.scalars import Id
from subgraphs.payment.graph.context import Info
from subgraphs.payment.graph.types import Payment


@strawberry.type
class Query:
    @federation.field(authenticated=True)
    async def payment(self, info: Info, id: Id) -> Payment | None:
        """A payment that the caller may see; nothing otherwise."""
        return await Payment.resolve_reference(info, id)
