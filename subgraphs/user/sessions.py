"""Signing up, in and out, and the rotation of refresh tokens.

A refresh token is good once: each use gives the next one. A client that uses one a second time has a stolen copy, or was stolen from, and
the service cannot see which: the whole session ends.

Tabs of one client refresh at the same moment, and a lost answer is asked for again. So a second use within `REFRESH_GRACE` of the first
gets the same new pair as the first.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.session import Database, run_again_on_conflict
from subgraphs.user import events, model, repository
from subgraphs.user.attempts import SignInAttempts
from subgraphs.user.ended import Ended
from subgraphs.user.errors import EmailTaken, InvalidCredentials, SessionExpired
from subgraphs.user.model import Role
from subgraphs.user.passwords import Passwords
from subgraphs.user.tables import Account, Buyer, RefreshToken, Session
from subgraphs.user.tokens import AccessTokens, RefreshSecret
from subgraphs.user.verification import pause_left

REFRESH_GRACE = timedelta(seconds=10)
REPEATED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a client gets for proving who it is."""

    account_id: str
    access_token: str
    refresh_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reused:
    """A session that ended because a token of it was used a second time."""

    session_id: str


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A sign-up as it was given."""

    email: str
    password: str
    display_name: str
    locale: str


@dataclass(frozen=True, slots=True)
class _Mails:
    """The messages to verify an address, whichever accounts they were for.

    Attributes:
        count: how many were asked for, the last one at `asked_at`.
        is_one_due: whether the last one is to be sent now.
    """

    count: int
    asked_at: datetime
    is_one_due: bool


@dataclass(frozen=True, slots=True)
class Sessions:
    """Begins, renews and ends sessions."""

    database: Database
    passwords: Passwords
    access_tokens: AccessTokens
    attempts: SignInAttempts
    refresh_ttl: timedelta
    clock: Clock
    ended: Ended

    async def sign_up(self, new: NewAccount) -> SignedIn:
        """A new buyer's account, signed in. Its address is to be verified before anything else is sent to it.

        An address that no account has verified is free: the new account has it from now on, and the older one keeps all but that.

        Raises:
            InvalidInput: when a part breaks its rule.
            EmailTaken: when an account verified the address or was never asked to, or the same sign-up came a moment ago.
        """
        email = model.email_of(new.email)
        password = model.password_of(new.password)
        name = model.name_of(new.display_name, "input", "displayName")
        locale = model.locale_of(new.locale)
        password_hash = await self.passwords.hash(password)
        return await self._add(email, password_hash, name, locale)

    @run_again_on_conflict
    async def _add(self, email: str, password_hash: str, name: str, locale: str) -> SignedIn:
        account_id, now, roles = uuid7(), self.clock(), [Role.BUYER.value]
        async with self.database.transaction() as session:
            mails = await self._free_address(session, email, name, now=now)
            added = await repository.add_account(
                session,
                id=account_id,
                email=email,
                password_hash=password_hash,
                roles=roles,
                created_at=now,
                verification_mails=mails.count,
                verification_asked_at=mails.asked_at,
            )
            if not added:
                raise EmailTaken
            session.add(Buyer(id=account_id, display_name=name, email=email, locale=locale, created_at=now, version=1))
            if mails.is_one_due:
                repository.publish(session, events.VerificationAsked(account_id=account_id), now=now)
            return await self._begin(session, account_id, roles, now=now)

    async def _free_address(self, session: AsyncSession, email: str, name: str, *, now: datetime) -> _Mails:
        """Take the address from an account that has not verified it; return what is known of the messages sent there."""
        holder = await repository.holder(session, email)
        if holder is None:
            return _Mails(1, now, is_one_due=True)
        # An account from before addresses were verified was never asked to verify its own.
        is_kept = holder.email_verified_at is not None or not holder.verification_mails
        if is_kept or await self._is_repeated(session, holder, name, now=now):
            raise EmailTaken
        await repository.release_address(session, holder.id)
        mails, asked_at = holder.verification_mails, holder.verification_asked_at
        if asked_at is not None and pause_left(mails, asked_at, now=now):
            return _Mails(mails, asked_at, is_one_due=False)
        return _Mails(mails + 1, now, is_one_due=True)

    async def _is_repeated(self, session: AsyncSession, holder: Account, name: str, *, now: datetime) -> bool:
        """True for a sign-up that came a moment ago: a button that was pressed twice, a request that was sent again."""
        if now - holder.created_at > REPEATED_WITHIN:
            return False
        buyer = await session.get(Buyer, holder.id)
        return buyer is not None and buyer.display_name == name

    async def sign_in(self, email: str, password: str, *, address: str | None) -> SignedIn:
        """A new session of the account.

        Args:
            address: the client's network address, if it is known.

        Raises:
            TooManyAttempts: when the account was tried too often, from this address or from many.
            AttemptsNotCounted, PasswordsBusy: when the attempt cannot be made now.
            InvalidCredentials: when the address or the password is wrong.
        """
        # Refused before it is counted: a queue that others filled uses up nobody's attempts.
        self.passwords.check_room()
        name = model.sign_in_address(email)
        await self.attempts.count(name, address)
        try:
            async with self.database.reading() as session:
                account = await repository.account_by_email(session, name)
            kept = account.password_hash if account is not None else None
            is_correct = await self._is_correct(password, kept)
        except BaseException:
            await asyncio.shield(self.attempts.give_back(name, address))
            raise
        if not is_correct or account is None:
            raise InvalidCredentials
        await self.attempts.succeeded(name, address)
        return await self._open(account.id, account.roles)

    @run_again_on_conflict
    async def _open(self, account_id: str, roles: list[str]) -> SignedIn:
        async with self.database.transaction() as session:
            return await self._begin(session, account_id, roles, now=self.clock())

    @run_again_on_conflict
    async def refresh(self, refresh_token: str) -> SignedIn:
        """The next tokens of the session, with the roles that the account has now.

        Raises:
            SessionExpired: when the token is not good; when it was used before, the session has ended now.
        """
        given = RefreshSecret.parse(refresh_token)
        if given is None:
            raise SessionExpired
        now = self.clock()
        async with self.database.transaction() as session:
            renewed = await self._renew(session, given, now=now)
        # Raised outside: the end of a session whose token was reused must be committed.
        if not isinstance(renewed, SignedIn):
            if renewed is not None:
                await self.ended.publish_one(renewed.session_id)
            raise SessionExpired
        return renewed

    @run_again_on_conflict
    async def sign_out(self, refresh_token: str) -> bool:
        """End the session of a refresh token; False when the token is not known."""
        given = RefreshSecret.parse(refresh_token)
        if given is None:
            return False
        async with self.database.transaction() as session:
            found = await repository.session_of(session, given.token_id, given.secret_hash)
            if found is None:
                return False
            await repository.revoke_session(session, found.id, because="sign-out", now=self.clock())
        await self.ended.publish_one(found.id)
        return True

    async def _renew(self, session: AsyncSession, given: RefreshSecret, *, now: datetime) -> SignedIn | Reused | None:
        found = await repository.session_of(session, given.token_id, given.secret_hash)
        if found is None or found.revoked_at is not None or found.expires_at <= now:
            return None
        successor = RefreshSecret.new()
        is_first_use = await repository.use_refresh_token(
            session,
            given.token_id,
            given.secret_hash,
            successor_id=successor.token_id,
            successor_sealed=given.seal(successor),
            now=now,
        )
        account = await session.get_one(Account, found.account_id)
        if is_first_use:
            self._keep(session, successor, session_id=found.id, now=now)
            return self._pair(account.id, account.roles, successor, session_id=found.id, issued_at=now)
        used = await repository.refresh_token(session, given.token_id)
        # Tokens that were used before successors were kept have none.
        if (
            used.used_at is None
            or used.successor_id is None
            or used.successor_sealed is None
            or (now - used.used_at > REFRESH_GRACE)
        ):
            await repository.revoke_session(session, found.id, because="reuse", now=now)
            return Reused(found.id)
        successor = given.unseal(used.successor_id, used.successor_sealed)
        return self._pair(account.id, account.roles, successor, session_id=found.id, issued_at=used.used_at)

    async def _is_correct(self, password: str, kept: str | None) -> bool:
        for form in model.password_forms(password):
            if await self.passwords.is_correct(form, kept):
                return True
        return False

    async def _begin(self, session: AsyncSession, account_id: str, roles: list[str], *, now: datetime) -> SignedIn:
        begun = Session(id=uuid7(), account_id=account_id, created_at=now, expires_at=now + self.refresh_ttl)
        session.add(begun)
        await session.flush()
        first = RefreshSecret.new()
        self._keep(session, first, session_id=begun.id, now=now)
        return self._pair(account_id, roles, first, session_id=begun.id, issued_at=now)

    def _keep(self, session: AsyncSession, secret: RefreshSecret, *, session_id: str, now: datetime) -> None:
        session.add(
            RefreshToken(id=secret.token_id, session_id=session_id, secret_hash=secret.secret_hash, issued_at=now)
        )

    def _pair(
        self, account_id: str, roles: list[str], refresh: RefreshSecret, *, session_id: str, issued_at: datetime
    ) -> SignedIn:
        """The pair with a refresh token; the same arguments give the same pair."""
        access_token, expires_at = self.access_tokens.issue(
            account_id, roles=roles, session_id=session_id, token_id=refresh.token_id, now=issued_at
        )
        return SignedIn(account_id, access_token, refresh.text, expires_at)
