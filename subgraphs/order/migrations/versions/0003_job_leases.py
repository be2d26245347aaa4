"""Jobs: what proves a lease, and since when a job has not been answered; how far each follower has read."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("outbox", sa.Column("lease_id", sa.String(36)))
    op.add_column("outbox", sa.Column("unanswered_since", UtcDateTime()))
    op.create_table(
        "stream_positions",
        sa.Column("stream", sa.String(80), primary_key=True),
        sa.Column("handled_until", UtcDateTime(), nullable=False),
        sa.Column("server", sa.String(120), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("stream_positions")
    with op.batch_alter_table("outbox") as table:
        table.drop_column("unanswered_since")
        table.drop_column("lease_id")
