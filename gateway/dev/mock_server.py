"""Serves mocked subgraphs over HTTP on loopback, one path each."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gateway.dev.mocking import MockedSubgraph

MAX_BODY_BYTES = 16 * 1024 * 1024


class MockServer:
    """A server of mocks, running in a thread of its own until closed."""

    def __init__(self) -> None:
        self._mocks: Mapping[str, MockedSubgraph] = {}
        handler = type("Handler", (_Handler,), {"mocks": property(lambda _: self._mocks)})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="mocks", daemon=True)
        self._thread.start()

    def url(self, name: str) -> str:
        """Where a subgraph's mock answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def serve(self, mocks: Mapping[str, MockedSubgraph]) -> None:
        """Answers for these subgraphs from now on."""
        self._mocks = dict(mocks)

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    mocks: Mapping[str, MockedSubgraph]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answers one GraphQL request."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, MAX_BODY_BYTES))
        mock = self.mocks.get(self.path.removeprefix("/"))
        if mock is None:
            self._send(404, {"errors": [{"message": "this subgraph is not mocked"}]})
            return
        try:
            request = json.loads(body)
            query, variables = request["query"], request.get("variables")
        except (ValueError, KeyError, TypeError):
            self._send(400, {"errors": [{"message": "the body is not a GraphQL request"}]})
            return
        self._send(200, mock.answer(query, variables, request.get("operationName")))

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is http.server's
        """Says nothing: the gateway's log tells of every fetch."""
