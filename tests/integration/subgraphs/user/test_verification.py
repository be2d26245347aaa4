"""An address is verified with the token of a message, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import sqlalchemy as sa
from sqlalchemy import select

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.client import ServiceUnavailable
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.migrate import downgrade, upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.user import events, repository
from subgraphs.user.notification import NotificationService
from subgraphs.user.outgoing import deliver_due
from subgraphs.user.resources import UserResources
from subgraphs.user.settings import MIGRATIONS
from subgraphs.user.tables import Account, Outbox
from subgraphs.user.verification import LONGEST_PAUSE, pause_left
from tests.support.identity import account, service
from tests.support.subgraphs import SubgraphUnderTest

SIGN_UP = """mutation ($email: String!) { signUp(input: {email: $email, password: "correct horse", displayName: "Ann"}) {
  ... on SignInSuccess { accessToken account { id } } } }"""
VERIFY = """mutation ($token: String!) { verifyEmail(token: $token) {
  __typename ... on VerifyEmailSuccess { buyer { id } } ... on UserError { code path } } }"""
RESEND = """mutation { resendVerification { __typename ... on ResendVerificationSuccess { buyer { id } }
  ... on TooManyAttemptsError { code retryAfterMs } } }"""
TOKEN = "query ($id: ID!) { verificationToken(accountId: $id) }"
NOTIFICATION = service("notification")


class Heard(NotificationService):
    """What notification was told; it does not answer while it is away."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.is_away = False

    async def record(self, envelope: Envelope) -> None:
        """See `NotificationService.record`."""
        if self.is_away:
            raise ServiceUnavailable("notification", "away")
        self.events.append((envelope.type, envelope.subject))

    async def close(self) -> None:
        """Nothing is open."""


async def signed_up(user: SubgraphUnderTest, email: str = "ann@example.org") -> str:
    return str((await user.data(SIGN_UP, {"email": email}))["signUp"]["account"]["id"])


async def is_verified(user: SubgraphUnderTest, account_id: str) -> Any:
    seen = await user.data("{ viewer { buyer { emailVerified } } }", by=account(account_id, "BUYER"))
    return seen["viewer"]["buyer"]["emailVerified"]


async def token_of(user: SubgraphUnderTest, account_id: str) -> Any:
    return (await user.data(TOKEN, {"id": account_id}, by=NOTIFICATION))["verificationToken"]


async def events_of(database: Database) -> list[tuple[str, str]]:
    async with database.reading() as session:
        return sorted((row.type, row.subject) for row in await session.scalars(select(Outbox)))


async def test_an_address_is_unverified_until_its_token_comes_back(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    ann = await signed_up(user)
    assert await is_verified(user, ann) is False
    token = await token_of(user, ann)
    for _ in range(2):
        assert (await user.data(VERIFY, {"token": token}))["verifyEmail"]["buyer"] == {"id": ann}
    assert await is_verified(user, ann) is True
    assert await events_of(resources.database) == [("user.email_verified", ann), ("user.verification_asked", ann)]
    assert await token_of(user, ann) is None


async def test_a_token_that_proves_nothing_is_refused(
    user: SubgraphUnderTest, resources: UserResources, clock: FixedClock
) -> None:
    created = (await user.data(SIGN_UP, {"email": "ann@example.org"}))["signUp"]
    ann = created["account"]["id"]
    token = await token_of(user, ann)
    head, payload, signature = token.split(".")
    forged = ".".join((head, payload, signature[::-1]))
    other_address = resources.verification.tokens.issue(ann, "bob@example.org", now=clock())
    refused = {"__typename": "VerificationExpiredError", "code": "VERIFICATION_EXPIRED", "path": ["token"]}
    for text in ("", "x", forged, other_address, created["accessToken"]):
        assert (await user.data(VERIFY, {"token": text}))["verifyEmail"] == refused, text
    clock.advance(timedelta(hours=resources.settings.verification_ttl_hours))
    assert (await user.data(VERIFY, {"token": token}))["verifyEmail"] == refused
    assert await is_verified(user, ann) is False


async def test_a_token_is_given_to_notification_alone(user: SubgraphUnderTest) -> None:
    ann = await signed_up(user)
    for caller in (service("order"), account(ann, "BUYER", "ADMIN")):
        assert await user.codes(TOKEN, {"id": ann}, by=caller) == ["FORBIDDEN"]


async def test_a_token_that_verifies_is_no_access_token(user: SubgraphUnderTest) -> None:
    ann = await signed_up(user)
    token = await token_of(user, ann)
    assert jwt.decode(token, options={"verify_signature": False})["aud"] != "yarmarka"


async def test_each_message_doubles_the_wait_for_the_next_one(
    user: SubgraphUnderTest, resources: UserResources, clock: FixedClock
) -> None:
    ann = await signed_up(user)
    by = account(ann, "BUYER")
    refused = (await user.data(RESEND, by=by))["resendVerification"]
    assert refused == {"__typename": "TooManyAttemptsError", "code": "TOO_MANY_ATTEMPTS", "retryAfterMs": 60_000}
    clock.advance(timedelta(minutes=1))
    assert (await user.data(RESEND, by=by))["resendVerification"]["buyer"] == {"id": ann}
    clock.advance(timedelta(minutes=1))
    assert (await user.data(RESEND, by=by))["resendVerification"]["retryAfterMs"] == 60_000
    assert await events_of(resources.database) == [("user.verification_asked", ann)] * 2
    assert pause_left(100, clock(), now=clock()) == LONGEST_PAUSE


async def test_a_verified_address_is_sent_no_other_message(user: SubgraphUnderTest, resources: UserResources) -> None:
    ann = await signed_up(user)
    await user.data(VERIFY, {"token": await token_of(user, ann)})
    before = await events_of(resources.database)
    assert (await user.data(RESEND, by=account(ann, "BUYER")))["resendVerification"]["buyer"] == {"id": ann}
    assert await events_of(resources.database) == before


async def test_an_event_waits_for_notification_and_is_told_once(resources: UserResources, clock: FixedClock) -> None:
    database, heard = resources.database, Heard()
    heard.is_away = True
    try:
        async with database.transaction() as session:
            for name in ("ann", "bob"):
                repository.publish(session, events.VerificationAsked(account_id=name), now=clock())
        assert await deliver_due(database, heard, clock=clock) == 0
        heard.is_away = False
        clock.advance(timedelta(minutes=2))
        assert await deliver_due(database, heard, clock=clock) == 2
        assert await deliver_due(database, heard, clock=clock) == 0
    finally:
        await resources.close()
    assert sorted(heard.events) == [("user.verification_asked", "ann"), ("user.verification_asked", "bob")]


async def test_accounts_from_before_are_verified_if_the_market_made_them(database_url: str) -> None:
    await upgrade(database_url, MIGRATIONS)
    await downgrade(database_url, MIGRATIONS, revision="0002")
    old = Database(database_url)
    made = datetime(2026, 1, 1, tzinfo=UTC)
    rows = (("seeded", "s@example.org", None), ("demo", "buyer@yarmarka.test", "h"), ("other", "o@example.org", "h"))
    async with old.transaction() as session:
        for id_, email, password_hash in rows:
            insert = sa.text(
                "INSERT INTO accounts (id, email, password_hash, roles, created_at, version)"
                " VALUES (:id, :email, :hash, '[]', :made, 1)"
            ).bindparams(sa.bindparam("made", made, type_=Account.created_at.type))
            await session.execute(insert, {"id": id_, "email": email, "hash": password_hash})
    await old.close()
    await upgrade(database_url, MIGRATIONS)
    database = Database(database_url)
    async with database.reading() as session:
        verified = {row.id: row.email_verified_at for row in await session.scalars(select(Account))}
    await database.close()
    assert verified == {"seeded": made, "demo": made, "other": None}
