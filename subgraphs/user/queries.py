"""Reads of the user database; many ids in, what was found out."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.rows_by_key import grouped, rows_by
from subgraphs.user.tables import Account, Address, Buyer, Seller


async def accounts_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, Account]:
    """The accounts that exist, by id."""
    return await rows_by(session, Account, Account.id, ids)


async def buyers_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, Buyer]:
    """The buyers' profiles that exist, by id."""
    return await rows_by(session, Buyer, Buyer.id, ids)


async def sellers_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, Seller]:
    """The sellers' profiles that exist, by id."""
    return await rows_by(session, Seller, Seller.id, ids)


async def sellers_by_slug(session: AsyncSession, slugs: Sequence[str]) -> dict[str, Seller]:
    """The sellers' profiles that exist, by slug."""
    return await rows_by(session, Seller, Seller.slug, slugs)


async def addresses_by_account(session: AsyncSession, ids: Sequence[str]) -> dict[str, list[Address]]:
    """The addresses of the accounts, in the order in which they were added."""
    rows = await session.scalars(select(Address).where(Address.account_id.in_(ids)).order_by(Address.id))
    return grouped((row.account_id, row) for row in rows)


async def slugs_like(session: AsyncSession, slug: str) -> set[str]:
    """The slugs that are taken and begin with this one."""
    return set(await session.scalars(select(Seller.slug).where(Seller.slug.startswith(slug, autoescape=True))))
