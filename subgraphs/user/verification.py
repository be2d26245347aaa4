"""Proof that an account reads what is sent to its address: a signed token, sent there and nowhere else, comes back.

The token is kept nowhere. It is made when the message is written, and says which address it proves: to whoever is signed in and signed up
with that address. So it is good any number of times until it expires, and a message that somebody else asked for gives him nothing.

Each message that an account asks for doubles the wait for the next one, from a minute to a day: whoever signs up with the address of
somebody else cannot fill that mailbox. The wait is the address's, however many accounts sign up with it; while it lasts, a message was sent
whose token verifies the address for any of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.storage.session import Database, run_again_on_conflict
from subgraphs.user import events, queries, repository
from subgraphs.user.errors import TooManyAttempts, VerificationExpired
from subgraphs.user.tables import Account
from subgraphs.user.tokens import VerificationTokens

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verification:
    """Verifies addresses."""

    database: Database
    tokens: VerificationTokens
    clock: Clock

    @run_again_on_conflict
    async def ask_again(self, account_id: str) -> None:
        """Have another message sent; nothing is sent to an address that is verified.

        Raises:
            InvalidInput: when there is no such account.
            TooManyAttempts: when the last message was asked for too short a time ago.
        """
        now = self.clock()
        async with self.database.transaction() as session:
            # Without its lock: the account that has the address is locked, the same one for all that ask for it.
            account = (await queries.accounts_by_id(session, [account_id])).get(account_id)
            if account is None:
                raise InvalidInput("There is no such account")
            holder = await repository.holder(session, await repository.claimed_address(session, account))
            if holder is None or holder.email_verified_at is not None:
                return
            left = pause_left(holder.verification_mails, holder.verification_asked_at, now=now)
            if left:
                raise TooManyAttempts(int(left.total_seconds() * 1000))
            await repository.note_verification_asked(session, holder.id, now=now)
            repository.publish(session, events.VerificationAsked(account_id=account_id), now=now)

    @run_again_on_conflict
    async def verify(self, token: str, *, account_id: str) -> None:
        """Mark the address that the token proves as the account's, and verified. A second time changes nothing.

        The account has the address from now on, whichever signed up with it last.

        Args:
            account_id: of the caller. Without the password of the account that it verifies, whoever reads a mailbox would give its
                address to a stranger who signed up with it.

        Raises:
            VerificationExpired: when the token is not one of ours or has expired, the account did not sign up with the address, or
                another one verified it.
        """
        now = self.clock()
        email = self.tokens.read(token, now=now)
        if email is None:
            raise VerificationExpired
        async with self.database.transaction() as session:
            holder = await repository.holder(session, email)
            account = await self._claimant(session, email, account_id)
            if holder is None or account is None:
                raise VerificationExpired
            if holder.id != account.id:
                if holder.email_verified_at is not None:
                    raise VerificationExpired
                await repository.release_address(session, holder.id)
                await repository.give_address(session, account.id, email)
            if account.email_verified_at is None:
                await repository.note_verified(session, account.id, now=now)
                repository.publish(session, events.EmailVerified(account_id=account.id), now=now)

    async def _claimant(self, session: AsyncSession, email: str, account_id: str) -> Account | None:
        """The account, if it signed up with the address."""
        # Without a lock: all accounts that signed up with an address wait for the one that has it.
        account = (await queries.accounts_by_id(session, [account_id])).get(account_id)
        if account is None or await repository.claimed_address(session, account) != email:
            return None
        return account

    async def token_for(self, account_id: str) -> str | None:
        """A token to send to the account's address; None when there is no such account, or its address is verified."""
        async with self.database.reading() as session:
            account = (await queries.accounts_by_id(session, [account_id])).get(account_id)
            if account is None:
                return None
            email = await repository.claimed_address(session, account)
            holder = await repository.account_by_email(session, email)
        if holder is None or holder.email_verified_at is not None:
            return None
        return self.tokens.issue(email, now=self.clock())


def pause_left(mails: int, asked_at: datetime | None, *, now: datetime) -> timedelta:
    """Return how long an account waits before the next message; zero when it need not.

    Args:
        mails: messages that were asked for so far.
        asked_at: when the last one was.
    """
    if asked_at is None or mails < 1:
        return timedelta(0)
    # Past 2 ** 11 minutes the pause is a day whatever the power.
    pause = min(FIRST_PAUSE * (1 << min(mails - 1, 11)), LONGEST_PAUSE)
    return max(asked_at + pause - now, timedelta(0))
