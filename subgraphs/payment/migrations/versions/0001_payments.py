"""Payments, their history, refunds, idempotency keys, provider events, outbox."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_IS_STANDING = sa.text("status NOT IN ('FAILED', 'CANCELLED')")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "payments",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("order_id", sa.String(36), nullable=False),
        sa.Column("order_number", sa.String(40), nullable=False),
        sa.Column("buyer_id", sa.String(36), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("method", sa.String(100), nullable=False),
        sa.Column("return_url", sa.String(2000)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("provider_reference", sa.String(100), unique=True),
        sa.Column("action_type", sa.String(20)),
        sa.Column("action_redirect_url", sa.Text()),
        sa.Column("action_client_secret", sa.String(300)),
        sa.Column("failure_code", sa.String(80)),
        sa.Column("failure_message", sa.String(500)),
        sa.Column("failure_is_retryable", sa.Boolean()),
        sa.Column("captured_amount", sa.BigInteger(), nullable=False),
        sa.Column("refunded_amount", sa.BigInteger(), nullable=False),
        sa.Column("refunding_amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_payments_amount"),
        sa.CheckConstraint("captured_amount >= 0 AND captured_amount <= amount", name="ck_payments_captured"),
        sa.CheckConstraint(
            "refunded_amount >= 0 AND refunding_amount >= 0 AND refunded_amount + refunding_amount <= captured_amount",
            name="ck_payments_refunded",
        ),
    )
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
    op.create_index(
        "uq_payments_standing",
        "payments",
        ["order_id"],
        unique=True,
        sqlite_where=_IS_STANDING,
        postgresql_where=_IS_STANDING,
    )
    op.create_table(
        "payment_events",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("payment_id", sa.String(36), sa.ForeignKey("payments.id"), nullable=False),
        sa.Column("payment_version", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provider_event_id", sa.String(100)),
    )
    op.create_index("ix_payment_events_payment_id", "payment_events", ["payment_id"])
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("payment_id", sa.String(36), sa.ForeignKey("payments.id"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provider_reference", sa.String(100), unique=True),
        sa.Column("requested_by", sa.String(80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_refunds_amount"),
    )
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("operation", sa.String(20), primary_key=True),
        sa.Column("actor", sa.String(80), primary_key=True),
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("outcome", sa.String(20)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_idempotency_keys_subject_id", "idempotency_keys", ["subject_id"])
    op.create_table(
        "provider_events",
        sa.Column("provider", sa.String(20), primary_key=True),
        sa.Column("event_id", sa.String(100), primary_key=True),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("payment_id", sa.String(36)),
        sa.Column("received_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_provider_events_payment_id", "provider_events", ["payment_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime()),
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
    """Drop them, the referring ones first."""
    for table in ("outbox", "provider_events", "idempotency_keys", "refunds", "payment_events", "payments"):
        op.drop_table(table)
