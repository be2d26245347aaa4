"""Orders without their copy of what was captured: payment owns the sums."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the column."""
    op.drop_column("orders", "captured_amount")


def downgrade() -> None:
    """Put the column back; of the orders that are paid it says that all was captured."""
    op.add_column("orders", sa.Column("captured_amount", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE orders SET captured_amount = subtotal_amount + shipping_amount WHERE payment_id IS NOT NULL")
