"""`python -m gateway dev`: composes, serves, and follows every change of the subgraphs, on one machine and without an account.

Three things run: a gateway that serves a supergraph file and takes it up again when it changes; a server of mocks; and here the loop
that looks at the configuration, the SDL files and the running subgraphs, composes when any of them changed, and writes the file only
if it composes, so that the last good schema stays in service. A subgraph that is marked `mock: true`, or cannot be reached, is
answered by a mock until it can.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from graphql import GraphQLError

from gateway.commands.files import write_atomically
from gateway.commands.mock_server import MockServer
from gateway.commands.mocking import MockedSubgraph
from gateway.commands.sources import SchemaSource, SourceError, SubgraphSource, load_subgraph, read_config
from gateway.composition.compose import compose
from gateway.composition.errors import CompositionFailed, HintLevel
from gateway.composition.extract import extract_subgraphs
from gateway.composition.model import Subgraph
from gateway.composition.report import COLOURED, PLAIN, as_text

FILE_POLL_SECONDS = 0.25
SUBGRAPH_POLL_SECONDS = 1.0
CONNECT_TIMEOUT_SECONDS = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("--config", type=Path, default=Path("supergraph.yaml"), metavar="FILE", help="the subgraphs")
    parser.add_argument(
        "--supergraph",
        type=Path,
        metavar="FILE",
        help="instead of --config: a deployed supergraph, to override parts of",
    )
    parser.add_argument("--gateway", type=Path, metavar="FILE", help="settings of the gateway, e.g. gateway.yaml")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=int, default=4000, help="where to listen (4000)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="keep the supergraph in this file")
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="NAME=SOURCE",
        help="take this subgraph from an SDL file, or from a running one by its address, instead of what --config says",
    )
    parser.add_argument("--no-mocks", action="store_true", help="leave subgraphs that are down unanswered")


def run(arguments: argparse.Namespace) -> int:
    """Runs until told to stop; 1 if the first composition fails, 2 if nothing can be read.

    Raises:
        SourceError: if the configuration cannot be read to begin with.
    """
    with tempfile.TemporaryDirectory(prefix="gateway-dev-") as folder:
        output = arguments.output or Path(folder) / "supergraph.graphql"
        mocks = MockServer()
        config = arguments.config
        if arguments.supergraph is not None:
            config = Path(folder) / "extracted.yaml"
            write_atomically(config, extracted_config(arguments.supergraph))
        overrides = _overrides(arguments.override)
        loop = DevelopmentLoop(config, output, mocks, overrides=overrides, mocks_down=not arguments.no_mocks)
        try:
            if not loop.look():
                return 1
            return _serve_and_watch(arguments, output, loop)
        finally:
            mocks.close()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a composition was made of: if it is the same again, there is nothing to do."""

    subgraphs: tuple[Subgraph, ...]
    mocked: frozenset[str]


class DevelopmentLoop:
    """Looks at the subgraphs, and composes when they changed.

    Args:
        output: the supergraph file; only ever holds one that composes.
        overrides: subgraph -> where to take it from instead.
        mocks_down: whether a subgraph that cannot be reached is mocked.
    """

    def __init__(
        self,
        config: Path,
        output: Path,
        mocks: MockServer,
        *,
        overrides: Mapping[str, SchemaSource] | None = None,
        mocks_down: bool = True,
    ) -> None:
        self._config = config
        self._output = output
        self._mocks = mocks
        self._overrides = overrides or {}
        self._mocks_down = mocks_down
        self._seen: _Seen | None = None
        self._last_sdl: dict[str, Subgraph] = {}
        self._asked_at = 0.0
        self._down: frozenset[str] = frozenset()
        self._trouble = ""

    def look(self) -> bool:
        """Composes if anything changed; whether the file holds what the subgraphs say now."""
        try:
            seen = self._read()
        except SourceError as error:
            self._tell(str(error))
            return False
        if seen == self._seen:
            return not self._trouble
        self._seen = seen
        began = time.perf_counter()
        try:
            composed = compose(seen.subgraphs)
            self._mocks.serve({s.name: MockedSubgraph(s) for s in seen.subgraphs if s.name in seen.mocked})
        except CompositionFailed as failed:
            style = COLOURED if sys.stderr.isatty() else PLAIN
            self._tell(as_text(failed.errors, style=style) + "\n\nThe last schema that composed stays in service.")
            return False
        write_atomically(self._output, composed.supergraph_sdl)
        self._trouble = ""
        warnings = [hint for hint in composed.hints if hint.level is HintLevel.WARN]
        _say(as_text((), warnings))
        took_ms = (time.perf_counter() - began) * 1000
        mocked = f"; mocked: {', '.join(sorted(seen.mocked))}" if seen.mocked else ""
        _say(f"composed {len(seen.subgraphs)} subgraphs in {took_ms:.0f} ms{mocked}")
        return True

    def _read(self) -> _Seen:
        config = read_config(self._config)
        asks = time.monotonic() - self._asked_at >= SUBGRAPH_POLL_SECONDS
        if asks:
            self._asked_at = time.monotonic()
        sources = {name: self._source(name, source) for name, source in config.subgraphs.items()}
        subgraphs = {name: self._subgraph(name, source, asks=asks) for name, source in sources.items()}
        if asks and self._mocks_down:
            self._down = frozenset(name for name, s in subgraphs.items() if s.url and not is_listening(s.url))
        marked = frozenset(name for name, source in sources.items() if source.mock)
        mocked = marked | (self._down & subgraphs.keys())
        return _Seen(
            subgraphs=tuple(
                replace(subgraph, url=self._mocks.url(name)) if name in mocked else subgraph
                for name, subgraph in sorted(subgraphs.items())
            ),
            mocked=mocked,
        )

    def _source(self, name: str, source: SubgraphSource) -> SubgraphSource:
        override = self._overrides.get(name)
        if override is None:
            return source
        url = override.subgraph_url or source.routing_url
        return SubgraphSource.model_validate({"routing_url": url, "schema": override, "mock": source.mock})

    def _subgraph(self, name: str, source: SubgraphSource, *, asks: bool) -> Subgraph:
        """A subgraph as it is now; a running one as it was when last asked, if it does not answer any more."""
        is_running = source.source.subgraph_url is not None
        if is_running and not asks and name in self._last_sdl:
            return self._last_sdl[name]
        try:
            subgraph = load_subgraph(name, source, self._config.parent)
        except SourceError:
            if not is_running or name not in self._last_sdl:
                raise
            return self._last_sdl[name]
        self._last_sdl[name] = subgraph
        return subgraph

    def _tell(self, trouble: str) -> None:
        """Shows what is wrong, once."""
        if trouble != self._trouble:
            self._trouble = trouble
            _say(trouble)


def extracted_config(supergraph: Path) -> str:
    """A configuration of the subgraphs that a supergraph was composed of, their SDL in it.

    Raises:
        SourceError: if the file cannot be read.
    """
    try:
        subgraphs = extract_subgraphs(supergraph.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, GraphQLError) as error:
        raise SourceError(f"{supergraph}: {getattr(error, 'strerror', None) or error}") from error
    if not subgraphs:
        raise SourceError(f"{supergraph}: is not a supergraph")
    return json.dumps({"subgraphs": {s.name: {"routing_url": s.url, "schema": {"sdl": s.sdl}} for s in subgraphs}})


def is_listening(url: str) -> bool:
    """Whether something accepts connections where a URL points."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=CONNECT_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def _overrides(given: list[str]) -> dict[str, SchemaSource]:
    found: dict[str, SchemaSource] = {}
    for text in given:
        name, separator, source = text.partition("=")
        if not separator or not name or not source:
            raise SourceError(f"--override {text}: write NAME=FILE or NAME=http://...")
        is_url = source.startswith(("http://", "https://"))
        found[name] = SchemaSource(subgraph_url=source) if is_url else SchemaSource(file=str(Path(source).absolute()))
    return found


def _serve_and_watch(arguments: argparse.Namespace, output: Path, loop: DevelopmentLoop) -> int:
    """Runs the gateway and the loop side by side until one of them, or the user, ends it."""
    command = [sys.executable, "-m", "gateway", "serve", "--supergraph", str(output)]
    command += ["--host", arguments.host, "--port", str(arguments.port)]
    if arguments.gateway is not None:
        command += ["--config", str(arguments.gateway)]
    environment = {**os.environ, "GATEWAY_SUPERGRAPH__WATCH": "true"}
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    gateway = subprocess.Popen(command, env=environment)  # noqa: S603 -- our own command
    try:
        while not stopping and gateway.poll() is None:
            time.sleep(FILE_POLL_SECONDS)
            loop.look()
        return 0 if stopping else int(gateway.returncode or 0)
    finally:
        if gateway.poll() is None:
            gateway.terminate()
        gateway.wait(timeout=30)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    if text:
        print(text, file=sys.stderr, flush=True)
