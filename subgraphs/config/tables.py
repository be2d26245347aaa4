"""The config service's tables. Every change of a flag, its history row and the next revision are one transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.config import model
from subgraphs.kit.storage.types import LongText, String, UtcDateTime


class Base(DeclarativeBase):
    """The metadata of the config database."""


class FlagRow(Base):
    """A flag as it is in service. `variants` and `rules` are lists of objects, as `definitions` writes them."""

    __tablename__ = "flags"

    key: Mapped[str] = mapped_column(String(model.FLAG_KEY.most), primary_key=True)
    description: Mapped[str] = mapped_column(LongText(model.DESCRIPTION.most))
    owner: Mapped[str] = mapped_column(String(model.OWNER.most), index=True)
    state: Mapped[str] = mapped_column(String(10))
    variants: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    default_variant: Mapped[str] = mapped_column(String(model.VARIANT_KEY.most))
    off_variant: Mapped[str] = mapped_column(String(model.VARIANT_KEY.most))
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    schema_json: Mapped[str | None] = mapped_column(LongText(model.SCHEMA_JSON.most))
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FlagChangeRow(Base):
    """A version of a flag: who made it, why, what changed, and the whole definition, to go back to."""

    __tablename__ = "flag_changes"

    flag_key: Mapped[str] = mapped_column(ForeignKey("flags.key"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(60))
    comment: Mapped[str | None] = mapped_column(LongText(model.REASON.most))
    difference: Mapped[dict[str, Any]] = mapped_column(JSON)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)


class RevisionRow(Base):
    """The number of the newest change of any flag; one row."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
