"""Processes that serve: one, or several under a parent that keeps them alive."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import structlog
import uvicorn

from gateway.server.app import Gateway
from gateway.server.metrics import exposition
from gateway.server.protocol import EdgeProtocol
from gateway.server.serving import EdgeServer
from gateway.server.supergraphs import LimitOfNoField, load_to_serve, unknown_names
from gateway.server.tuning import raise_file_limit, tune_allocator, tune_threads
from gateway.server.workers import WorkerGroup, end_with_parent
from gateway.settings import Settings
from gateway.settings_file import locate
from subgraphs.kit.runtime.logging import configure
from subgraphs.kit.runtime.metrics_port import metrics_served

BACKLOG = 4096

log = structlog.get_logger(__name__)


def serve(settings: Settings, listening: socket.socket, *, config: Path | None = None) -> int:
    """Serve on a listening socket until SIGTERM or SIGINT; the exit status.

    Args:
        config: The file of the settings, for what is wrong in it.

    Raises:
        SupergraphUnusable: there is nothing to serve; nothing was started.
        InvalidSettings: a setting names what the supergraph does not have.
        MetricsPortTaken: nothing was started.
    """
    configure_logging(settings)
    assert settings.supergraph.path is not None
    try:
        loaded = load_to_serve(settings.supergraph.path, settings)
    except LimitOfNoField as error:
        raise locate(config, error.problems) from None
    if problems := unknown_names(loaded.supergraph, settings):
        raise locate(config, problems)
    host, port = listening.getsockname()[:2]
    log.info("gateway.starting", url=f"http://{host}:{port}{settings.server.path}", workers=settings.server.workers)
    server = settings.server
    with metrics_served(
        server.metrics_port,
        host=server.metrics_host,
        token=server.metrics_token.get_secret_value(),
        expose=exposition,
    ):
        if server.workers == 1:
            return serve_here(Gateway(settings, loaded=loaded), settings, listening)
        del loaded
        work = partial(_work, settings, listening)
        return WorkerGroup(work, count=server.workers, drain_seconds=server.drain_seconds).run()


def serve_here(
    application: Gateway,
    settings: Settings,
    listening: socket.socket,
    on_started: Callable[[], None] = lambda: None,
) -> int:
    """Serve in this process."""
    tune_allocator()
    tune_threads()
    raise_file_limit()
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it has stopped: having stopped is what was wanted, and no failure.
        signal.signal(number, lambda *_: None)
    server = settings.server
    config = uvicorn.Config(
        application,
        http=EdgeProtocol,
        loop="uvloop" if os.name == "posix" else "asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=server.max_connections,
        backlog=BACKLOG,
    )
    EdgeServer(config, server, application.drain, on_started).run(sockets=[listening])
    return 0


def _work(settings: Settings, listening: socket.socket, readiness: Connection) -> None:
    """A worker's whole life."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    # The terminal tells the parent as well, which lets its workers drain; a hang-up is for the parent alone.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configure_logging(settings)
    serve_here(Gateway(settings), settings, listening, lambda: readiness.send_bytes(b"ready"))


def configure_logging(settings: Settings) -> None:
    """Write the log as the settings say."""
    configure("gateway", log_format=settings.log.format, level=settings.log.level)
    # What uvicorn says of starting and stopping is said by us; its warnings stay.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
