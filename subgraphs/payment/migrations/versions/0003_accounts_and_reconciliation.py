"""Accounts of orders, when a payment was last asked for, and how far the provider's list was compared."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_IS_UNDECIDED = sa.text("status IN ('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'AUTHORIZED') OR refunding_amount > 0")


def upgrade() -> None:
    """Make the tables, the column and the indexes."""
    op.create_table(
        "order_accounts",
        sa.Column("order_id", sa.String(36), primary_key=True),
        sa.Column("closed_at", UtcDateTime()),
        sa.Column("settle_at", UtcDateTime()),
        sa.Column("attempts", sa.Integer(), nullable=False),
    )
    op.create_index("ix_order_accounts_settle_at", "order_accounts", ["settle_at"])
    op.create_table(
        "reconciliations",
        sa.Column("provider", sa.String(20), primary_key=True),
        sa.Column("compared_from", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
    )
    op.add_column("payments", sa.Column("asked_at", UtcDateTime()))
    op.create_index("ix_payments_created_at", "payments", ["created_at"])
    op.create_index(
        "ix_payments_undecided",
        "payments",
        ["asked_at"],
        sqlite_where=_IS_UNDECIDED,
        postgresql_where=_IS_UNDECIDED,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_payments_undecided", "payments")
    op.drop_index("ix_payments_created_at", "payments")
    op.drop_column("payments", "asked_at")
    op.drop_table("reconciliations")
    op.drop_table("order_accounts")
