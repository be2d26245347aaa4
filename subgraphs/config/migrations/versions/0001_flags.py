"""Flags, their history, the revision."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the revision's one row."""
    op.create_table(
        "flags",
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(60), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False),
        sa.Column("default_variant", sa.String(60), nullable=False),
        sa.Column("off_variant", sa.String(60), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("schema_json", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
    )
    op.create_index("ix_flags_owner", "flags", ["owner"])
    op.create_table(
        "flag_changes",
        sa.Column("flag_key", sa.String(100), sa.ForeignKey("flags.key"), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("difference", sa.JSON(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
    )
    revisions = op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
    )
    op.bulk_insert(revisions, [{"id": 1, "number": 0}])


def downgrade() -> None:
    """Drop them, the referring ones first."""
    for table in ("revisions", "flag_changes", "flags"):
        op.drop_table(table)
