"""The user subgraph over HTTP, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
from sqlalchemy import select, update

from subgraphs.kit.messaging.task_queue import async_redis_client
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.migrate import downgrade, schema_differences, upgrade
from subgraphs.user.passwords import Passwords
from subgraphs.user.resources import UserResources
from subgraphs.user.seed import seed
from subgraphs.user.sessions import REFRESH_GRACE
from subgraphs.user.settings import MIGRATIONS
from subgraphs.user.tables import Account, Base, RefreshToken
from subgraphs.user.tokens import TokenKeys
from tests.support.identity import account, service
from tests.support.statements import counted_statements
from tests.support.subgraphs import SubgraphUnderTest

SIGN_UP = """mutation ($input: SignUpInput!) { signUp(input: $input) {
  __typename ... on SignInSuccess { accessToken refreshToken expiresAt account { __typename id displayName } }
  ... on UserError { code path } } }"""
SIGN_IN = """mutation ($email: String!, $password: String!) { signIn(input: {email: $email, password: $password}) {
  __typename ... on SignInSuccess { accessToken refreshToken account { id } } ... on UserError { code }
  ... on TooManyAttemptsError { retryAfterMs } } }"""
REFRESH = """mutation ($token: String!) { refreshSession(refreshToken: $token) {
  __typename ... on SignInSuccess { accessToken refreshToken } ... on UserError { code } } }"""
SIGN_OUT = "mutation ($token: String!) { signOut(refreshToken: $token) }"
REGISTER = """mutation ($slug: String!) { registerSeller(input: {displayName: "Kiln", slug: $slug, about: "Pots"}) {
  __typename ... on RegisterSellerSuccess { seller { id slug verified } }
  ... on SlugTakenError { code suggestion } ... on ValidationError { code path } } }"""
SET_ROLES = """mutation ($id: ID!, $roles: [Role!]!) { setRoles(accountId: $id, roles: $roles) {
  __typename ... on SetRolesSuccess { roles } ... on UserError { code } } }"""
ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Account { id displayName } } }"


async def signed_up(user: SubgraphUnderTest, email: str = "ann@example.org") -> dict[str, Any]:
    new = {"email": email, "password": "correct horse", "displayName": "Ann"}
    answer = await user.data(SIGN_UP, {"input": new})
    assert answer["signUp"]["__typename"] == "SignInSuccess", answer
    return dict(answer["signUp"])


async def from_address(user: SubgraphUnderTest, address: str, credentials: dict[str, str]) -> dict[str, Any]:
    """Sign in from a client's address, as the gateway tells it."""
    response = await user.http.post(
        "/graphql",
        json={"query": SIGN_IN, "variables": credentials},
        headers={**user.headers(), "x-client-address": address},
    )
    return dict(response.json()["data"]["signIn"])


async def test_migrations_make_the_tables_of_the_code_and_take_them_away(database_url: str) -> None:
    await upgrade(database_url, MIGRATIONS)
    assert await schema_differences(database_url, Base.metadata) == []
    await downgrade(database_url, MIGRATIONS)
    missing = await schema_differences(database_url, Base.metadata)
    assert {each[1].name for each in missing if each[0] == "add_table"} == set(Base.metadata.tables)
    await upgrade(database_url, MIGRATIONS)


async def test_a_request_without_a_service_token_is_refused(user: SubgraphUnderTest) -> None:
    for headers in ({}, {"authorization": "Bearer forged"}, {"authorization": "Basic eDp5"}):
        response = await user.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
        assert response.status_code == 401
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_sign_up_gives_a_token_that_the_published_keys_verify(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    success = await signed_up(user)
    keys = (await user.http.get("/.well-known/jwks.json")).json()
    assert all("d" not in key for key in keys["keys"])
    signing = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(success["accessToken"])["kid"]]
    claims = jwt.decode(
        success["accessToken"], signing, algorithms=["EdDSA"], audience="yarmarka", issuer=resources.settings.issuer
    )
    assert claims["sub"] == success["account"]["id"]
    assert claims["roles"] == ["BUYER"]
    assert claims["scope"] == "profile:read"


async def test_an_old_key_stays_published_after_a_rotation(user: SubgraphUnderTest, resources: UserResources) -> None:
    before = (await user.http.get("/.well-known/jwks.json")).json()["keys"]
    TokenKeys.rotate(resources.settings.token_keys)
    after = (await user.http.get("/.well-known/jwks.json")).json()["keys"]
    assert after[1:] == before
    token = (await signed_up(user))["accessToken"]
    assert jwt.get_unverified_header(token)["kid"] == after[0]["kid"]


async def test_a_verified_address_has_one_account_whatever_its_case(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    await signed_up(user)
    async with resources.database.transaction() as session:
        await session.execute(update(Account).values(email_verified_at=resources.clock()))
    again = await user.data(
        SIGN_UP, {"input": {"email": " ANN@example.org", "password": "correct horse", "displayName": "Other"}}
    )
    assert again["signUp"] == {"__typename": "EmailTakenError", "code": "EMAIL_TAKEN", "path": ["input", "email"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "x,victim@example.org"),
        ("password", "short"),
        ("displayName", "  "),
        ("locale", "12"),
    ],
)
async def test_sign_up_names_the_part_that_is_wrong(user: SubgraphUnderTest, field: str, value: str) -> None:
    new = {"email": "ann@example.org", "password": "correct horse", "displayName": "Ann", field: value}
    answer = (await user.data(SIGN_UP, {"input": new}))["signUp"]
    assert answer == {"__typename": "ValidationError", "code": "VALIDATION_FAILED", "path": ["input", field]}


async def test_a_password_is_the_same_from_every_keyboard(user: SubgraphUnderTest) -> None:
    composed, decomposed = "caf\u00e9 creme", "cafe\u0301 creme"
    new = {"email": "ann@example.org", "password": decomposed, "displayName": "Ann"}
    assert (await user.data(SIGN_UP, {"input": new}))["signUp"]["__typename"] == "SignInSuccess"
    for password in (composed, decomposed, "\uff43af\u00e9 creme"):
        found = (await user.data(SIGN_IN, {"email": "ann@example.org", "password": password}))["signIn"]
        assert found["__typename"] == "SignInSuccess"


async def test_a_password_that_was_hashed_as_it_was_given_still_fits(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    await signed_up(user)
    given = "\uff43af\u00e9 creme"
    kept = await resources.sessions.passwords.hash(given)
    async with resources.database.transaction() as session:
        await session.execute(update(Account).values(password_hash=kept))
    found = (await user.data(SIGN_IN, {"email": "ann@example.org", "password": given}))["signIn"]
    assert found["__typename"] == "SignInSuccess"


async def test_an_account_from_before_addresses_were_parsed_signs_in(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    await signed_up(user)
    async with resources.database.transaction() as session:
        await session.execute(update(Account).values(email="x,ann@example.org"))
    found = (await user.data(SIGN_IN, {"email": "X,ann@example.org", "password": "correct horse"}))["signIn"]
    assert found["__typename"] == "SignInSuccess"


async def test_sign_in_tells_not_whether_the_account_exists(user: SubgraphUnderTest) -> None:
    await signed_up(user)
    wrong = await user.data(SIGN_IN, {"email": "ann@example.org", "password": "wrong horse"})
    unknown = await user.data(SIGN_IN, {"email": "nobody@example.org", "password": "wrong horse"})
    assert wrong == unknown
    right = await user.data(SIGN_IN, {"email": "Ann@example.org", "password": "correct horse"})
    assert right["signIn"]["__typename"] == "SignInSuccess"


async def test_too_many_attempts_are_refused_even_with_the_right_password(user: SubgraphUnderTest) -> None:
    await signed_up(user)
    for _ in range(3):
        await user.data(SIGN_IN, {"email": "ann@example.org", "password": "wrong horse"})
    refused = (await user.data(SIGN_IN, {"email": "ann@example.org", "password": "correct horse"}))["signIn"]
    assert refused["code"] == "TOO_MANY_ATTEMPTS"
    assert 0 < refused["retryAfterMs"] <= 300_000


async def test_a_stranger_who_guesses_does_not_lock_the_owner_out(user: SubgraphUnderTest) -> None:
    await signed_up(user)
    wrong = {"email": "ann@example.org", "password": "wrong horse"}
    right = {"email": "ann@example.org", "password": "correct horse"}
    assert (await from_address(user, "192.0.2.1", right))["__typename"] == "SignInSuccess"
    strangers = [await from_address(user, f"2001:db8::{n}", wrong) for n in range(4)]
    assert [each["code"] for each in strangers] == ["INVALID_CREDENTIALS"] * 3 + ["TOO_MANY_ATTEMPTS"]
    assert (await from_address(user, "192.0.2.1", right))["__typename"] == "SignInSuccess"


async def test_guesses_from_many_addresses_are_counted_together_and_spare_the_owners_address(
    user: SubgraphUnderTest,
) -> None:
    await signed_up(user)
    wrong = {"email": "ann@example.org", "password": "wrong horse"}
    right = {"email": "ann@example.org", "password": "correct horse"}
    assert (await from_address(user, "192.0.2.1", right))["__typename"] == "SignInSuccess"
    codes = [(await from_address(user, f"198.51.100.{n}", wrong))["code"] for n in range(8)]
    # The owner's first sign-in came from an address that was new then, and counted as one of the seven.
    assert codes == ["INVALID_CREDENTIALS"] * 6 + ["TOO_MANY_ATTEMPTS"] * 2
    assert (await from_address(user, "198.51.100.99", right))["code"] == "TOO_MANY_ATTEMPTS"
    assert (await from_address(user, "192.0.2.1", right))["__typename"] == "SignInSuccess"


async def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(
    user: SubgraphUnderTest, clock: FixedClock
) -> None:
    first = (await signed_up(user))["refreshToken"]
    second = (await user.data(REFRESH, {"token": first}))["refreshSession"]["refreshToken"]
    clock.advance(REFRESH_GRACE + timedelta(seconds=1))
    assert (await user.data(REFRESH, {"token": first}))["refreshSession"]["code"] == "SESSION_EXPIRED"
    assert (await user.data(REFRESH, {"token": second}))["refreshSession"]["code"] == "SESSION_EXPIRED"


async def test_parallel_refreshes_of_one_token_get_the_same_new_pair(
    user: SubgraphUnderTest, clock: FixedClock
) -> None:
    first = (await signed_up(user))["refreshToken"]
    clock.advance(timedelta(seconds=1))
    pairs = await asyncio.gather(*(user.data(REFRESH, {"token": first}) for _ in range(5)))
    clock.advance(timedelta(seconds=5))
    late = await user.data(REFRESH, {"token": first})
    assert all(pair == late for pair in pairs)
    assert late["refreshSession"]["__typename"] == "SignInSuccess"
    assert late["refreshSession"]["refreshToken"] != first
    third = await user.data(REFRESH, {"token": late["refreshSession"]["refreshToken"]})
    assert third["refreshSession"]["refreshToken"] not in {first, late["refreshSession"]["refreshToken"]}


async def test_the_database_alone_does_not_hold_the_next_refresh_token(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    first = (await signed_up(user))["refreshToken"]
    second = (await user.data(REFRESH, {"token": first}))["refreshSession"]["refreshToken"]
    async with resources.database.reading() as session:
        rows = list(await session.scalars(select(RefreshToken)))
    kept = [str(value) for row in rows for value in vars(row).values()]
    assert not any(second.partition(".")[2] in value for value in kept)


async def test_a_session_ends_at_sign_out_and_with_time(user: SubgraphUnderTest, clock: FixedClock) -> None:
    token = (await signed_up(user))["refreshToken"]
    assert (await user.data(SIGN_OUT, {"token": token}))["signOut"] is True
    assert (await user.data(REFRESH, {"token": token}))["refreshSession"]["code"] == "SESSION_EXPIRED"
    assert (await user.data(SIGN_OUT, {"token": "nonsense"}))["signOut"] is False
    other = (await signed_up(user, "bob@example.org"))["refreshToken"]
    clock.advance(timedelta(days=31))
    assert (await user.data(REFRESH, {"token": other}))["refreshSession"]["code"] == "SESSION_EXPIRED"


async def test_viewer_shows_profile_roles_and_scopes(user: SubgraphUnderTest) -> None:
    mine = (await signed_up(user))["account"]["id"]
    query = "{ viewer { account { id __typename } buyer { email locale addresses { id } version } seller { id } roles scopes } }"
    assert (await user.data(query, by=account(mine, "BUYER")))["viewer"] == {
        "account": {"id": mine, "__typename": "Buyer"},
        "buyer": {"email": "ann@example.org", "locale": "en", "addresses": [], "version": 1},
        "seller": None,
        "roles": ["BUYER"],
        "scopes": ["profile:read"],
    }
    assert await user.codes("{ viewer { roles } }") == ["UNAUTHENTICATED"]


async def test_private_fields_of_others_are_refused(user: SubgraphUnderTest) -> None:
    mine = (await signed_up(user))["account"]["id"]
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Buyer { id phone email } } }"
    asked = {"r": [{"__typename": "Buyer", "id": mine}]}
    assert await user.codes(query, asked, by=account(uuid7(), "BUYER")) == ["FORBIDDEN"]
    assert await user.codes(query, asked) == ["UNAUTHENTICATED", "UNAUTHENTICATED"]
    by_service = await user.data(query, asked, by=service("notification", "profile:read"))
    assert by_service["_entities"] == [{"id": mine, "phone": None, "email": "ann@example.org"}]


async def test_an_update_needs_the_current_version(user: SubgraphUnderTest) -> None:
    mine = account((await signed_up(user))["account"]["id"], "BUYER")
    update = """mutation ($v: Int!, $phone: String) { updateBuyerProfile(input: {displayName: "Anna", phone: $phone, expectedVersion: $v}) {
      __typename ... on UpdateBuyerProfileSuccess { buyer { displayName version phone } }
      ... on VersionConflictError { code currentVersion } ... on ValidationError { path } } }"""
    changed = (await user.data(update, {"v": 1, "phone": "+49 1511 2345678"}, by=mine))["updateBuyerProfile"]
    assert changed["buyer"] == {"displayName": "Anna", "version": 2, "phone": "+4915112345678"}
    stale = (await user.data(update, {"v": 1}, by=mine))["updateBuyerProfile"]
    assert stale == {"__typename": "VersionConflictError", "code": "VERSION_CONFLICT", "currentVersion": 2}
    for phone in ("call me", ""):
        wrong = (await user.data(update, {"v": 2, "phone": phone}, by=mine))["updateBuyerProfile"]
        assert wrong == {"__typename": "ValidationError", "path": ["input", "phone"]}


@pytest.mark.parametrize("field", ["displayName", "phone", "locale"])
async def test_an_empty_text_is_no_change_that_slips_through(user: SubgraphUnderTest, field: str) -> None:
    mine = account((await signed_up(user))["account"]["id"], "BUYER")
    change = """mutation ($input: UpdateBuyerProfileInput!) { updateBuyerProfile(input: $input) {
      __typename ... on ValidationError { path } } }"""
    answer = await user.data(change, {"input": {field: "", "expectedVersion": 1}}, by=mine)
    assert answer["updateBuyerProfile"] == {"__typename": "ValidationError", "path": ["input", field]}


async def test_an_address_is_added_to_the_caller(user: SubgraphUnderTest) -> None:
    mine = account((await signed_up(user))["account"]["id"], "BUYER")
    add = """mutation ($c: String!) { addAddress(input: {line1: "Hill 1", city: "Graz", postalCode: "8010", country: $c}) {
      ... on UpdateBuyerProfileSuccess { buyer { addresses { line1 city country } } } ... on UserError { code path } } }"""
    added = (await user.data(add, {"c": "AT"}, by=mine))["addAddress"]
    assert added["buyer"]["addresses"] == [{"line1": "Hill 1", "city": "Graz", "country": "AT"}]
    refused = (await user.data(add, {"c": "Austria"}, by=mine))["addAddress"]
    assert refused == {"code": "VALIDATION_FAILED", "path": ["input", "country"]}


async def test_a_buyer_becomes_a_seller_with_the_next_token(user: SubgraphUnderTest) -> None:
    ann = await signed_up(user)
    mine = ann["account"]["id"]
    success = (await user.data(REGISTER, {"slug": "kiln"}, by=account(mine, "BUYER")))["registerSeller"]
    assert success["seller"] == {"id": mine, "slug": "kiln", "verified": False}
    renewed = (await user.data(REFRESH, {"token": ann["refreshToken"]}))["refreshSession"]
    claims = jwt.decode(renewed["accessToken"], options={"verify_signature": False})
    assert claims["roles"] == ["BUYER", "SELLER"]
    by_slug = await user.data('{ seller(slug: "kiln") { id displayName about } }')
    assert by_slug["seller"] == {"id": mine, "displayName": "Kiln", "about": "Pots"}


async def test_a_taken_slug_comes_with_a_free_one(user: SubgraphUnderTest) -> None:
    ann = (await signed_up(user))["account"]["id"]
    bob = (await signed_up(user, "bob@example.org"))["account"]["id"]
    await user.data(REGISTER, {"slug": "kiln"}, by=account(ann, "BUYER"))
    taken = (await user.data(REGISTER, {"slug": "kiln"}, by=account(bob, "BUYER")))["registerSeller"]
    assert taken == {"__typename": "SlugTakenError", "code": "SLUG_TAKEN", "suggestion": "kiln-2"}
    twice = (await user.data(REGISTER, {"slug": "kiln-3"}, by=account(ann, "BUYER")))["registerSeller"]
    assert twice["__typename"] == "ValidationError"


async def test_roles_are_set_by_administrators_alone(user: SubgraphUnderTest) -> None:
    ann = (await signed_up(user))["account"]["id"]
    admin = account((await signed_up(user, "admin@example.org"))["account"]["id"], "ADMIN")
    assert await user.codes(SET_ROLES, {"id": ann, "roles": ["ADMIN"]}, by=account(ann, "BUYER")) == ["FORBIDDEN"]
    done = (await user.data(SET_ROLES, {"id": ann, "roles": ["SUPPORT", "BUYER"]}, by=admin))["setRoles"]
    assert done == {"__typename": "SetRolesSuccess", "roles": ["BUYER", "SUPPORT"]}
    unknown = (await user.data(SET_ROLES, {"id": uuid7(), "roles": ["BUYER"]}, by=admin))["setRoles"]
    assert unknown == {"__typename": "NotFoundError", "code": "NOT_FOUND"}
    for roles in ([], ["SELLER"]):
        refused = (await user.data(SET_ROLES, {"id": ann, "roles": roles}, by=admin))["setRoles"]
        assert refused["__typename"] == "ValidationError"


async def test_entities_cost_the_same_statements_for_any_number(
    user: SubgraphUnderTest, resources: UserResources
) -> None:
    ids = [(await signed_up(user, f"buyer{n}@example.org"))["account"]["id"] for n in range(12)]
    for n in range(4):
        await user.data(REGISTER, {"slug": f"kiln-{n}"}, by=account(ids[n], "BUYER"))

    async def statements(count: int) -> int:
        asked = [{"__typename": "Account", "id": each} for each in ids[:count]]
        asked += [{"__typename": "Seller", "id": each} for each in ids[: min(count, 4)]]
        asked += [{"__typename": "Seller", "slug": f"kiln-{n}"} for n in range(min(count, 4))]
        with counted_statements(resources.database) as seen:
            found = (await user.data(ENTITIES, {"r": asked}))["_entities"]
        assert [each and each.get("id") for each in found] == [
            *ids[:count],
            *ids[: min(count, 4)],
            *ids[: min(count, 4)],
        ]
        return len(seen)

    assert await statements(1) == await statements(12) == 3


async def test_an_unknown_entity_is_null_and_the_others_stay(user: SubgraphUnderTest) -> None:
    mine = (await signed_up(user))["account"]["id"]
    asked = [{"__typename": "Buyer", "id": uuid7()}, {"__typename": "Account", "id": mine}]
    found = (await user.data(ENTITIES, {"r": asked}))["_entities"]
    assert found == [None, {"__typename": "Buyer", "id": mine, "displayName": "Ann"}]


async def test_the_seed_fills_once_and_sets_demo_passwords(
    user: SubgraphUnderTest, resources: UserResources, tmp_path: Path
) -> None:
    made = "2026-01-02T03:04:05Z"
    seller = {"id": uuid7(), "slug": "kiln", "display_name": "Kiln", "about": None, "logo_url": None, "verified": True}
    buyer = {"id": uuid7(), "display_name": "Ann", "locale": "en", "phone": None, "created_at": made}
    address = {"id": uuid7(), "line1": "Hill 1", "line2": None, "city": "Graz", "postal_code": "8010", "country": "AT"}
    admin = {"id": uuid7(), "display_name": "Root", "locale": "en", "created_at": made, "email": "admin@yarmarka.test"}
    market = tmp_path / "market"
    market.mkdir()
    for name, row in (
        ("sellers", {**seller, "email": "seller@yarmarka.test", "created_at": made}),
        ("buyers", {**buyer, "email": "buyer@yarmarka.test", "addresses": [address]}),
        ("admins", admin),
    ):
        (market / f"{name}.jsonl").write_bytes(orjson.dumps(row) + b"\n")
    assert await seed(resources.settings, market) == 7
    assert await seed(resources.settings, market) == 0
    for email in ("buyer@yarmarka.test", "seller@yarmarka.test", "admin@yarmarka.test"):
        answer = (await user.data(SIGN_IN, {"email": email, "password": "yarmarka"}))["signIn"]
        assert answer["__typename"] == "SignInSuccess"


async def test_ready_names_the_configuration_that_is_missing(user: SubgraphUnderTest) -> None:
    health, ready = await user.http.get("/health"), await user.http.get("/ready")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert ready.status_code == 503
    assert ready.json()["failing"] == {"config": "InvalidConfig"}


def bearer_of(signed_in: dict[str, Any]) -> Identity:
    """The caller that the gateway takes the bearer of the access token for."""
    claims = jwt.decode(signed_in["accessToken"], options={"verify_signature": False})
    return replace(account(claims["sub"], "BUYER"), session_id=claims["sid"])


async def is_signed_in(user: SubgraphUnderTest, signed_in: dict[str, Any]) -> bool:
    codes = await user.codes("{ viewer { roles } }", by=bearer_of(signed_in))
    assert codes in ([], ["UNAUTHENTICATED"])
    return not codes


async def test_the_access_token_of_a_session_that_ended_is_nobodys(
    user: SubgraphUnderTest, resources: UserResources, clock: FixedClock
) -> None:
    ann = await signed_up(user)
    other = (await user.data(SIGN_IN, {"email": "ann@example.org", "password": "correct horse"}))["signIn"]
    assert await is_signed_in(user, ann)
    await user.data(SIGN_OUT, {"token": ann["refreshToken"]})
    assert [await is_signed_in(user, each) for each in (ann, other)] == [False, True]

    await user.data(REFRESH, {"token": other["refreshToken"]})
    clock.advance(REFRESH_GRACE + timedelta(seconds=1))
    await user.data(REFRESH, {"token": other["refreshToken"]})
    assert not await is_signed_in(user, other), "its refresh token was used twice"


async def test_an_access_token_with_a_role_that_was_taken_away_is_nobodys(user: SubgraphUnderTest) -> None:
    ann, bob = await signed_up(user), await signed_up(user, "bob@example.org")
    for each, roles in ((ann, ["SUPPORT"]), (bob, ["BUYER", "SUPPORT"])):
        given = {"id": each["account"]["id"], "roles": roles}
        assert (await user.data(SET_ROLES, given, by=account("admin", "ADMIN")))["setRoles"]["roles"] == roles
    assert [await is_signed_in(user, each) for each in (ann, bob)] == [False, True]


async def test_sessions_that_ended_are_known_again_after_redis_was_emptied(
    user: SubgraphUnderTest, resources: UserResources, redis_url: str
) -> None:
    ann = await signed_up(user)
    await user.data(SIGN_OUT, {"token": ann["refreshToken"]})
    client = async_redis_client(redis_url)
    await client.flushdb()
    await client.aclose()
    await resources.ended.loop().round()
    assert not await is_signed_in(user, ann)


async def test_twins_of_a_sign_up_make_one_account_and_twins_of_a_sign_out_all_end_the_session(
    user: SubgraphUnderTest,
) -> None:
    new = {"email": "ann@example.org", "password": "correct horse", "displayName": "Ann"}
    answers = await asyncio.gather(*(user.data(SIGN_UP, {"input": new}) for _ in range(6)))
    kinds = sorted(answer["signUp"]["__typename"] for answer in answers)
    assert kinds == ["EmailTakenError"] * 5 + ["SignInSuccess"]
    ann = next(answer["signUp"] for answer in answers if answer["signUp"]["__typename"] == "SignInSuccess")
    ended = await asyncio.gather(*(user.data(SIGN_OUT, {"token": ann["refreshToken"]}) for _ in range(6)))
    assert [answer["signOut"] for answer in ended] == [True] * 6


async def test_an_attempt_that_ends_without_a_verdict_is_not_counted(
    user: SubgraphUnderTest, resources: UserResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client whose sign-ins time out on a busy machine is not locked out once the machine is free again."""
    await signed_up(user)
    right = {"email": "ann@example.org", "password": "correct horse"}

    reached = asyncio.Event()

    async def never(*_: object) -> bool:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    with monkeypatch.context() as busy:
        busy.setattr(Passwords, "is_correct", never)
        for attempt in range(20):
            sign_in = asyncio.create_task(
                resources.sessions.sign_in(right["email"], right["password"], address=f"192.0.2.{attempt % 2}")
            )
            await asyncio.wait_for(reached.wait(), 10)
            reached.clear()
            sign_in.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sign_in
    for address in ("192.0.2.0", "192.0.2.1", "192.0.2.2"):
        assert (await from_address(user, address, right))["__typename"] == "SignInSuccess"
