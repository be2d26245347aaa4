"""One shop for the module: two recording subgraphs, an issuer of tokens, and a gateway in front."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.gateway import RecordingSubgraph, RunningGateway, running_gateway, shop_supergraph

Json = dict[str, Any]

GOODS = [{"__typename": "Good", "id": str(n), "name": f"good {n}", "margin": n} for n in range(3)]


def answer_goods(body: Json) -> Json:
    """What the goods subgraph says."""
    data: Json = {}
    if "goods" in body["query"]:
        data["goods"] = GOODS
    if "items" in body["query"]:
        data["items"] = [*GOODS, {"__typename": "Bundle", "id": "b", "name": "bundle", "margin": 5}]
    if "rename" in body["query"]:
        data |= {name: {"__typename": "Good", "id": "1", "name": "new"} for name in ("rename", "a", "b")}
    if "any" in body["query"]:
        data["any"] = body.get("variables", {}).get("v")
    return {"data": data}


def answer_accounts(body: Json) -> Json:
    """What the accounts subgraph says."""
    account = {"__typename": "Account", "id": "1", "nickname": "ann", "mail": "ann@x", "secret": "s", "staffNote": "n"}
    return {"data": {name: account for name in ("me", "account") if name in body["query"]}}


class Issuer:
    """Somebody who publishes a key, and signs with it or with others."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.kid = "k1"
        self.asked = 0
        self.is_down = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = json.dumps({"keys": [issuer.jwk()]}).encode()
                self.send_response(503 if issuer.is_down else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing: how often it was asked is in `asked`."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    def jwk(self) -> Json:
        public = jwt.algorithms.OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": "EdDSA"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def token(self, *, key: Any = None, headers: Json | None = None, algorithm: str = "EdDSA", **claims: Any) -> str:
        """A token; everything can be made wrong."""
        payload = {"iss": "https://shop.test", "aud": "shop", "sub": "ann", "exp": 4_000_000_000, **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(payload, key or self.key, algorithm=algorithm, headers={"kid": self.kid, **(headers or {})})


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    issuer.thread.start()
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()
    issuer.thread.join()


@pytest.fixture(scope="module")
def goods() -> Iterator[RecordingSubgraph]:
    with RecordingSubgraph(answer_goods) as subgraph:
        yield subgraph


@pytest.fixture(scope="module")
def accounts() -> Iterator[RecordingSubgraph]:
    with RecordingSubgraph(answer_accounts) as subgraph:
        yield subgraph


@pytest.fixture(scope="module")
def settings() -> Json:
    """What the module's gateway is told beside the schema; a module may say something else."""
    return {}


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory,
    settings: Json,
    goods: RecordingSubgraph,
    accounts: RecordingSubgraph,
    issuer: Issuer,
) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    schema = folder / "supergraph.graphql"
    schema.write_text(shop_supergraph(accounts=accounts.url, goods=goods.url), encoding="utf-8")
    told = {
        "supergraph": {"path": str(schema)},
        "identity": {
            "issuers": [
                {
                    "issuer": "https://shop.test",
                    "audience": "shop",
                    "jwks_url": issuer.url,
                    "algorithms": ["EdDSA"],
                }
            ]
        },
        **settings,
    }
    with running_gateway(folder, told) as running:
        yield running


@pytest.fixture
def untouched(goods: RecordingSubgraph, accounts: RecordingSubgraph) -> Iterator[None]:
    """Fails the test if a subgraph is asked anything during it."""
    before = len(goods.requests), len(accounts.requests)
    yield
    assert (len(goods.requests), len(accounts.requests)) == before
