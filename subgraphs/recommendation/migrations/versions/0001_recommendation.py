"""The copy of the catalogue, features, slates and their jobs, the log, the inbox, models."""

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.storage.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "models", "inbox", "behaviours", "ranking_jobs", "slates", "neighbours", "profiles", "counters", "products",
    "categories",
)  # fmt: skip


def upgrade() -> None:
    """Make the tables."""
    _catalogue()
    _features()
    _slates()
    _events()
    _models()


def downgrade() -> None:
    """Drop them."""
    for table in _TABLES:
        op.drop_table(table)


def _catalogue() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("parent_id", sa.String(36)),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("category_id", sa.String(36), nullable=False),
        sa.Column("seller_id", sa.String(36), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("compare_at_amount", sa.BigInteger()),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("popularity", sa.Double(), nullable=False),
    )
    op.create_index("ix_products_category_id", "products", ["category_id"])
    op.create_index("ix_products_popularity", "products", ["is_published", "popularity"])


def _features() -> None:
    op.create_table(
        "counters",
        sa.Column("product_id", sa.String(36), primary_key=True),
        sa.Column("counted", sa.JSON(), nullable=False),
    )
    op.create_table(
        "profiles",
        sa.Column("viewer", sa.String(80), primary_key=True),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("interests", sa.JSON(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "neighbours",
        sa.Column("product_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("nearest", sa.JSON(), nullable=False),
    )


def _slates() -> None:
    op.create_table(
        "slates",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("question_id", sa.String(36), nullable=False),
        sa.Column("viewer", sa.String(80), nullable=False),
        sa.Column("category_id", sa.String(36)),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("shelves", sa.JSON(), nullable=False),
        sa.Column("model_version", sa.String(80), nullable=False),
        sa.Column("feature_hash", sa.String(80), nullable=False),
        sa.Column("is_degraded", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_slates_question", "slates", ["question_id", "id"])
    op.create_index("ix_slates_expires_at", "slates", ["expires_at"])
    op.create_table(
        "ranking_jobs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("settled_at", UtcDateTime()),
        sa.Column("dead_at", UtcDateTime()),
        sa.Column("last_error", sa.String(500)),
        sa.Column("viewer", sa.String(80), nullable=False),
        sa.Column("category_id", sa.String(36)),
        sa.Column("asked", sa.Integer(), nullable=False),
    )
    op.create_index("ix_ranking_jobs_due", "ranking_jobs", ["settled_at", "dead_at", "due_at"])


def _events() -> None:
    op.create_table(
        "behaviours",
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("viewer", sa.String(80), nullable=False),
        sa.Column("product_id", sa.String(36), nullable=False),
        sa.Column("slate_id", sa.String(36)),
        sa.Column("position", sa.Integer()),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_behaviours_at", "behaviours", ["at"])
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("consumer", sa.String(80), primary_key=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
    )


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("version", sa.String(80), nullable=False, unique=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("trained_at", UtcDateTime(), nullable=False),
        sa.Column("activated_at", UtcDateTime()),
        sa.Column("ndcg_at_10", sa.Double(), nullable=False),
        sa.Column("recall_at_50", sa.Double(), nullable=False),
        sa.Column("baseline_ndcg_at_10", sa.Double(), nullable=False),
        sa.Column("feature_schema_hash", sa.String(80), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    is_active = sa.text("status = 'ACTIVE'")
    op.create_index(
        "uq_models_active", "models", ["status"], unique=True, sqlite_where=is_active, postgresql_where=is_active
    )
