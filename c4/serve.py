"""`python -m c4.serve`: shows the picture in a browser. `--validate` checks it, `--watch` shows each change as it is saved."""

import argparse
import subprocess
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from c4.site import BUILD_DIR, FOLDER, WITHOUT_GRAPHVIZ, build, validate
from gateway.graphiql.node import NodeError, find_node, install_packages

PORT = 5173
# The browser itself refuses any other host.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data: blob:; connect-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'"
)


class Handler(SimpleHTTPRequestHandler):
    """Serves the built files; every other address is a place inside of the page."""

    def send_head(self) -> Any:
        """Answers with index.html where no file has the address: the page reads the address itself."""
        if not Path(self.translate_path(self.path)).is_file():
            if self.path.startswith("/assets/"):
                self.send_error(HTTPStatus.NOT_FOUND)
                return None
            self.path = "/"
        return super().send_head()

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Says nothing of requests that went well: the terminal belongs to the market."""


def main() -> int:
    """Builds and serves until it is told to stop. Exit status 1: the picture cannot be built, and standard error says why."""
    parser = argparse.ArgumentParser(
        prog="python -m c4.serve", description="Shows the picture of the system in a browser."
    )
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--host", default="127.0.0.1")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--validate", action="store_true", help="check the model and stop")
    what.add_argument("--build", action="store_true", help="build the page and stop")
    what.add_argument("--built", action="store_true", help="serve what was built before, as a container does")
    what.add_argument(
        "--watch", action="store_true", help="serve from the sources, and show each change as it is saved"
    )
    arguments = parser.parse_args()
    try:
        if arguments.validate:
            validate()
            sys.stdout.write("c4: the model is valid\n")
            return 0
        if arguments.watch:
            return _watch(arguments.host, arguments.port)
        if not arguments.built and build():
            sys.stdout.write("c4: built\n")
    except NodeError as error:
        sys.stderr.write(f"The picture is not there: {error}\n")
        return 1
    return 0 if arguments.build else _serve(arguments.host, arguments.port)


def _serve(host: str, port: int) -> int:
    handler = partial(Handler, directory=str(BUILD_DIR))
    try:
        server = ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        sys.stderr.write(f"c4: port {port}: {error.strerror}; choose another with --port\n")
        return 1
    with server:
        sys.stdout.write(f"c4: http://{host}:{port}/\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _watch(host: str, port: int) -> int:
    node = find_node()
    install_packages(node, FOLDER)
    start = [
        "node_modules/likec4/bin/likec4.mjs",
        "start",
        WITHOUT_GRAPHVIZ,
        "--listen",
        host,
        "--port",
        str(port),
        ".",
    ]
    return subprocess.run([node.binary, *start], cwd=FOLDER, env=node.environment(), check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
