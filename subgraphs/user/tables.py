"""The user service's tables. One account may be a buyer and a seller: the profiles share its id."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.kit.storage.outbox import OutboxColumns
from subgraphs.kit.storage.types import LongText, String, UtcDateTime
from subgraphs.user import model


class Base(DeclarativeBase):
    """The tables of the user database."""


class Account(Base):
    """Who may sign in.

    Attributes:
        password_hash: absent for accounts that were seeded without one.
        email_verified_at: since when the account is known to read what is sent to its address.
        verification_mails: how many messages were asked for to verify it, the last one at `verification_asked_at`.
    """

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    email: Mapped[str] = mapped_column(String(model.EMAIL.most), unique=True)
    email_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verification_mails: Mapped[int] = mapped_column(default=0)
    verification_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int]


class Buyer(Base):
    """The buyer's profile of an account."""

    __tablename__ = "buyers"

    id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(model.NAME.most))
    email: Mapped[str] = mapped_column(String(model.EMAIL.most))
    phone: Mapped[str | None] = mapped_column(String(model.PHONE_DIGITS.most))
    locale: Mapped[str] = mapped_column(String(model.LOCALE.most))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int]


class Seller(Base):
    """The seller's profile of an account."""

    __tablename__ = "sellers"

    id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    slug: Mapped[str] = mapped_column(String(model.SLUG.most), unique=True)
    display_name: Mapped[str] = mapped_column(String(model.NAME.most))
    about: Mapped[str | None] = mapped_column(LongText(model.ABOUT.most))
    logo_url: Mapped[str | None] = mapped_column(String(500))
    verified: Mapped[bool]
    payout_account: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int]


class Address(Base):
    """One of an account's addresses."""

    __tablename__ = "addresses"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    line1: Mapped[str] = mapped_column(String(model.ADDRESS_LINE.most))
    line2: Mapped[str | None] = mapped_column(String(model.SECOND_ADDRESS_LINE.most))
    city: Mapped[str] = mapped_column(String(model.CITY.most))
    postal_code: Mapped[str] = mapped_column(String(model.POSTAL_CODE.most))
    country: Mapped[str] = mapped_column(String(model.COUNTRY.most))


class Session(Base):
    """A family of refresh tokens that began with one sign-in; revoked, none of them is good any more."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    revoked_because: Mapped[str | None] = mapped_column(String(20))


class RefreshToken(Base):
    """One refresh token, of which only the hash is kept. Good once; used, it keeps the next one, sealed under its own secret."""

    __tablename__ = "refresh_tokens"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    successor_id: Mapped[str | None] = mapped_column(String(36))
    successor_sealed: Mapped[str | None] = mapped_column(String(200))


class Outbox(OutboxColumns, Base):
    """Events to deliver; each row is a job."""

    __tablename__ = "outbox"
