"""The order schema's root fields for reading."""

from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.lookup_keys import check_one_key
from subgraphs.kit.graph.scalars import Id
from subgraphs.order import model, placing, repository
from subgraphs.order.graph.context import Info
from subgraphs.order.graph.inputs import CheckoutInput, lines_of
from subgraphs.order.graph.results import CheckoutPreview, CheckoutPreviewResult
from subgraphs.order.graph.types import Order, visible


@strawberry.type
class Query:
    @federation.field(authenticated=True)
    async def order(
        self,
        info: Info,
        id: Id | None = None,
        number: Annotated[str, model.NUMBER] | None = None,
    ) -> Order | None:
        """An order by id or by number, for its buyer and its sellers."""
        check_one_key(id=id, number=number)
        by = info.context.loaders
        return await visible(
            info, await (by.order.load(id) if id is not None else by.order_by_number.load(number or ""))
        )

    @federation.field(
        inaccessible=True,
        tags=["internal"],
        description="Service-to-service: those of the orders whose stock is theirs; asked by catalog before it frees any",
    )
    async def orders_holding_stock(
        self, info: Info, ids: Annotated[list[Id], strawberry.argument(directives=bounded(model.MAX_HOLDS_ASKED))]
    ) -> list[strawberry.ID]:
        """Those of the orders that are known and not called off."""
        async with info.context.resources.database.reading() as session:
            held = await repository.holding(session, ids)
        return [strawberry.ID(each) for each in ids if each in held]

    @federation.field(authenticated=True, directives=[Cost(weight=10)])
    async def checkout_preview(self, info: Info, input: CheckoutInput) -> CheckoutPreviewResult | None:
        """What a basket would cost the caller now."""
        context = info.context
        context.account_id  # noqa: B018 - a basket is an account's: this refuses a service that calls for itself
        quote = await placing.preview(
            context.resources.dependencies, lines_of(input.lines), input.address_id, identity=context.identity
        )
        return CheckoutPreview.of(quote)
