"""The version of a product's last edit, beside the version that sales move as well."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; up to now every version was an edit."""
    # No batch: on SQLite it drops the old table, and the attributes of all products with it (ON DELETE CASCADE).
    op.add_column("products", sa.Column("edited_version", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE products SET edited_version = version")


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("products", "edited_version")
