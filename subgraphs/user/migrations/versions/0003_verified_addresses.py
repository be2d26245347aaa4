"""Verified addresses, and the outbox whose events notification records.

Accounts that are there already are unverified, but for those that the market itself made: the seeded ones, which have no password
unless they are the demo accounts. The others keep their inbox, and have mail again once they have verified their address.
"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DEMO_ACCOUNTS = ("buyer@yarmarka.test", "seller@yarmarka.test", "admin@yarmarka.test")


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("accounts", sa.Column("email_verified_at", UtcDateTime()))
    op.add_column("accounts", sa.Column("verification_mails", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("verification_asked_at", UtcDateTime()))
    accounts = sa.table(
        "accounts",
        sa.column("email", sa.String),
        sa.column("password_hash", sa.String),
        sa.column("created_at", UtcDateTime()),
        sa.column("email_verified_at", UtcDateTime()),
    )
    op.execute(
        accounts.update()
        .where(sa.or_(accounts.c.password_hash.is_(None), accounts.c.email.in_(DEMO_ACCOUNTS)))
        .values(email_verified_at=accounts.c.created_at)
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lease_id", sa.String(36)),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("unanswered_since", UtcDateTime()),
        sa.Column("settled_at", UtcDateTime()),
        sa.Column("dead_at", UtcDateTime()),
        sa.Column("last_error", sa.String(500)),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(40), nullable=False),
        sa.Column("actor_name", sa.String(80), nullable=False),
        sa.Column("envelope", sa.JSON(), nullable=False),
    )
    op.create_index("ix_outbox_due", "outbox", ["settled_at", "dead_at", "due_at"])
    op.create_index("ix_outbox_subject", "outbox", ["subject"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("outbox")
    with op.batch_alter_table("accounts") as table:
        table.drop_column("verification_asked_at")
        table.drop_column("verification_mails")
        table.drop_column("email_verified_at")
