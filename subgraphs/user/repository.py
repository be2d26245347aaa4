"""Writes of the user database, each guarded: the row count says whether it took place."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage import outbox
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.user import events
from subgraphs.user.model import is_released, released_address
from subgraphs.user.tables import Account, Address, Buyer, Outbox, RefreshToken, Seller, Session


async def account(session: AsyncSession, account_id: str) -> Account | None:
    """The account, locked until the transaction ends where the database locks rows."""
    return await session.scalar(select(Account).where(Account.id == account_id).with_for_update())


async def account_by_email(session: AsyncSession, email: str) -> Account | None:
    """The account with the address."""
    return await session.scalar(select(Account).where(Account.email == email))


async def holder(session: AsyncSession, email: str) -> Account | None:
    """The account that has the address, locked until the transaction ends where the database locks rows."""
    statement = select(Account).where(Account.email == email).with_for_update()
    found = await session.scalar(statement.execution_options(populate_existing=True))
    # The one that was waited for may have lost the address meanwhile: a second statement sees who has it since.
    return found or await session.scalar(statement.execution_options(populate_existing=True))


async def claimed_address(session: AsyncSession, account: Account) -> str:
    """The address that the account signed up with, also after another account took it."""
    if not is_released(account.email):
        return account.email
    return (await session.get_one(Buyer, account.id)).email


async def release_address(session: AsyncSession, account_id: str) -> None:
    """Take its address from an account, for another one to have."""
    await session.execute(update(Account).where(Account.id == account_id).values(email=released_address(account_id)))


async def give_address(session: AsyncSession, account_id: str, email: str) -> None:
    """Give an account an address that no other one has."""
    await session.execute(update(Account).where(Account.id == account_id).values(email=email))


async def add_account(session: AsyncSession, **columns: Any) -> bool:
    """Add an account; False when the address is taken."""
    return bool(await insert_missing(session, Account, [{"version": 1, **columns}]))


async def add_seller(session: AsyncSession, **columns: Any) -> bool:
    """Add a seller's profile; False when the slug is taken or the account has a profile."""
    return bool(await insert_missing(session, Seller, [{"version": 1, "verified": False, **columns}]))


async def change_buyer(
    session: AsyncSession, buyer_id: str, *, expected_version: int, changes: dict[str, Any]
) -> Buyer | None:
    """The changed profile, or None when its version is not the expected one."""
    changed = await session.execute(
        update(Buyer)
        .where(Buyer.id == buyer_id, Buyer.version == expected_version)
        .values(**changes, version=Buyer.version + 1)
        .returning(Buyer)
    )
    return changed.scalar_one_or_none()


async def set_roles(session: AsyncSession, account_id: str, roles: list[str]) -> None:
    """Give the account exactly these roles."""
    await session.execute(
        update(Account).where(Account.id == account_id).values(roles=roles, version=Account.version + 1)
    )


def publish(session: AsyncSession, event: events.AccountEvent, *, now: datetime) -> None:
    """Write an event into the outbox."""
    envelope = events.envelope(event, occurred_at=now)
    outbox.put(session, Outbox, envelope, queue=events.QUEUE, actor_name=events.ACTOR_NAME)


async def note_verification_asked(session: AsyncSession, account_id: str, *, now: datetime) -> None:
    """Count a message that was asked for to verify the account's address."""
    await session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(verification_mails=Account.verification_mails + 1, verification_asked_at=now)
    )


async def note_verified(session: AsyncSession, account_id: str, *, now: datetime) -> None:
    """Note that the account's address is verified."""
    await session.execute(update(Account).where(Account.id == account_id).values(email_verified_at=now))


async def address_count(session: AsyncSession, account_id: str) -> int:
    """How many addresses the account has."""
    found = await session.scalar(select(func.count()).select_from(Address).where(Address.account_id == account_id))
    return int(found or 0)


async def use_refresh_token(
    session: AsyncSession, token_id: str, secret_hash: str, *, successor_id: str, successor_sealed: str, now: datetime
) -> bool:
    """Use a token up and keep its successor; False when it was used before. Of two uses at once the database lets one through."""
    used = await session.execute(
        update(RefreshToken)
        .where(RefreshToken.id == token_id, RefreshToken.secret_hash == secret_hash, RefreshToken.used_at.is_(None))
        .values(used_at=now, successor_id=successor_id, successor_sealed=successor_sealed)
        .returning(RefreshToken.id)
    )
    return used.first() is not None


async def refresh_token(session: AsyncSession, token_id: str) -> RefreshToken:
    """The token as it is now."""
    return await session.get_one(RefreshToken, token_id, populate_existing=True)


async def session_of(session: AsyncSession, token_id: str, secret_hash: str) -> Session | None:
    """The session that a known refresh token belongs to, used or not."""
    return await session.scalar(
        select(Session)
        .join(RefreshToken, RefreshToken.session_id == Session.id)
        .where(RefreshToken.id == token_id, RefreshToken.secret_hash == secret_hash)
    )


async def revoke_session(session: AsyncSession, session_id: str, *, because: str, now: datetime) -> None:
    """End a session; a second time changes nothing."""
    await session.execute(
        update(Session)
        .where(Session.id == session_id, Session.revoked_at.is_(None))
        .values(revoked_at=now, revoked_because=because)
    )


async def revoke_sessions_of(session: AsyncSession, account_id: str, *, because: str, now: datetime) -> None:
    """End every session of an account."""
    await session.execute(
        update(Session)
        .where(Session.account_id == account_id, Session.revoked_at.is_(None))
        .values(revoked_at=now, revoked_because=because)
    )
