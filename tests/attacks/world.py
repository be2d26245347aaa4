"""What the attacks are played against: a gateway process in production mode, two honest subgraphs, and hostile ones."""

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from tests.attacks.honest import LABELS, LINK, STOCK, HonestSubgraph, with_sizes_of_others
from tests.attacks.hostile import HostileSubgraph
from tests.attacks.issuer import ISSUER, Issuer
from tests.attacks.usage import cpu_ms
from tests.support.gateway import RecordingSubgraph, RunningGateway, running_gateway

Json = dict[str, Any]

MAX_COST: Final = 2_000


def hostile_sdl(name: str) -> str:
    """The schema of a hostile subgraph, whose fields end with its name."""
    return f"""{LINK}
    scalar Any{name}
    type Query {{ box{name}(n: Int, text: String): Box{name} }}
    type Box{name} {{ n: Int, any: Any{name}, near: [Box{name}] }}
    type Mutation {{ put{name}(n: Int): Int }}
    type Subscription {{ ticks{name}: Int }}
    """


@dataclass(slots=True)
class World:
    """What an attack may use.

    Attributes:
        folder: of the gateway's files; its supergraph is in `schema`.
        honest: the subgraphs that answer as they should.
        hostile: those that no attack has used; each attack on the wire takes one, since the gateway remembers what one did.
        starting_ms: processor time that other gateways took to start, which is no attack's.
    """

    folder: Path
    gateway: RunningGateway
    issuer: Issuer
    honest: tuple[HonestSubgraph, ...]
    hostile: list[HostileSubgraph] = field(default_factory=list)
    starting_ms: float = 0.0

    @property
    def schema(self) -> Path:
        """The supergraph that the gateway serves, and watches."""
        return self.folder / "supergraph.graphql"

    def subgraph(self) -> HostileSubgraph:
        """A hostile subgraph that the gateway knows nothing of yet."""
        return self.hostile.pop()

    @contextlib.contextmanager
    def another_gateway(
        self, name: str, settings: Mapping[str, Any], *, environment: Mapping[str, str] | None = None
    ) -> Iterator[RunningGateway]:
        """A gateway of an attack's own on a copy of the schema; what it costs counts as the attack's."""
        folder = self.folder / name
        folder.mkdir()
        schema = folder / "supergraph.graphql"
        schema.write_bytes(self.schema.read_bytes())
        told = {"environment": "production", "supergraph": {"path": str(schema)}, **settings}
        with running_gateway(folder, told, environment=environment) as gateway:
            self.starting_ms += cpu_ms(gateway.process.pid)
            yield gateway

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

    def subscribe(self, query: str, *, headers: Mapping[str, str] | None = None) -> socket.socket:
        """A connection on which a subscription was asked for."""
        body = json.dumps({"query": query}).encode()
        lines = {
            "Host": "a",
            "Accept": "text/event-stream",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }
        head = "POST /graphql HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return self.send(head.encode() + b"\r\n" + body)


@contextlib.contextmanager
def attacked_world(folder: Path, *, hostile: int) -> Iterator[World]:
    """A world with so many hostile subgraphs; all of it stopped afterwards."""
    with contextlib.ExitStack() as stack:
        honest = (HonestSubgraph(STOCK), HonestSubgraph(LABELS))
        stock, labels = [stack.enter_context(RecordingSubgraph(each.answer)) for each in honest]
        issuer = Issuer()
        stack.callback(issuer.close)
        enemies = [HostileSubgraph(f"{number:02}") for number in range(hostile)]
        for enemy in enemies:
            stack.callback(enemy.close)
        subgraphs = [
            Subgraph(name="stock", url=stock.url, sdl=STOCK),
            Subgraph(name="labels", url=labels.url, sdl=LABELS),
        ]
        subgraphs += [Subgraph(name=f"h{each.name}", url=each.url, sdl=hostile_sdl(each.name)) for each in enemies]
        schema = folder / "supergraph.graphql"
        schema.write_text(with_sizes_of_others(compose(subgraphs).supergraph_sdl), encoding="utf-8")
        settings = {
            "environment": "production",
            "supergraph": {"path": str(schema)},
            "limits": {"max_cost": MAX_COST},
            "execution": {"timeout_seconds": 30, "max_connections": 8},
            "explain": {"enabled": True},
            "identity": {
                "issuers": [{"issuer": ISSUER, "audience": "shop", "jwks_url": issuer.url, "algorithms": ["EdDSA"]}],
                "refresh_seconds": 1,
            },
        }
        gateway = stack.enter_context(running_gateway(folder, settings))
        gateway.http.timeout = httpx.Timeout(60)
        yield World(folder, gateway, issuer, honest, enemies)
