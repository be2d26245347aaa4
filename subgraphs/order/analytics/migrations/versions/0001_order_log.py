"""The log of all orders' events, which takes no change but a new row."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_REFUSE_ON_SQLITE = """CREATE TRIGGER order_log_no_{name} BEFORE {operation} ON order_log
BEGIN SELECT RAISE(ABORT, 'order_log is append-only'); END"""
_REFUSAL_ON_POSTGRESQL = """CREATE FUNCTION order_log_is_append_only() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'order_log is append-only'; END $$"""
_REFUSE_ON_POSTGRESQL = """CREATE TRIGGER order_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_log
EXECUTE FUNCTION order_log_is_append_only()"""


def upgrade() -> None:
    """Make the table and what guards it."""
    op.create_table(
        "order_log",
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("order_id", sa.String(36), nullable=False),
        sa.Column("order_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("envelope", sa.JSON(), nullable=False),
    )
    op.create_index("ix_order_log_order", "order_log", ["order_id", "order_version"])
    op.create_index("ix_order_log_time", "order_log", ["occurred_at", "event_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSAL_ON_POSTGRESQL)
        op.execute(_REFUSE_ON_POSTGRESQL)
    else:
        for operation in ("UPDATE", "DELETE"):
            op.execute(_REFUSE_ON_SQLITE.format(name=operation.lower(), operation=operation))


def downgrade() -> None:
    """Drop the table with its guard."""
    op.drop_table("order_log")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION order_log_is_append_only()")
