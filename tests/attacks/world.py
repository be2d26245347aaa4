"""What the attacks are played against: a gateway process in production mode, one honest subgraph, and hostile ones."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from tests.attacks.hostile import HostileSubgraph
from tests.support.gateway import RecordingSubgraph, RunningGateway, running_gateway

Json = dict[str, Any]

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", '
    'import: ["@key", "@cost", "@listSize", "@authenticated"])'
)
HONEST = f"""{LINK}
scalar Any
type Query {{
  me: User
  secret: String @authenticated
  things(first: Int = 10): [Thing!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false)
  check(input: Any): Int @cost(weight: 5)
}}
type Mutation {{ touch: Int }}
type Thing {{ id: ID!, things(first: Int = 10): [Thing!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false) }}
type User @key(fields: "id") {{ id: ID!, name: String }}
"""
ISSUER = "https://attacks.test"
MAX_COST = 2_000


def hostile_sdl(name: str) -> str:
    """The schema of a hostile subgraph, whose fields end with its name."""
    return f"""{LINK}
    scalar Any{name}
    type Query {{ box{name}(n: Int, text: String): Box{name} }}
    type Box{name} {{ n: Int, any: Any{name}, near: [Box{name}] }}
    type Mutation {{ put{name}(n: Int): Int }}
    type Subscription {{ ticks{name}: Int }}
    """


def answer_honestly(body: Json) -> Json:
    """What the honest subgraph says."""
    data: Json = {}
    if "me" in body["query"]:
        data["me"] = {"__typename": "User", "id": "1", "name": "ann"}
    if "secret" in body["query"]:
        data["secret"] = "s"
    if "things" in body["query"]:
        data["things"] = []
    return {"data": data}


class Issuer:
    """Publishes its key beside whatever else an attack puts into the set."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        keys = [{"kty": "EC", "crv": "P-none", "kid": "bad", "x": "!", "y": 5}, {"kid": 3}, "no key at all"]
        published = json.dumps({"keys": [*keys, {**jwk, "kid": "good", "use": "sig", "alg": "EdDSA"}]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Answer with the set."""
                self.send_response(200)
                self.send_header("content-length", str(len(published)))
                self.end_headers()
                self.wfile.write(published)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        """Where its keys are."""
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def token(self, subject: str) -> str:
        """A valid token."""
        payload = {"iss": ISSUER, "aud": "shop", "sub": subject, "exp": 4_000_000_000}
        return jwt.encode(payload, self._key, algorithm="EdDSA", headers={"kid": "good"})

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(slots=True)
class World:
    """What an attack may use.

    Attributes:
        honest: the subgraph that answers well.
        hostile: those that no attack has used; each attack on the wire takes one, since the gateway remembers what one did.
    """

    gateway: RunningGateway
    issuer: Issuer
    honest: RecordingSubgraph
    hostile: list[HostileSubgraph] = field(default_factory=list)

    def subgraph(self) -> HostileSubgraph:
        """A hostile subgraph that the gateway knows nothing of yet."""
        return self.hostile.pop()

    def ask(self, query: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Json:
        """The answer to a query, whatever its status."""
        answer: Json = self.gateway.ask(query, headers=headers, **more).json()
        return answer

    def send(self, raw: bytes) -> socket.socket:
        """A connection on which these bytes were sent."""
        connection = socket.create_connection(("127.0.0.1", self.gateway.port), timeout=60)
        with contextlib.suppress(ConnectionError):  # refused before it was read whole: what was answered is read below
            connection.sendall(raw)
        return connection

    def exchange(self, raw: bytes) -> bytes:
        """What comes back for these bytes until the gateway closes, or has sent a whole answer."""
        received = b""
        with self.send(raw) as connection, contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                received += piece
                head, separator, body = received.partition(b"\r\n\r\n")
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                if separator and lengths and len(body) >= int(lengths[0].partition(b":")[2]):
                    break
        return received


@contextlib.contextmanager
def attacked_world(folder: Path, *, hostile: int) -> Iterator[World]:
    """A world with so many hostile subgraphs; all of it stopped afterwards."""
    with contextlib.ExitStack() as stack:
        honest = stack.enter_context(RecordingSubgraph(answer_honestly))
        issuer = Issuer()
        stack.callback(issuer.close)
        enemies = [HostileSubgraph(f"{number:02}") for number in range(hostile)]
        for enemy in enemies:
            stack.callback(enemy.close)
        subgraphs = [Subgraph(name="honest", url=honest.url, sdl=HONEST)]
        subgraphs += [Subgraph(name=f"h{each.name}", url=each.url, sdl=hostile_sdl(each.name)) for each in enemies]
        schema = folder / "supergraph.graphql"
        schema.write_text(compose(subgraphs).supergraph_sdl, encoding="utf-8")
        settings = {
            "environment": "production",
            "supergraph": {"path": str(schema)},
            "limits": {"max_cost": MAX_COST},
            "execution": {"timeout_seconds": 30, "max_connections": 8},
            "identity": {
                "issuers": [{"issuer": ISSUER, "audience": "shop", "jwks_url": issuer.url, "algorithms": ["EdDSA"]}]
            },
        }
        gateway = stack.enter_context(running_gateway(folder, settings))
        gateway.http.timeout = httpx.Timeout(60)
        yield World(gateway, issuer, honest, enemies)
