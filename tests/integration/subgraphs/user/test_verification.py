"""An address is verified with the token of a message, on SQLite and on PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import sqlalchemy as sa
from sqlalchemy import select, update

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.client import ServiceUnavailable
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.migrate import downgrade, upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.user import events, repository
from subgraphs.user.clients.notification import NotificationService
from subgraphs.user.outgoing import deliver_due
from subgraphs.user.resources import UserResources
from subgraphs.user.settings import MIGRATIONS
from subgraphs.user.tables import Account, Outbox
from subgraphs.user.verification import LONGEST_PAUSE, pause_left
from tests.support.identity import account, service
from tests.support.subgraphs import SubgraphUnderTest

SIGN_UP = """mutation ($email: String!, $name: String = "Ann", $password: String = "correct horse") {
  signUp(input: {email: $email, password: $password, displayName: $name}) {
  __typename ... on SignInSuccess { accessToken refreshToken account { id } } } }"""
SIGN_IN = """mutation ($email: String!, $password: String!) { signIn(input: {email: $email, password: $password}) {
  __typename ... on SignInSuccess { account { id } } } }"""
REFRESH = "mutation ($token: String!) { refreshSession(refreshToken: $token) { __typename } }"
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
        assert (await user.data(VERIFY, {"token": token}, by=account(ann, "BUYER")))["verifyEmail"]["buyer"] == {
            "id": ann
        }
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
    other_address = resources.verification.tokens.issue("bob@example.org", now=clock())
    refused = {"__typename": "VerificationExpiredError", "code": "VERIFICATION_EXPIRED", "path": ["token"]}
    for text in ("", "x", forged, other_address, created["accessToken"]):
        assert (await user.data(VERIFY, {"token": text}, by=account(ann, "BUYER")))["verifyEmail"] == refused, text
    clock.advance(timedelta(hours=resources.settings.verification_ttl_hours))
    assert (await user.data(VERIFY, {"token": token}, by=account(ann, "BUYER")))["verifyEmail"] == refused
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
    await user.data(VERIFY, {"token": await token_of(user, ann)}, by=account(ann, "BUYER"))
    before = await events_of(resources.database)
    assert (await user.data(RESEND, by=account(ann, "BUYER")))["resendVerification"]["buyer"] == {"id": ann}
    assert await events_of(resources.database) == before


async def stranger(user: SubgraphUnderTest) -> dict[str, Any]:
    """Somebody who signed up with Ann's address."""
    variables = {"email": "ann@example.org", "name": "Eve", "password": "stolen horse"}
    signed_up: dict[str, Any] = (await user.data(SIGN_UP, variables))["signUp"]
    assert signed_up["__typename"] == "SignInSuccess"
    return signed_up


async def sign_in(user: SubgraphUnderTest, password: str) -> Any:
    found = (await user.data(SIGN_IN, {"email": "ann@example.org", "password": password}))["signIn"]
    return found["account"]["id"] if found["__typename"] == "SignInSuccess" else found["__typename"]


async def test_an_address_that_nobody_verified_is_free_for_its_owner(
    user: SubgraphUnderTest, clock: FixedClock
) -> None:
    eve = await stranger(user)
    clock.advance(timedelta(minutes=1))
    ann = await signed_up(user)
    assert await sign_in(user, "correct horse") == ann
    assert await sign_in(user, "stolen horse") == "InvalidCredentialsError"
    token = await token_of(user, ann)
    assert (await user.data(VERIFY, {"token": token}, by=account(ann, "BUYER")))["verifyEmail"]["buyer"] == {"id": ann}
    assert await is_verified(user, ann) is True
    # What the stranger has stays the stranger's, but for the address.
    assert (await user.data(REFRESH, {"token": eve["refreshToken"]}))["refreshSession"]["__typename"] == "SignInSuccess"
    assert await is_verified(user, eve["account"]["id"]) is False
    assert await token_of(user, eve["account"]["id"]) is None
    again = (await user.data(SIGN_UP, {"email": "ann@example.org", "name": "Eve"}))["signUp"]
    assert again == {"__typename": "EmailTakenError"}


async def test_a_stranger_who_comes_later_does_not_take_an_address_from_who_reads_its_mail(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    ann = await signed_up(user)
    token = await token_of(user, ann)
    eve = (await stranger(user))["account"]["id"]
    tokens_of_eve = await token_of(user, eve)
    assert (await user.data(VERIFY, {"token": token}, by=account(ann, "BUYER")))["verifyEmail"]["buyer"] == {"id": ann}
    assert (await is_verified(user, ann), await is_verified(user, eve)) == (True, False)
    assert await sign_in(user, "correct horse") == ann
    refused = (await user.data(VERIFY, {"token": tokens_of_eve}, by=account(eve, "BUYER")))["verifyEmail"]
    assert refused["__typename"] == "VerificationExpiredError"
    assert await events_of(resources.database) == [("user.email_verified", ann), ("user.verification_asked", ann)]


async def test_an_address_has_one_wait_for_all_that_sign_up_with_it_and_the_last_message_serves_its_reader(
    user: SubgraphUnderTest, resources: UserResources, clock: FixedClock
) -> None:
    eve = (await stranger(user))["account"]["id"]
    message = await token_of(user, eve)
    ann = await signed_up(user)
    asked = ("user.verification_asked", eve)
    assert await events_of(resources.database) == [asked], "one message a minute, whoever signs up"
    for by in (ann, eve):
        answer = (await user.data(RESEND, by=account(by, "BUYER")))["resendVerification"]
        assert answer["retryAfterMs"] == 60_000
    clock.advance(timedelta(minutes=1))
    assert (await user.data(RESEND, by=account(eve, "BUYER")))["resendVerification"]["buyer"] == {"id": eve}
    assert await events_of(resources.database) == [asked, asked]
    waits = (await user.data(RESEND, by=account(ann, "BUYER")))["resendVerification"]
    assert waits["retryAfterMs"] == 120_000
    # Ann has got messages that Eve asked for, and opens one where she is signed in.
    opened = (await user.data(VERIFY, {"token": message}, by=account(ann, "BUYER")))["verifyEmail"]
    assert opened["buyer"] == {"id": ann}
    assert (await is_verified(user, ann), await is_verified(user, eve)) == (True, False)


async def test_a_message_verifies_no_address_that_its_reader_did_not_sign_up_with(user: SubgraphUnderTest) -> None:
    ann, bob = await signed_up(user), await signed_up(user, "bob@example.org")
    token = await token_of(user, ann)
    refused = (await user.data(VERIFY, {"token": token}, by=account(bob, "BUYER")))["verifyEmail"]
    assert refused["__typename"] == "VerificationExpiredError"
    assert (await is_verified(user, ann), await is_verified(user, bob)) == (False, False)


async def test_the_mail_of_a_stranger_verifies_nothing_for_who_is_not_signed_in(user: SubgraphUnderTest) -> None:
    """Ann opens what came because Eve signed up with her address, before or after her: it must not make the address Eve's."""
    eve = (await stranger(user))["account"]["id"]
    message = await token_of(user, eve)
    ann = await signed_up(user)
    assert await user.codes(VERIFY, {"token": message}) == ["UNAUTHENTICATED"]
    assert (await is_verified(user, ann), await is_verified(user, eve)) == (False, False)
    assert await sign_in(user, "correct horse") == ann


async def test_an_account_from_before_addresses_were_verified_keeps_its_own(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    await signed_up(user)
    async with resources.database.transaction() as session:
        await session.execute(update(Account).values(verification_mails=0, verification_asked_at=None))
    assert (await user.data(SIGN_UP, {"email": "ann@example.org", "name": "Eve"}))["signUp"] == {
        "__typename": "EmailTakenError"
    }


async def test_a_sign_up_that_is_sent_again_makes_no_other_account(user: SubgraphUnderTest, clock: FixedClock) -> None:
    await signed_up(user)
    assert (await user.data(SIGN_UP, {"email": "Ann@example.org"}))["signUp"] == {"__typename": "EmailTakenError"}
    clock.advance(timedelta(minutes=2))
    assert (await user.data(SIGN_UP, {"email": "Ann@example.org"}))["signUp"]["__typename"] == "SignInSuccess"


async def test_of_accounts_that_verify_one_address_at_the_same_moment_one_has_it(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    ids = [await signed_up(user), (await stranger(user))["account"]["id"]]
    tokens = [await token_of(user, each) for each in ids]
    readers = list(zip(tokens, ids, strict=True)) * 3
    answers = await asyncio.gather(
        *(user.data(VERIFY, {"token": token}, by=account(reader, "BUYER")) for token, reader in readers)
    )
    verified = [each for each in ids if await is_verified(user, each)]
    assert len(verified) == 1
    kinds = [answer["verifyEmail"]["__typename"] for answer in answers]
    assert sorted(kinds) == ["VerificationExpiredError"] * 3 + ["VerifyEmailSuccess"] * 3
    told = [each for each in await events_of(resources.database) if each[0] == "user.email_verified"]
    assert told == [("user.email_verified", verified[0])]


async def test_twins_of_asking_again_send_one_message(
    user: SubgraphUnderTest, resources: UserResources, clock: FixedClock
) -> None:
    ann = await signed_up(user)
    clock.advance(timedelta(minutes=1))
    answers = await asyncio.gather(*(user.data(RESEND, by=account(ann, "BUYER")) for _ in range(6)))
    kinds = sorted(answer["resendVerification"]["__typename"] for answer in answers)
    assert kinds == ["ResendVerificationSuccess"] + ["TooManyAttemptsError"] * 5
    assert await events_of(resources.database) == [("user.verification_asked", ann)] * 2


async def test_strangers_who_sign_up_at_the_same_moment_leave_one_with_the_address(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    await signed_up(user)
    new = [{"email": "ann@example.org", "name": f"Eve {number}"} for number in range(6)]
    answers = await asyncio.gather(*(user.data(SIGN_UP, each) for each in new))
    kinds = {answer["signUp"]["__typename"] for answer in answers}
    assert "SignInSuccess" in kinds
    assert kinds <= {"SignInSuccess", "EmailTakenError"}
    async with resources.database.reading() as session:
        held = list(await session.scalars(select(Account.id).where(Account.email == "ann@example.org")))
    assert len(held) == 1
    assert len(await events_of(resources.database)) == 1


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
