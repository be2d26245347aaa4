"""What a product was called when it was shown last, and the order in which products were changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("products", sa.Column("shown_title", sa.String(200)))
    # Nothing says of an old draft whether it was published before; one that was ordered must have been.
    op.execute(
        "UPDATE products SET shown_title = title WHERE status = 'ARCHIVED'"
        " OR (status = 'DRAFT' AND id IN (SELECT product_id FROM reserved_lines))"
    )
    op.create_index("ix_products_changed", "products", ["updated_at", "id"])


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_products_changed", "products")
    op.drop_column("products", "shown_title")
