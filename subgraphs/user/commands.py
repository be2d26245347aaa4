"""One function a mutation: rules first, then one transaction, then the answer. A refusal is raised before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput, NotFound, VersionConflict
from subgraphs.kit.storage.session import Database, run_again_on_conflict
from subgraphs.user import model, queries, repository
from subgraphs.user.ended import Ended
from subgraphs.user.errors import SlugTaken
from subgraphs.user.model import Role
from subgraphs.user.tables import Account, Address, Buyer, Seller


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """What to change of a buyer's profile; None leaves a part as it is."""

    display_name: str | None = None
    phone: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address as it was given."""

    line1: str
    line2: str | None
    city: str
    postal_code: str
    country: str


@run_again_on_conflict
async def update_buyer_profile(
    database: Database, account_id: str, changes: ProfileChanges, *, expected_version: int
) -> Buyer:
    """The changed profile.

    Raises:
        InvalidInput: when a part breaks its rule, or the account has no buyer's profile.
        VersionConflict: when the profile has another version.
    """
    checked = {
        # None leaves a part as it is; an empty text is a value, and breaks the part's rule.
        "display_name": _checked(changes.display_name, lambda text: model.name_of(text, "input", "displayName")),
        "phone": _checked(changes.phone, model.phone_of),
        "locale": _checked(changes.locale, model.locale_of),
    }
    async with database.transaction() as session:
        changed = await repository.change_buyer(
            session,
            account_id,
            expected_version=expected_version,
            changes={name: value for name, value in checked.items() if value is not None},
        )
        if changed is not None:
            return changed
        current = (await queries.buyers_by_id(session, [account_id])).get(account_id)
    if current is None:
        raise InvalidInput("This account has no buyer's profile")
    raise VersionConflict(current.version)


@run_again_on_conflict
async def add_address(database: Database, account_id: str, address: NewAddress) -> Buyer:
    """The buyer who has the address now.

    Raises:
        InvalidInput: when a part breaks its rule, the account has no buyer's profile, or has 20 addresses.
    """
    row = Address(
        id=uuid7(),
        account_id=account_id,
        line1=model.name_of(address.line1, "input", "line1", limit=model.ADDRESS_LINE.most),
        line2=model.optional_of(address.line2, "input", "line2", limit=model.SECOND_ADDRESS_LINE.most),
        city=model.name_of(address.city, "input", "city", limit=model.CITY.most),
        postal_code=model.name_of(address.postal_code, "input", "postalCode", limit=model.POSTAL_CODE.most),
        country=model.country_of(address.country),
    )
    async with database.transaction() as session:
        # The account's lock makes two additions at once count each other.
        if await repository.account(session, account_id) is None:
            raise InvalidInput("This account has no buyer's profile")
        buyer = (await queries.buyers_by_id(session, [account_id])).get(account_id)
        if buyer is None:
            raise InvalidInput("This account has no buyer's profile")
        if await repository.address_count(session, account_id) >= model.MAX_ADDRESSES:
            raise InvalidInput(f"An account has at most {model.MAX_ADDRESSES} addresses", "input")
        session.add(row)
    return buyer


@run_again_on_conflict
async def register_seller(
    database: Database, account_id: str, *, display_name: str, slug: str, about: str | None, clock: Clock
) -> Seller:
    """The new seller's profile; the account has the SELLER role from its next token on.

    Raises:
        InvalidInput: when a part breaks its rule, or the account is a seller already.
        SlugTaken: when another seller has the slug.
    """
    name = model.name_of(display_name, "input", "displayName")
    wanted = model.slug_of(slug)
    text = model.optional_of(about, "input", "about", limit=model.ABOUT.most)
    async with database.transaction() as session:
        account = await repository.account(session, account_id)
        if account is None:
            raise InvalidInput("There is no such account")
        if account_id in await queries.sellers_by_id(session, [account_id]):
            raise InvalidInput("This account is a seller already")
        added = await repository.add_seller(
            session, id=account_id, slug=wanted, display_name=name, about=text, created_at=clock()
        )
        if not added:
            raise SlugTaken(model.free_slug(wanted, await queries.slugs_like(session, wanted[:32])))
        await _give(session, account, Role.SELLER)
        return (await queries.sellers_by_id(session, [account_id]))[account_id]


async def set_roles(
    database: Database, ended: Ended, account_id: str, roles: list[Role], *, acting_account_id: str, now: datetime
) -> Account:
    """The account with exactly these roles. If one was taken away its sessions end, and their access tokens with them.

    Raises:
        NotFound: when there is no such account.
        InvalidInput: when the roles are none, need a profile that the account lacks, or take the actor's own ADMIN role.
    """
    wanted = model.ordered_roles(roles)
    if not wanted:
        raise InvalidInput("An account has at least one role", "roles")
    if account_id == acting_account_id and Role.ADMIN not in wanted:
        raise InvalidInput("Nobody takes the ADMIN role from themselves", "roles")
    account = await _set_roles(database, account_id, wanted, now=now)
    await ended.publish_of(account_id)
    return account


@run_again_on_conflict
async def _set_roles(database: Database, account_id: str, wanted: list[Role], *, now: datetime) -> Account:
    async with database.transaction() as session:
        account = await repository.account(session, account_id)
        if account is None:
            raise NotFound("The account", "accountId")
        if Role.SELLER in wanted and account_id not in await queries.sellers_by_id(session, [account_id]):
            raise InvalidInput("SELLER needs a seller's profile", "roles")
        if Role.BUYER in wanted and account_id not in await queries.buyers_by_id(session, [account_id]):
            raise InvalidInput("BUYER needs a buyer's profile", "roles")
        names = [role.value for role in wanted]
        if set(account.roles) - set(names):
            await repository.revoke_sessions_of(session, account_id, because="roles", now=now)
        await repository.set_roles(session, account_id, names)
        account.roles = names
    return account


def _checked(text: str | None, rule: Callable[[str], str]) -> str | None:
    return None if text is None else rule(text)


async def _give(session: AsyncSession, account: Account, role: Role) -> None:
    roles = model.ordered_roles([*(Role(name) for name in account.roles), role])
    await repository.set_roles(session, account.id, [each.value for each in roles])
