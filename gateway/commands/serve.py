"""``python -m gateway serve``: answer GraphQL over HTTP for a supergraph."""

import argparse
import contextlib
import os
import socket
import tempfile
from pathlib import Path

from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.settings_file import load_settings


class WrongUsage(GatewayError):
    """Raised when what was asked for cannot be served as it was asked."""

    exit_status = 2


EXAMPLES = """\
examples:
  python -m gateway serve --supergraph supergraph.graphql
      a composed supergraph; a changed file is served within a second, a broken one never
  python -m gateway serve --subgraphs supergraph.yaml
      the subgraphs of this configuration, composed now
  python -m gateway serve --config gateway.yaml --workers 2
      with settings; the environment (GATEWAY_SERVER__PORT=4001) and flags win over them

exit status:
  0  stopped as told    1  the supergraph cannot be served    2  something cannot be read, or the port is taken
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, e.g. gateway.yaml")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--supergraph", type=Path, metavar="FILE", help="the supergraph to serve")
    source.add_argument(
        "--subgraphs", type=Path, metavar="FILE", help="or a list of subgraphs (supergraph.yaml), composed at the start"
    )
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (4000)")
    parser.add_argument("--workers", type=int, metavar="N", help="processes to serve with (1)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop.

    Raises:
        GatewayError: the settings, the supergraph or the port cannot be used.
    """
    settings = load_settings(
        arguments.config,
        flags={
            "supergraph.path": _absolute(arguments.supergraph),
            "supergraph.subgraphs": _absolute(arguments.subgraphs),
            "server.host": arguments.host,
            "server.port": arguments.port,
            "server.workers": arguments.workers,
        },
    )
    with contextlib.ExitStack() as stack:
        if arguments.supergraph is not None:
            settings = _with_supergraph(settings, arguments.supergraph)
        elif settings.supergraph.subgraphs is not None and (arguments.subgraphs or settings.supergraph.path is None):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-"))
            composed = Path(folder) / "supergraph.graphql"
            status = _compose(settings.supergraph.subgraphs, composed)
            if status != 0:
                return status
            settings = _with_supergraph(settings, composed)
        if settings.supergraph.path is None:
            raise WrongUsage("nothing to serve: give --supergraph FILE, --subgraphs FILE, or a --config that names one")

        from gateway.server.run import serve
        from subgraphs.kit.runtime.metrics_port import MetricsPortTaken

        try:
            return serve(settings, listen(settings.server.host, settings.server.port), config=arguments.config)
        except MetricsPortTaken as refusal:
            raise WrongUsage(f"{refusal}; choose another with server.metrics_port") from None


def _absolute(path: Path | None) -> Path | None:
    return path.absolute() if path is not None else None


def _with_supergraph(settings: Settings, path: Path) -> Settings:
    supergraph = settings.supergraph.model_copy(update={"path": path.absolute()})
    return settings.model_copy(update={"supergraph": supergraph})


def _compose(config: Path, output: Path) -> int:
    """Write what the subgraphs compose to; the command's exit status, after it has told what is wrong."""
    from gateway.commands import compose

    parser = argparse.ArgumentParser()
    compose.add_arguments(parser)
    return compose.run(parser.parse_args(["--config", str(config), "--output", str(output)]))


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        WrongUsage: the port is in use, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise WrongUsage(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port or GATEWAY_PORT"
        ) from None
    listening.listen(4096)
    listening.set_inheritable(True)
    return listening
