"""`/metrics` on a port of its own, for a process whose other port strangers reach.

It is served by threads, so that it answers while the event loop is busy, and by the parent of several workers, which has no loop.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from subgraphs.kit.runtime.health import may_read_metrics

READ_TIMEOUT_SECONDS = 5.0


class MetricsPortTaken(Exception):
    """Raised when /metrics cannot be served on its port; the message names the port and the reason."""


Exposition = Callable[[], tuple[bytes, str]]
"""Returns the metrics as text, and its content type."""

_log = structlog.get_logger(__name__)


def exposition() -> tuple[bytes, str]:
    """Return the metrics of this process."""
    return generate_latest(), CONTENT_TYPE_LATEST


@contextmanager
def metrics_served(port: int | None, *, host: str, token: str, expose: Exposition = exposition) -> Iterator[None]:
    """Serve /metrics there during the block, and nothing else; None serves nothing.

    Args:
        token: The bearer token that /metrics requires; "" lets everyone who reaches the port read them.

    Raises:
        MetricsPortTaken: The port is in use, or the address is not this machine's.
    """
    if port is None:
        yield
        return
    try:
        server = _Server(host, port, _handler(expose, token))
    except OSError as error:
        raise MetricsPortTaken(f"cannot serve /metrics on {host}:{port}: {error.strerror}") from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()
    _log.info("metrics.served", host=host, port=server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A scrape under way does not delay the end of the process.
    block_on_close = False

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), handler)

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name that http.server makes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Log what a handler raised; a client that leaves is no event."""
        _log.debug("metrics.connection_failed", exc_info=True)


def _handler(expose: Exposition, token: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = READ_TIMEOUT_SECONDS

        def do_GET(self) -> None:
            is_readable = may_read_metrics(self.headers.get("authorization", ""), token)
            if self.path.partition("?")[0] != "/metrics" or not is_readable:
                self.send_error(404)
                return
            body, content_type = expose()
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing: scrapes are no events."""

    return Handler
