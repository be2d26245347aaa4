"""Categories, attributes, products, reservations."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _categories()
    _products()
    _reservations()


def downgrade() -> None:
    """Drop them, the referring ones first."""
    for table in (
        "reserved_lines",
        "reservations",
        "product_attributes",
        "products",
        "attribute_definitions",
        "category_links",
        "categories",
    ):
        op.drop_table(table)


def _categories() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("slug", sa.String(120), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("parent_id", sa.String(36), sa.ForeignKey("categories.id")),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
    )
    op.create_index("ix_categories_parent_id", "categories", ["parent_id"])
    op.create_table(
        "category_links",
        sa.Column("ancestor_id", sa.String(36), sa.ForeignKey("categories.id"), primary_key=True),
        sa.Column("descendant_id", sa.String(36), sa.ForeignKey("categories.id"), primary_key=True),
        sa.Column("distance", sa.Integer(), nullable=False),
    )
    op.create_index("ix_category_links_descendant_id", "category_links", ["descendant_id"])
    op.create_table(
        "attribute_definitions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("category_id", sa.String(36), sa.ForeignKey("categories.id"), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("unit", sa.String(20)),
        sa.Column("options", sa.JSON()),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("is_filterable", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.UniqueConstraint("category_id", "code"),
    )


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("slug", sa.String(160), nullable=False, unique=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("category_id", sa.String(36), sa.ForeignKey("categories.id"), nullable=False),
        sa.Column("seller_id", sa.String(36), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("compare_at_amount", sa.BigInteger()),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("sold", sa.Integer(), nullable=False),
        sa.Column("popularity", sa.Double(), nullable=False),
        sa.Column("picture", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("stock >= 0", name="stock_is_never_negative"),
        sa.CheckConstraint("held >= 0", name="held_is_never_negative"),
        sa.CheckConstraint("price_amount > 0", name="a_price_is_positive"),
    )
    op.create_index("ix_products_category", "products", ["category_id", "status"])
    op.create_index("ix_products_seller", "products", ["seller_id", "created_at", "id"])
    op.create_index("ix_products_popular", "products", ["status", "popularity", "id"])
    op.create_table(
        "product_attributes",
        sa.Column("product_id", sa.String(36), sa.ForeignKey("products.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("definition_id", sa.String(36), sa.ForeignKey("attribute_definitions.id"), primary_key=True),
        sa.Column("text", sa.String(500)),
        sa.Column("number", sa.Double()),
        sa.Column("boolean", sa.Boolean()),
    )
    op.create_index("ix_product_attributes_definition_id", "product_attributes", ["definition_id"])


def _reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("order_id", sa.String(36), primary_key=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_reservations_expiry", "reservations", ["status", "expires_at"])
    op.create_table(
        "reserved_lines",
        sa.Column(
            "order_id", sa.String(36), sa.ForeignKey("reservations.order_id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("product_id", sa.String(36), sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
    )
