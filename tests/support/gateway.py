"""A real gateway process in front of subgraphs that count what they are asked."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.ports import free_port
from tests.support.processes import stop, wait_until

Json = dict[str, Any]
Answer = Callable[[Json], Json]

ROOT = Path(__file__).parents[2]

JOIN = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost", "@listSize"])
{ query: Query mutation: Mutation subscription: Subscription }
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }
scalar join__FieldSet
scalar join__FieldValue
scalar join__DirectiveArguments
scalar link__Import
scalar requiresScopes__Scope
scalar policy__Policy
enum link__Purpose { SECURITY EXECUTION }
"""

SHOP = """
enum join__Graph {
  ACCOUNTS @join__graph(name: "accounts", url: "ACCOUNTS_URL")
  GOODS @join__graph(name: "goods", url: "GOODS_URL")
}
type Query @join__type(graph: ACCOUNTS) @join__type(graph: GOODS) {
  me: Account @join__field(graph: ACCOUNTS) @authenticated
  account(id: ID!): Account @join__field(graph: ACCOUNTS)
  goods(first: Int = 5, filter: Filter): [Good!]! @join__field(graph: GOODS) @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false)
  items: [Item!]! @join__field(graph: GOODS)
  any(value: Any): Any @join__field(graph: GOODS)
  numbers(of: [Int!]!): Int @join__field(graph: GOODS)
}
type Mutation @join__type(graph: GOODS) { rename(id: ID!, name: String!): Good }
type Subscription @join__type(graph: GOODS) { renamed: Good mine: Good @authenticated }
interface Item @join__type(graph: GOODS) { id: ID! name: String margin: Int }
type Good implements Item @join__implements(graph: GOODS, interface: "Item") @join__type(graph: GOODS, key: "id") {
  id: ID!
  name: String
  margin: Int @requiresScopes(scopes: [["goods:margin"]])
  seller: Account
}
type Bundle implements Item @join__implements(graph: GOODS, interface: "Item") @join__type(graph: GOODS) {
  id: ID!
  name: String
  margin: Int
}
type Account @join__type(graph: ACCOUNTS, key: "id") @join__type(graph: GOODS, key: "id") {
  id: ID!
  mail: String @join__field(graph: ACCOUNTS) @join__field(graph: GOODS, external: true) @requiresScopes(scopes: [["mail:read"], ["admin"]])
  secret: String! @join__field(graph: ACCOUNTS) @authenticated
  nickname: String @join__field(graph: ACCOUNTS)
  badge: String @join__field(graph: GOODS, requires: "mail")
  staffNote: String @join__field(graph: ACCOUNTS) @policy(policies: [["STAFF"]])
  friends: [Account!] @join__field(graph: ACCOUNTS)
}
input Filter @join__type(graph: GOODS) { name: String, price: Range, not: Filter, tags: [String!] }
input Range @join__type(graph: GOODS) { min: Int!, max: Int = 10 }
scalar Any @join__type(graph: GOODS)
"""


def shop_supergraph(*, accounts: str = "http://accounts/graphql", goods: str = "http://goods/graphql") -> str:
    """A small supergraph with everything that the edge must judge: demands on callers, costs, interfaces, a key."""
    return JOIN + SHOP.replace("ACCOUNTS_URL", accounts).replace("GOODS_URL", goods)


class RecordingSubgraph:
    """A subgraph that remembers every request; answers what `answer` says.

    Attributes:
        requests: decoded bodies, in order of arrival.
        headers: of each request, names in lower case.
    """

    def __init__(self, answer: Answer) -> None:
        self.requests: list[Json] = []
        self.headers: list[dict[str, str]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                recorder.requests.append(body)
                recorder.headers.append({name.lower(): value for name, value in self.headers.items()})
                answered = json.dumps(answer(body)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answered)))
                self.end_headers()
                self.wfile.write(answered)

            def log_message(self, *_: Any) -> None:
                """Nothing: what was asked is in `requests`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/graphql"

    def __enter__(self) -> "RecordingSubgraph":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class RunningGateway:
    """A gateway process that answers.

    Attributes:
        http: asks it; the base address is its own.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False)
        self._log = log

    def ask(self, query: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        """Post a query as JSON, taking any answer."""
        return self.http.post("/graphql", json={"query": query, **more}, headers=dict(headers or {}))

    def log(self) -> list[Json]:
        """The events that it has written so far."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextlib.contextmanager
def running_gateway(
    folder: Path, settings: Mapping[str, Any], *, environment: Mapping[str, str] | None = None
) -> Iterator[RunningGateway]:
    """A gateway process with these settings, ready; stopped afterwards.

    Args:
        folder: for its files.
        settings: as in gateway.yaml; the port is chosen here.
    """
    port = free_port()
    merged = {**settings, "server": {**settings.get("server", {}), "port": port}}
    config = folder / "gateway.yaml"
    config.write_text(yaml.safe_dump(merged), encoding="utf-8")
    log = folder / "gateway.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--config", str(config)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        try:
            wait_until(lambda: _is_ready(port), process, "the gateway")
        except (RuntimeError, TimeoutError) as error:
            raise RuntimeError(f"{error}\n{log.read_text(encoding='utf-8')}") from None
        gateway = RunningGateway(process, port, log)
        with gateway.http:
            yield gateway
    finally:
        if process.poll() is None:
            stop(process)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
