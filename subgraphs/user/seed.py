"""Fills the user database from sellers.jsonl, buyers.jsonl and admins.jsonl; a second time changes nothing. Seeded addresses are verified."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.seed import chunks, read_lines
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.user.model import email_of, phone_of
from subgraphs.user.passwords import Passwords
from subgraphs.user.settings import UserSettings
from subgraphs.user.tables import Account, Address, Buyer, Seller

DEMO_ACCOUNTS = ("buyer@yarmarka.test", "seller@yarmarka.test", "admin@yarmarka.test")
DEMO_PASSWORD = "yarmarka"  # noqa: S105 - set in development alone

Person = dict[str, Any]


async def seed(settings: UserSettings, folder: Path) -> int:
    """Write what is missing; how many rows were written. Demo passwords are set in development alone."""
    database = Database(settings.database)
    try:
        async with database.transaction() as session:
            written = await _sellers(session, folder / "sellers.jsonl")
            written += await _buyers(session, folder / "buyers.jsonl", roles=["BUYER"])
            written += await _buyers(session, folder / "admins.jsonl", roles=["BUYER", "ADMIN"])
            if settings.environment == "development":
                await _set_demo_passwords(session, Passwords())
    finally:
        await database.close()
    return written


async def _sellers(session: AsyncSession, path: Path) -> int:
    written = 0
    for people in chunks(read_lines(path)):
        written += await _accounts(session, people, roles=["SELLER"])
        written += await insert_missing(session, Seller, [_seller(person) for person in people])
    return written


async def _buyers(session: AsyncSession, path: Path, *, roles: list[str]) -> int:
    written = 0
    for people in chunks(read_lines(path)):
        written += await _accounts(session, people, roles=roles)
        written += await insert_missing(session, Buyer, [_buyer(person) for person in people])
        written += await insert_missing(session, Address, list(_addresses(people)))
    return written


async def _accounts(session: AsyncSession, people: list[Person], *, roles: list[str]) -> int:
    rows = [
        {
            "id": person["id"],
            "email": email_of(person["email"]),
            "password_hash": None,
            "roles": roles,
            "created_at": _instant(person),
            "email_verified_at": _instant(person),
            "version": 1,
        }
        for person in people
    ]
    return await insert_missing(session, Account, rows)


def _seller(person: Person) -> Person:
    same = {name: person[name] for name in ("id", "slug", "display_name", "about", "logo_url", "verified")}
    return {**same, "payout_account": None, "created_at": _instant(person), "version": 1}


def _buyer(person: Person) -> Person:
    same = {name: person[name] for name in ("id", "display_name", "locale")}
    return {
        **same,
        "email": email_of(person["email"]),
        "phone": phone_of(person["phone"]) if person.get("phone") else None,
        "created_at": _instant(person),
        "version": 1,
    }


def _addresses(people: list[Person]) -> Iterator[Person]:
    for person in people:
        for address in person.get("addresses", ()):
            yield {**address, "account_id": person["id"]}


def _instant(person: Person) -> datetime:
    return datetime.fromisoformat(person["created_at"])


async def _set_demo_passwords(session: AsyncSession, passwords: Passwords) -> None:
    password_hash = await passwords.hash(DEMO_PASSWORD)
    await session.execute(
        update(Account)
        .where(Account.email.in_(DEMO_ACCOUNTS), Account.password_hash.is_(None))
        .values(password_hash=password_hash)
    )
