"""An index to find the sessions that ended lately."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_index("ix_sessions_revoked_at", "sessions", ["revoked_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_sessions_revoked_at", "sessions")
