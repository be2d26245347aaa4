"""Notifications, deliveries and their attempts, preferences, templates, devices."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _notifications()
    _deliveries()
    _choices()


def downgrade() -> None:
    """Drop them, the referring ones first."""
    for table in ("push_devices", "templates", "preferences", "delivery_attempts", "deliveries", "notifications"):
        op.drop_table(table)


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("template_key", sa.String(60), nullable=False),
        sa.Column("topic", sa.String(20), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("order_id", sa.String(36)),
        sa.Column("order_number", sa.String(40)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime()),
        sa.UniqueConstraint("event_id", "account_id"),
    )
    op.create_index("ix_notifications_account", "notifications", ["account_id", "created_at", "id"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("settled_at", UtcDateTime()),
        sa.Column("dead_at", UtcDateTime()),
        sa.Column("last_error", sa.String(500)),
        sa.Column("notification_id", sa.String(36), sa.ForeignKey("notifications.id"), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("template_version", sa.String(80), nullable=False),
        sa.UniqueConstraint("notification_id", "channel"),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["settled_at", "dead_at", "due_at"])
    op.create_table(
        "delivery_attempts",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("delivery_id", sa.String(36), sa.ForeignKey("deliveries.id"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("provider_message_id", sa.String(300)),
        sa.Column("error", sa.String(500)),
    )
    op.create_index("ix_delivery_attempts_delivery_id", "delivery_attempts", ["delivery_id"])


def _choices() -> None:
    op.create_table(
        "preferences",
        sa.Column("account_id", sa.String(36), primary_key=True),
        sa.Column("topic", sa.String(20), primary_key=True),
        sa.Column("channel", sa.String(10), primary_key=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("locale", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(300)),
        sa.Column("body", sa.Text(), nullable=False),
        sa.UniqueConstraint("key", "channel", "locale", "version"),
    )
    op.create_table(
        "push_devices",
        sa.Column("token", sa.String(500), primary_key=True),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("platform", sa.String(20), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_push_devices_account_id", "push_devices", ["account_id"])
