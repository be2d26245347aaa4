"""The catalog's inputs, turned into what queries and commands take."""

import enum
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.catalog import model
from subgraphs.catalog.commands import NewProduct, ProductChanges
from subgraphs.catalog.model import AttributeValue
from subgraphs.catalog.queries import AttributeMatch, Filter
from subgraphs.kit.graph.errors import Fault
from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.scalars import Id, MoneyInput

MAX_ATTRIBUTE_FILTERS = 20
MAX_FILTER_VALUES = 50
MAX_ATTRIBUTES = 100
FILTER_COST = 20
"""Each filter is one more condition on every product of a listing."""


@strawberry.enum
class ProductSort(enum.Enum):
    POPULAR = "POPULAR"
    NEWEST = "NEWEST"
    PRICE_ASC = "PRICE_ASC"
    PRICE_DESC = "PRICE_DESC"


@strawberry.input
class AttributeFilter:
    code: Annotated[str, model.ATTRIBUTE_CODE] = federation.field(directives=[Cost(weight=FILTER_COST)])
    in_: list[Annotated[str, model.ATTRIBUTE_TEXT]] | None = strawberry.field(
        name="in", default=None, directives=bounded(MAX_FILTER_VALUES)
    )
    min: float | None = None
    max: float | None = None


@strawberry.input
class ProductFilter:
    category_id: Id | None = None
    seller_id: Id | None = None
    query: Annotated[str, model.SEARCH] | None = None
    min_price: MoneyInput | None = None
    max_price: MoneyInput | None = None
    in_stock: bool | None = None
    attributes: list[AttributeFilter] | None = strawberry.field(default=None, directives=bounded(MAX_ATTRIBUTE_FILTERS))

    def as_filter(self) -> Filter:
        """The filter of the queries. A bound on the price holds for its currency alone.

        Raises:
            Fault: INVALID_FILTER, when the two bounds are in two currencies.
        """
        currencies = {bound.currency.value for bound in (self.min_price, self.max_price) if bound is not None}
        if len(currencies) > 1:
            raise Fault("INVALID_FILTER", "minPrice and maxPrice are in different currencies")
        return Filter(
            category_id=self.category_id,
            seller_id=self.seller_id,
            text=self.query,
            least_amount=self.min_price.amount if self.min_price else None,
            most_amount=self.max_price.amount if self.max_price else None,
            currency=next(iter(currencies), None),
            is_in_stock=self.in_stock,
            attributes=tuple(
                AttributeMatch(each.code, tuple(each.in_) if each.in_ is not None else None, each.min, each.max)
                for each in self.attributes or ()
            ),
        )


@strawberry.input
class AttributeValueInput:
    code: Annotated[str, model.ATTRIBUTE_CODE] = federation.field(directives=[Cost(weight=1)])
    text: Annotated[str, model.ATTRIBUTE_TEXT] | None = None
    number: float | None = None
    boolean: bool | None = None

    def as_value(self) -> AttributeValue:
        """The value of the model."""
        return AttributeValue(self.code, self.text, self.number, self.boolean)


@strawberry.input
class ProductInput:
    title: Annotated[str, model.TITLE]
    description: Annotated[str, model.DESCRIPTION]
    category_id: Id
    price: Annotated[MoneyInput, model.PRICE]
    stock: Annotated[int, model.STOCK]
    attributes: list[AttributeValueInput] = strawberry.field(directives=bounded(MAX_ATTRIBUTES))

    def as_new(self) -> NewProduct:
        """The new product of the commands."""
        return NewProduct(
            title=self.title,
            description=self.description,
            category_id=self.category_id,
            price_amount=self.price.amount,
            currency=self.price.currency.value,
            stock=self.stock,
            attributes=tuple(each.as_value() for each in self.attributes),
        )


@strawberry.input
class ProductPatch:
    title: Annotated[str, model.TITLE] | None = None
    description: Annotated[str, model.DESCRIPTION] | None = None
    category_id: Id | None = None
    price: Annotated[MoneyInput, model.PRICE] | None = None
    stock: Annotated[int, model.STOCK] | None = strawberry.field(
        default=None,
        description="The pieces on hand, those held for orders included; refused when pieces were sold or came back since expectedVersion",
    )
    stock_delta: Annotated[int, model.STOCK_DELTA] | None = strawberry.field(
        default=None,
        description="Pieces that came in, or, below zero, went out; sales since expectedVersion do not matter",
    )
    attributes: list[AttributeValueInput] | None = strawberry.field(default=None, directives=bounded(MAX_ATTRIBUTES))

    def as_changes(self) -> ProductChanges:
        """The changes of the commands."""
        return ProductChanges(
            title=self.title,
            description=self.description,
            category_id=self.category_id,
            price_amount=self.price.amount if self.price else None,
            currency=self.price.currency.value if self.price else None,
            on_hand=self.stock,
            stock_delta=self.stock_delta,
            attributes=tuple(each.as_value() for each in self.attributes) if self.attributes is not None else None,
        )


@strawberry.input
class ReserveLine:
    product_id: Id = federation.field(directives=[Cost(weight=1)])
    quantity: Annotated[int, model.RESERVED_QUANTITY]
