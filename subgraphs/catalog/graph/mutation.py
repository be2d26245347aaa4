"""The catalog's mutations: the caller's words into a command, its refusals into members of the result union."""

from typing import Annotated, Any

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.catalog import commands, model, queries
from subgraphs.catalog.errors import ForbiddenTransition, InvalidAttribute, OutOfStock
from subgraphs.catalog.graph.context import Info
from subgraphs.catalog.graph.inputs import ProductInput, ProductPatch, ReserveLine
from subgraphs.catalog.graph.results import (
    AttributeError,  # noqa: A004 - the contract's name
    ForbiddenTransitionError,
    OutOfStockLine,
    ProductSuccess,
    ReservedLine,
    StockReservation,
    StockShortage,
)
from subgraphs.catalog.graph.types import Product
from subgraphs.catalog.model import ProductStatus
from subgraphs.kit.graph.errors import Fault, NotFoundError, UserError, ValidationError, VersionConflictError, shown
from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.scalars import Id, money
from subgraphs.kit.runtime.refusals import Refusal, VersionConflict

CreateProductResult = Annotated[
    ProductSuccess | ValidationError | AttributeError, strawberry.union("CreateProductResult")
]
UpdateProductResult = Annotated[
    ProductSuccess | ValidationError | AttributeError | NotFoundError | VersionConflictError,
    strawberry.union("UpdateProductResult"),
]
SetProductStatusResult = Annotated[
    ProductSuccess | NotFoundError | ForbiddenTransitionError, strawberry.union("SetProductStatusResult")
]
ReserveStockResult = Annotated[StockReservation | StockShortage, strawberry.union("ReserveStockResult")]

MAX_LINES = 200

_SELLERS: Any = {"requires_scopes": [["seller:catalog"]], "tags": ["seller"], "directives": [Cost(weight=10)]}
_SERVICES: Any = {"inaccessible": True, "tags": ["internal"]}


def answer_of(refusal: Refusal) -> UserError | None:
    """Return the error type that answers a refusal of the catalog; None for a refusal of the kit."""
    match refusal:
        case InvalidAttribute(attribute=attribute):
            return AttributeError(**shown(refusal), attribute=attribute)
        case ForbiddenTransition(current=current, wanted=wanted):
            return ForbiddenTransitionError(**shown(refusal), from_=ProductStatus(current), to=ProductStatus(wanted))
        case OutOfStock(lines=lines):
            return StockShortage(
                **shown(refusal),
                lines=[OutOfStockLine(product_id=strawberry.ID(x.product_id), available=x.available) for x in lines],
            )
        case _:
            return None


@strawberry.type
class Mutation:
    @federation.mutation(**_SELLERS)
    async def create_product(self, info: Info, input: ProductInput) -> CreateProductResult | None:
        """A new product of the caller's, as a draft."""
        resources = info.context.resources
        row = await commands.create_product(
            resources.database, info.context.account_id, input.as_new(), now=resources.clock()
        )
        return ProductSuccess(product=Product.of(row))

    @federation.mutation(**_SELLERS)
    async def update_product(
        self,
        info: Info,
        id: Id,
        patch: ProductPatch,
        expected_version: int,
    ) -> UpdateProductResult | None:
        """Change a product of the caller's that is still at the expected version."""
        resources = info.context.resources
        row = await commands.update_product(
            resources.database,
            info.context.account_id,
            id,
            patch.as_changes(),
            expected_version=expected_version,
            now=resources.clock(),
        )
        return ProductSuccess(product=Product.of(row))

    @federation.mutation(**_SELLERS)
    async def set_product_status(
        self,
        info: Info,
        id: Id,
        status: ProductStatus,
    ) -> SetProductStatusResult | None:
        """Publish, withdraw or archive a product of the caller's."""
        resources = info.context.resources
        try:
            row = await commands.set_status(
                resources.database, info.context.account_id, id, status, now=resources.clock()
            )
        except VersionConflict as refusal:
            raise Fault(refusal.code, "The product was changed at the same moment: try again") from refusal
        return ProductSuccess(product=Product.of(row))

    @federation.mutation(**_SERVICES, description="Service-to-service (order saga), hidden from the API schema")
    async def reserve_stock(
        self,
        info: Info,
        order_id: Id,
        lines: Annotated[list[ReserveLine], strawberry.argument(directives=bounded(MAX_LINES))],
        ttl_seconds: Annotated[int, model.HOLD_SECONDS] = 900,
    ) -> ReserveStockResult:
        """Hold stock for an order; a repeated call gives the first one's reservation."""
        resources = info.context.resources
        quantities: dict[str, int] = {}
        for line in lines:
            quantities[line.product_id] = quantities.get(line.product_id, 0) + line.quantity
        row = await commands.reserve_stock(
            resources.database, order_id, quantities, ttl_seconds=ttl_seconds, now=resources.clock()
        )
        held = await _reserved_lines(info, row.order_id)
        return StockReservation(id=strawberry.ID(row.id), expires_at=row.expires_at, lines=held)

    @federation.mutation(**_SERVICES)
    async def commit_reservation(self, info: Info, order_id: Id) -> bool:
        """Sell what was held; true if it is sold now."""
        return await commands.commit_reservation(info.context.resources.database, order_id)

    @federation.mutation(**_SERVICES)
    async def release_reservation(self, info: Info, order_id: Id) -> bool:
        """Give back what was held or sold; true if it is free now."""
        return await commands.release_reservation(info.context.resources.database, order_id)


async def _reserved_lines(info: Info, order_id: str) -> list[ReservedLine]:
    async with info.context.resources.database.reading() as session:
        lines = await queries.reserved_lines(session, order_id)
        products = await queries.products_by_id(session, [line.product_id for line in lines])
    return [
        ReservedLine(
            product=Product.of(products[line.product_id]),
            quantity=line.quantity,
            unit_price=money(line.unit_price_amount, line.currency),
        )
        for line in lines
    ]
