"""The order schema's mutations: the caller's words into a command, its refusals into members of the result union."""

from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.kit.graph.scalars import Id
from subgraphs.order import commands, model, payment_results, placing
from subgraphs.order.errors import OrdersPaused
from subgraphs.order.graph.context import SELLER_SCOPE, Info
from subgraphs.order.graph.inputs import PaymentResultInput, PlaceOrderInput
from subgraphs.order.graph.results import OrderActionResult, OrderSuccess, PlaceOrderResult
from subgraphs.order.graph.types import Order
from subgraphs.order.resources import ACCEPTS_ORDERS


@strawberry.type
class Mutation:
    @federation.mutation(authenticated=True, directives=[Cost(weight=50)])
    async def place_order(self, info: Info, input: PlaceOrderInput) -> PlaceOrderResult | None:
        """Order a basket at the price that the caller saw; the same key gives the same order."""
        context = info.context
        if not context.resources.config.current.get(ACCEPTS_ORDERS):
            raise OrdersPaused()
        row = await placing.place_order(
            context.resources.dependencies, input.as_request(), buyer_id=context.account_id, identity=context.identity
        )
        return OrderSuccess(order=Order.of(row))

    @federation.mutation(authenticated=True, directives=[Cost(weight=20)])
    async def cancel_order(
        self, info: Info, id: Id, expected_version: int, reason: Annotated[str, model.REASON] | None = None
    ) -> OrderActionResult | None:
        """Cancel an order of the caller's; its stock is freed, and what was paid goes back."""
        resources = info.context.resources
        row = await commands.cancel_order(
            resources.database,
            id,
            buyer_id=info.context.account_id,
            reason=reason,
            expected_version=expected_version,
            now=resources.clock(),
        )
        return OrderSuccess(order=Order.of(row))

    @federation.mutation(requires_scopes=[[SELLER_SCOPE]], tags=["seller"])
    async def mark_shipped(
        self,
        info: Info,
        id: Id,
        expected_version: int,
        tracking_number: Annotated[str, model.TRACKING_NUMBER] | None = None,
    ) -> OrderActionResult | None:
        """Say that the caller's items of an order are on their way."""
        resources = info.context.resources
        row = await commands.mark_shipped(
            resources.database,
            id,
            seller_id=info.context.account_id,
            tracking_number=tracking_number,
            expected_version=expected_version,
            now=resources.clock(),
        )
        return OrderSuccess(order=Order.of(row))

    @federation.mutation(authenticated=True)
    async def confirm_delivery(self, info: Info, id: Id, expected_version: int) -> OrderActionResult | None:
        """Say that an order of the caller's has arrived."""
        resources = info.context.resources
        row = await commands.confirm_delivery(
            resources.database,
            id,
            buyer_id=info.context.account_id,
            expected_version=expected_version,
            now=resources.clock(),
        )
        return OrderSuccess(order=Order.of(row))

    @federation.mutation(
        inaccessible=True,
        tags=["internal"],
        description="Service-to-service: payment's events, delivered by payment's workers; true when it was news",
    )
    async def record_payment_result(self, info: Info, input: PaymentResultInput) -> bool:
        """Take in what became of a payment, once for each event."""
        resources = info.context.resources
        return await payment_results.record(resources.database, input.as_result(), now=resources.clock())
