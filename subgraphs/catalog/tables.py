"""The catalog's tables.

Pieces of a product are in one of three places, and only guarded statements move them: `stock` is free, `held` is reserved for an
order that is not paid yet, `sold` is gone. What a seller has on hand is `stock` and `held` together.

A product's `version` counts each change of what its seller may set: edits, and pieces that were sold or came back. `edited_version` is
the version of the last edit. An edit is made from a version, and refused when what it writes over has changed since.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.catalog import model
from subgraphs.kit.storage.types import LongText, String, UtcDateTime


class Base(DeclarativeBase):
    """The metadata of the catalog's database."""


class CategoryRow(Base):
    """A node of the category tree."""

    __tablename__ = "categories"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    slug: Mapped[str] = mapped_column(String(model.CATEGORY_SLUG.most), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("categories.id"), index=True)
    position: Mapped[int]
    depth: Mapped[int]


class CategoryLinkRow(Base):
    """The tree's closure: a row for each category and each of its ancestors, itself at distance 0."""

    __tablename__ = "category_links"

    ancestor_id: Mapped[str] = mapped_column(ForeignKey("categories.id"), primary_key=True)
    descendant_id: Mapped[str] = mapped_column(ForeignKey("categories.id"), primary_key=True, index=True)
    distance: Mapped[int]


class DefinitionRow(Base):
    """A typed attribute of a category, valid for everything below it."""

    __tablename__ = "attribute_definitions"
    __table_args__ = (UniqueConstraint("category_id", "code"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    category_id: Mapped[str] = mapped_column(ForeignKey("categories.id"))
    code: Mapped[str] = mapped_column(String(model.ATTRIBUTE_CODE.most))
    name: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(10))
    unit: Mapped[str | None] = mapped_column(String(20))
    options: Mapped[list[str] | None] = mapped_column(JSON)
    is_required: Mapped[bool]
    is_filterable: Mapped[bool]
    position: Mapped[int]


class ProductRow(Base):
    """A product with its stock.

    Attributes:
        shown_title: The title under which the product was last on sale; None while it is on sale for the first time or was never.
    """

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_is_never_negative"),
        CheckConstraint("held >= 0", name="held_is_never_negative"),
        CheckConstraint("price_amount > 0", name="a_price_is_positive"),
        Index("ix_products_category", "category_id", "status"),
        Index("ix_products_seller", "seller_id", "created_at", "id"),
        Index("ix_products_popular", "status", "popularity", "id"),
        Index("ix_products_changed", "updated_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    slug: Mapped[str] = mapped_column(String(model.PRODUCT_SLUG.most), unique=True)
    title: Mapped[str] = mapped_column(String(model.TITLE.most))
    description: Mapped[str] = mapped_column(LongText(model.DESCRIPTION.most))
    status: Mapped[str] = mapped_column(String(10))
    category_id: Mapped[str] = mapped_column(ForeignKey("categories.id"))
    seller_id: Mapped[str] = mapped_column(String(36))
    price_amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    compare_at_amount: Mapped[int | None] = mapped_column(BigInteger)
    stock: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)
    popularity: Mapped[float]
    picture: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    edited_version: Mapped[int] = mapped_column(default=1)
    shown_title: Mapped[str | None] = mapped_column(String(200))


class AttributeRow(Base):
    """A product's value of an attribute; the one of the definition's type is set."""

    __tablename__ = "product_attributes"

    product_id: Mapped[str] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    definition_id: Mapped[str] = mapped_column(ForeignKey("attribute_definitions.id"), primary_key=True, index=True)
    text: Mapped[str | None] = mapped_column(String(model.ATTRIBUTE_TEXT.most))
    number: Mapped[float | None]
    boolean: Mapped[bool | None]


class ReservationRow(Base):
    """Stock held for an order. `HELD` becomes `COMMITTED` or `RELEASED`, and `COMMITTED` may become `RETURNED`, each once."""

    __tablename__ = "reservations"
    __table_args__ = (Index("ix_reservations_expiry", "status", "expires_at"),)

    order_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    status: Mapped[str] = mapped_column(String(10))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReservedLineRow(Base):
    """A line of a reservation, with the price at which it was reserved."""

    __tablename__ = "reserved_lines"

    order_id: Mapped[str] = mapped_column(ForeignKey("reservations.order_id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    quantity: Mapped[int]
    unit_price_amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class ListedProduct(Base):
    """A product as each category above it lists it: the join of products with the tree's closure; for reading only."""

    __table__ = (
        select(CategoryLinkRow.ancestor_id.label("listed_in"), *ProductRow.__table__.columns)
        .join(CategoryLinkRow, CategoryLinkRow.descendant_id == ProductRow.category_id)
        .subquery("listed_products")
    )
    __mapper_args__ = {"primary_key": [__table__.c.listed_in, __table__.c.id]}

    listed_in: Mapped[str]
    id: Mapped[str]
    slug: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    status: Mapped[str]
    category_id: Mapped[str]
    seller_id: Mapped[str]
    price_amount: Mapped[int]
    currency: Mapped[str]
    compare_at_amount: Mapped[int | None]
    stock: Mapped[int]
    held: Mapped[int]
    popularity: Mapped[float]
    picture: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]
