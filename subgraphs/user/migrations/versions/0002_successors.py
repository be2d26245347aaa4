"""The successor of a used refresh token, so that parallel refreshes get the same one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; tokens that are used already have no successor."""
    op.add_column("refresh_tokens", sa.Column("successor_id", sa.String(36)))
    op.add_column("refresh_tokens", sa.Column("successor_sealed", sa.String(200)))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("refresh_tokens", "successor_sealed")
    op.drop_column("refresh_tokens", "successor_id")
