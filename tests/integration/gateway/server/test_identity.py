"""Who asks: tokens of a real issuer over HTTP, what they open, and what subgraphs are told."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.runtime.keys import KeyRing, new_secret
from tests.integration.gateway.server.conftest import Issuer
from tests.support.gateway import RecordingSubgraph, RunningGateway

SERVICE_KEYS = new_secret("k1", b"s" * 32)
ME = "{ me { nickname } }"


@pytest.fixture(scope="module")
def settings(issuer: Issuer) -> dict[str, Any]:
    return {
        "identity": {
            "issuers": [
                {
                    "issuer": "https://shop.test",
                    "audience": "shop",
                    "jwks_url": issuer.url,
                    "algorithms": ["EdDSA"],
                }
            ],
            "service_tokens": {"keys": SERVICE_KEYS, "anonymous_header": "x-anonymous-id"},
        },
        "headers": {"forward": ["x-tenant", "authorization", "x-forwarded-for"]},
    }


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def told(subgraph: RecordingSubgraph) -> Any:
    """The identity that the subgraph was last told."""
    token = subgraph.headers[-1]["authorization"].removeprefix("Bearer ")
    return ServiceTokens(KeyRing.parse(SERVICE_KEYS)).verify(token)


@pytest.mark.usefixtures("untouched")
def test_nobody_is_asked_to_sign_in_and_nothing_is_fetched(gateway: RunningGateway) -> None:
    response = gateway.ask(ME, headers={"accept": "application/graphql-response+json"})
    assert response.status_code == 200
    assert response.json()["data"] == {"me": None}
    (error,) = response.json()["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["me"], "UNAUTHENTICATED")


def test_a_valid_token_opens_what_it_may(gateway: RunningGateway, issuer: Issuer, accounts: RecordingSubgraph) -> None:
    token = issuer.token(scope="mail:read x:y", roles=["BUYER"])
    response = gateway.ask("{ me { nickname mail } }", headers=bearer(token))
    assert response.json() == {"data": {"me": {"nickname": "ann", "mail": "ann@x"}}}
    identity = told(accounts)
    assert (identity.caller, identity.subject) == ("gateway", "ann")
    assert (identity.roles, identity.scopes) == ({"BUYER"}, {"mail:read", "x:y"})


def test_a_missing_scope_costs_its_field_and_the_rest_is_answered(
    gateway: RunningGateway, issuer: Issuer, accounts: RecordingSubgraph
) -> None:
    response = gateway.ask("{ me { nickname m: mail } }", headers=bearer(issuer.token(scope="other")))
    assert response.json()["data"] == {"me": {"nickname": "ann", "m": None}}
    (error,) = response.json()["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["me", "m"], "FORBIDDEN")
    assert "mail" not in accounts.requests[-1]["query"]


def test_a_refused_field_that_may_not_be_null_takes_its_parent_along(gateway: RunningGateway) -> None:
    response = gateway.ask("{ account(id: 1) { nickname secret } }")
    assert response.json()["data"] == {"account": None}
    (error,) = response.json()["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["account", "secret"], "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "query",
    [
        "{ items { id margin } }",
        "{ items { id ... on Good { margin } } }",
        "{ items { ...F } } fragment F on Item { id margin }",
    ],
)
def test_a_field_is_refused_on_its_type_by_whatever_way(gateway: RunningGateway, issuer: Issuer, query: str) -> None:
    response = gateway.ask(query, headers=bearer(issuer.token())).json()
    items = response["data"]["items"]
    assert [item["margin"] for item in items if item["id"] != "b"] == [None] * 3
    assert {error["extensions"]["code"] for error in response["errors"]} == {"FORBIDDEN"}
    allowed = gateway.ask(query, headers=bearer(issuer.token(scope="goods:margin"))).json()
    assert [item["margin"] for item in allowed["data"]["items"] if item["id"] != "b"] == [0, 1, 2]


def test_a_field_that_requires_a_closed_one_is_closed(
    gateway: RunningGateway, issuer: Issuer, accounts: RecordingSubgraph
) -> None:
    response = gateway.ask("{ account(id: 1) { nickname badge } }", headers=bearer(issuer.token())).json()
    assert response["data"] == {"account": {"nickname": "ann", "badge": None}}
    assert "mail" not in accounts.requests[-1]["query"]


def test_plans_of_one_caller_are_not_anothers(gateway: RunningGateway, issuer: Issuer) -> None:
    query = "{ me { mail nickname } }"
    with_scope = bearer(issuer.token(scope="mail:read"))
    for _ in range(2):
        assert gateway.ask(query, headers=with_scope).json()["data"]["me"]["mail"] == "ann@x"
        assert gateway.ask(query, headers=bearer(issuer.token())).json()["data"]["me"]["mail"] is None
        assert gateway.ask(query).json()["data"] == {"me": None}


@pytest.mark.usefixtures("untouched")
def test_what_is_no_valid_token_is_refused(gateway: RunningGateway, issuer: Issuer) -> None:
    foreign = Ed25519PrivateKey.generate()
    public = issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    own_key = {"jwk": jwt.algorithms.OKPAlgorithm.to_jwk(foreign.public_key(), as_dict=True)}
    wrong = {
        "expired": issuer.token(exp=1_000_000_000),
        "without an end": issuer.token(exp=None),
        "not yet": issuer.token(nbf=4_000_000_000),
        "of another issuer": issuer.token(iss="https://evil.test"),
        "for another audience": issuer.token(aud="other"),
        "without a subject": issuer.token(sub=None),
        "signed by another key": issuer.token(key=foreign),
        "with its own key in the header": issuer.token(key=foreign, headers=own_key),
        "of an unknown key": issuer.token(key=foreign, headers={"kid": "k9"}),
        "unsigned": jwt.encode({"sub": "ann", "exp": 4e9}, "", algorithm="none", headers={"kid": "k1"}),
        "hmac with the public key": _hmac_signed(public),
        "no token": "abc",
        "half a token": issuer.token()[:-10],
    }
    for what, token in wrong.items():
        response = gateway.ask("{ goods { id } }", headers=bearer(token))
        assert response.status_code == 401, what
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", what
        assert response.headers["www-authenticate"].startswith("Bearer"), what
    basic = gateway.ask("{ goods { id } }", headers={"authorization": "Basic YTpi"})
    assert basic.status_code == 401


def _hmac_signed(public: bytes) -> str:
    """A token whose signature is an HMAC under the published key, as text: the confusion of algorithms."""
    import base64
    import hashlib
    import hmac
    import json

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    claims = {"iss": "https://shop.test", "aud": "shop", "sub": "ann", "exp": 4_000_000_000}
    signed = part(json.dumps({"alg": "HS256", "kid": "k1"}).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.digest(public, signed, hashlib.sha256))).decode()


def test_unknown_keys_do_not_make_the_gateway_ask_the_issuer_each_time(gateway: RunningGateway, issuer: Issuer) -> None:
    gateway.ask("{ goods { id } }", headers=bearer(issuer.token()))
    asked = issuer.asked
    for number in range(20):
        gateway.ask("{ goods { id } }", headers=bearer(issuer.token(headers={"kid": f"made-up-{number}"})))
    assert issuer.asked - asked <= 1


def test_known_keys_go_on_while_the_issuer_is_down(gateway: RunningGateway, issuer: Issuer) -> None:
    gateway.ask(ME, headers=bearer(issuer.token()))
    issuer.is_down = True
    try:
        assert gateway.ask(ME, headers=bearer(issuer.token(jti="another"))).status_code == 200
    finally:
        issuer.is_down = False


def test_subgraphs_hear_of_the_device_of_whoever_has_not_signed_in(
    gateway: RunningGateway, goods: RecordingSubgraph
) -> None:
    gateway.ask("{ goods { id } }", headers={"x-anonymous-id": "device-1"})
    assert (told(goods).subject, told(goods).anonymous_id) == (None, "device-1")
    gateway.ask("{ goods { id name } }", headers={"x-anonymous-id": "no id!"})
    assert told(goods).anonymous_id is None


def test_only_listed_headers_go_on_and_never_the_clients_own_identity(
    gateway: RunningGateway, issuer: Issuer, goods: RecordingSubgraph
) -> None:
    sent = {
        **bearer(issuer.token()),
        "x-tenant": "blue",
        "x-user-id": "root",
        "x-forwarded-for": "6.6.6.6",
        "x-real-ip": "6.6.6.6",
        "cookie": "a=b",
    }
    gateway.ask("{ goods { id } }", headers=sent)
    received = goods.headers[-1]
    assert received["x-tenant"] == "blue"
    assert received["x-forwarded-for"] == "127.0.0.1"
    assert not {"x-user-id", "x-real-ip", "cookie"} & set(received)
    assert told(goods).subject == "ann"


def test_no_token_is_written_to_the_log(gateway: RunningGateway, issuer: Issuer) -> None:
    token = issuer.token()
    gateway.ask(ME, headers=bearer(token))
    gateway.ask(ME, headers=bearer(token[:-4] + "abcd"))
    assert token[:40] not in str(gateway.log())
