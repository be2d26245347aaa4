"""The tables of the recommendation domain: the subgraph serves from them, the workers write them.

JSON columns hold what `workers.features` writes by its own `to_json`; only the workers read them back.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.kit.storage.inbox import InboxColumns
from subgraphs.kit.storage.outbox import JobColumns
from subgraphs.kit.storage.types import LongText, String, UtcDateTime

MAX_MODEL_CHARACTERS = 50_000_000
"""A booster of 200 trees has about a million."""


class Base(DeclarativeBase):
    """The metadata of the recommendation database."""


class CategoryRow(Base):
    """A node of the category tree, as ranking needs it."""

    __tablename__ = "categories"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(String(36))


class ProductRow(Base):
    """A product, as ranking needs it; a copy of the catalog's, refreshed from it.

    `popularity` is the decayed count by which a slate is made when there is nothing better.
    """

    __tablename__ = "products"
    __table_args__ = (Index("ix_products_popularity", "is_published", "popularity"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    category_id: Mapped[str] = mapped_column(String(36), index=True)
    seller_id: Mapped[str] = mapped_column(String(36))
    price_amount: Mapped[int] = mapped_column(BigInteger)
    compare_at_amount: Mapped[int | None] = mapped_column(BigInteger)
    stock: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_published: Mapped[bool]
    popularity: Mapped[float]


class CounterRow(Base):
    """What all buyers together did with a product."""

    __tablename__ = "counters"

    product_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    counted: Mapped[dict[str, Any]] = mapped_column(JSON)


class ProfileRow(Base):
    """What is known of a viewer. `interests` are the categories of most interest, each with its share, for the API."""

    __tablename__ = "profiles"

    viewer: Mapped[str] = mapped_column(String(80), primary_key=True)
    profile: Mapped[dict[str, Any]] = mapped_column(JSON)
    interests: Mapped[list[list[Any]]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NeighbourRow(Base):
    """The products nearest to a product, nearest first: ``[[product id, similarity], ..]``."""

    __tablename__ = "neighbours"

    product_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    nearest: Mapped[list[list[Any]]] = mapped_column(JSON)


class SlateRow(Base):
    """A ranking for a viewer, never changed after it is written.

    `items` are ``[[product id, score, reason], ..]``, best first; `shelves` are ``[[category id, [product id, ..]], ..]``.
    """

    __tablename__ = "slates"
    __table_args__ = (Index("ix_slates_question", "question_id", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(36))
    viewer: Mapped[str] = mapped_column(String(80))
    category_id: Mapped[str | None] = mapped_column(String(36))
    items: Mapped[list[list[Any]]] = mapped_column(JSON)
    shelves: Mapped[list[list[Any]]] = mapped_column(JSON)
    model_version: Mapped[str] = mapped_column(String(80))
    feature_hash: Mapped[str] = mapped_column(String(80))
    is_degraded: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RankingJobRow(JobColumns, Base):
    """A slate that is to be ranked again: one row a question, due again whenever something happened.

    `asked` counts how often it was asked for, so that what is asked for during a ranking is ranked once more after it.
    """

    __tablename__ = "ranking_jobs"

    viewer: Mapped[str] = mapped_column(String(80))
    category_id: Mapped[str | None] = mapped_column(String(36))
    asked: Mapped[int]


class BehaviourRow(Base):
    """The log of what viewers did, for training; rows are added, never changed, and deleted when they are old."""

    __tablename__ = "behaviours"
    __table_args__ = (Index("ix_behaviours_at", "at"),)

    event_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    viewer: Mapped[str] = mapped_column(String(80))
    product_id: Mapped[str] = mapped_column(String(36))
    slate_id: Mapped[str | None] = mapped_column(String(36))
    position: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class InboxRow(InboxColumns, Base):
    """The events that were taken in."""

    __tablename__ = "inbox"


class ModelRow(Base):
    """A ranking model with its text and what its training said of it."""

    __tablename__ = "models"
    __table_args__ = (
        Index(
            "uq_models_active",
            "status",
            unique=True,
            sqlite_where=sql("status = 'ACTIVE'"),
            postgresql_where=sql("status = 'ACTIVE'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[str] = mapped_column(String(80), unique=True)
    status: Mapped[str] = mapped_column(String(10))
    trained_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ndcg_at_10: Mapped[float]
    recall_at_50: Mapped[float]
    baseline_ndcg_at_10: Mapped[float]
    feature_schema_hash: Mapped[str] = mapped_column(String(80))
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)
    text: Mapped[str] = mapped_column(LongText(MAX_MODEL_CHARACTERS), deferred=True)
