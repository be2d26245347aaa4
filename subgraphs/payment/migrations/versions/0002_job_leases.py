"""Jobs: what proves a lease, and since when a job has not been answered."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("outbox", sa.Column("lease_id", sa.String(36)))
    op.add_column("outbox", sa.Column("unanswered_since", UtcDateTime()))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("outbox") as table:
        table.drop_column("unanswered_since")
        table.drop_column("lease_id")
