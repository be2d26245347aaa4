"""`python -m gateway dev`: composes, serves, and follows every change of the subgraphs, on one machine and without an account.

Three things run: a gateway that serves a supergraph file and takes it up again when it changes (`dev_server`); a server of mocks
(`mock_server`); and here the loop that composes and writes that file (`development`). What is wrong is told in the terminal and
in GraphiQL, while the last schema that composed stays in service.
"""

import argparse
import json
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType

from graphql import GraphQLError

from gateway.commands.serve import listen
from gateway.composition.extract import extract_subgraphs
from gateway.dev.dev_loop import DevelopmentLoop
from gateway.dev.mock_server import MockServer
from gateway.errors import GatewayError
from gateway.files import write_atomically
from gateway.settings import Settings
from gateway.settings_file import load_settings
from gateway.sources import SourceError, SubgraphSource, read_config

LOOK_SECONDS = 0.1

EXAMPLES = """\
examples:
  python -m gateway dev
      the subgraphs of supergraph.yaml, at http://127.0.0.1:4000/graphql
  python -m gateway dev --override reviews=http://127.0.0.1:5002/graphql --supergraph deployed.graphql
      a deployed graph, with reviews from this machine
  python -m gateway dev --override reviews=reviews.graphql
      reviews as this file designs it, answered by a mock
  python -m gateway dev --override reviews=reviews.graphql,http://127.0.0.1:5002/graphql
      reviews as this file says, answered at this address

In the configuration, `mock: true` beside a subgraph's routing_url has a mock answer for it always.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.epilog = EXAMPLES
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--config",
        type=Path,
        default=Path("supergraph.yaml"),
        metavar="FILE",
        help="the subgraphs, in rover's format (supergraph.yaml)",
    )
    source.add_argument("--supergraph", type=Path, metavar="FILE", help="a deployed supergraph, to override parts of")
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="NAME=SOURCE",
        help="take this subgraph from elsewhere: the address of a running one, an SDL file (then a mock answers), or FILE,ADDRESS;"
        " may be repeated, and may add a subgraph",
    )
    parser.add_argument("--no-mocks", action="store_true", help="leave subgraphs that are down unanswered")
    parser.add_argument("--gateway", type=Path, metavar="FILE", help="settings of the gateway, e.g. gateway.yaml")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (4000)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write each supergraph that composes here as well")


def run(arguments: argparse.Namespace) -> int:
    """Runs until told to stop.

    Raises:
        GatewayError: there is no such configuration, the settings are wrong, or the port is in use.
    """
    overrides = read_overrides(arguments.override)
    with tempfile.TemporaryDirectory(prefix="gateway-dev-") as name, closing(MockServer()) as mocks:
        folder = Path(name)
        config = arguments.config
        if arguments.supergraph is not None:
            config = folder / "extracted.yaml"
            write_atomically(config, extracted_config(arguments.supergraph))
        known = read_config(config).subgraphs
        for added in sorted(overrides.keys() - known.keys()):
            _say(f'"{added}" is added: there is none of that name in {arguments.supergraph or config}')
        settings = _settings(arguments, folder / "supergraph.graphql")
        if arguments.output is not None and not arguments.output.absolute().parent.is_dir():
            raise SourceError(f"{arguments.output}: there is no such folder")
        outputs = [path for path in (folder / "supergraph.graphql", arguments.output) if path is not None]
        loop = DevelopmentLoop(
            config, outputs, mocks, overrides=overrides, mocks_down=not arguments.no_mocks, tell=_say
        )
        with closing(listen(settings.server.host, settings.server.port)) as listening, closing(loop):
            return _serve_and_look(settings, listening, folder / "state.json", loop)


def extracted_config(supergraph: Path) -> str:
    """A configuration of the subgraphs that a supergraph was composed of, their SDL in it.

    Raises:
        SourceError: if the file cannot be read, or is no supergraph.
    """
    try:
        subgraphs = extract_subgraphs(supergraph.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"{supergraph}: {error.strerror}") from error
    except (UnicodeDecodeError, GraphQLError, GatewayError) as error:
        raise SourceError(f"{supergraph}: is not a supergraph: {error}") from error
    if not subgraphs:
        raise SourceError(f"{supergraph}: is not a supergraph")
    return json.dumps({"subgraphs": {s.name: {"routing_url": s.url, "schema": {"sdl": s.sdl}} for s in subgraphs}})


def read_overrides(given: list[str]) -> dict[str, SubgraphSource]:
    """Subgraph -> what to take in its place, from ``NAME=ADDRESS``, ``NAME=FILE`` and ``NAME=FILE,ADDRESS``.

    Raises:
        SourceError: if something else is written.
    """
    found: dict[str, SubgraphSource] = {}
    for text in given:
        name, _, source = text.partition("=")
        if not name or not source or name in found:
            raise SourceError(f"--override {text}: write NAME=ADDRESS, NAME=FILE or NAME=FILE,ADDRESS, each name once")
        if _is_url(source):
            found[name] = SubgraphSource.model_validate({"schema": {"subgraph_url": source}})
            continue
        file, _, url = source.partition(",")
        if url and not _is_url(url):
            raise SourceError(f"--override {text}: {url} is not an http address")
        where = {"routing_url": url} if url else {"mock": True}
        found[name] = SubgraphSource.model_validate({"schema": {"file": str(Path(file).absolute())}, **where})
    return found


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _settings(arguments: argparse.Namespace, supergraph: Path) -> Settings:
    flags = {"server.host": arguments.host, "server.port": arguments.port}
    if arguments.gateway is None:
        flags |= {"environment": "development", "log.format": "console"}
    settings = load_settings(arguments.gateway, flags=flags)
    source = settings.supergraph.model_copy(update={"path": supergraph, "subgraphs": None, "watch": True})
    return settings.model_copy(update={"supergraph": source})


def _serve_and_look(settings: Settings, listening: socket.socket, state: Path, loop: DevelopmentLoop) -> int:
    """Runs the gateway and the loop side by side until the gateway, or the user, ends it.

    Args:
        state: the file through which the loop tells the gateway's page.
    """
    from gateway.dev import dev_server

    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    with _signals(stop):
        shown = loop.look()
        write_atomically(state, shown.as_json())
        gateway = dev_server.start(settings, listening, state)
        is_announced = False
        try:
            while not stopping and gateway.process.is_alive():
                time.sleep(LOOK_SECONDS)
                if not is_announced and gateway.is_ready.is_set():
                    is_announced = True
                    host, port = listening.getsockname()[:2]
                    _say(f"GraphiQL and the API are at http://{host}:{port}{settings.server.path}; Ctrl-C stops them")
                found = loop.look()
                if found != shown:
                    shown = found
                    write_atomically(state, shown.as_json())
            if stopping:
                return 0
            _say("The gateway has ended, though nobody told it to.")
            return 1
        finally:
            gateway.stop()


@contextmanager
def _signals(stop: "signal._HANDLER") -> Iterator[None]:
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
