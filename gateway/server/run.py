"""Processes that serve: one, or several under a parent that keeps them alive."""

import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from multiprocessing.process import BaseProcess

import structlog
import uvicorn

from gateway.server.app import Gateway
from gateway.server.protocol import EdgeProtocol
from gateway.server.serving import EdgeServer
from gateway.server.supergraphs import load_supergraph
from gateway.server.tuning import tune_allocator
from gateway.settings import Settings
from subgraphs.kit.runtime.logging import configure

RESTART_SECONDS = (0.1, 0.5, 2.0, 5.0)
"""How long to wait before a worker that died is started again; it counts up while workers die young."""

YOUNG_SECONDS = 10.0
BACKLOG = 4096

log = structlog.get_logger(__name__)


def serve(settings: Settings, listening: socket.socket) -> int:
    """Serve on a listening socket until SIGTERM or SIGINT; the exit status.

    Raises:
        SupergraphUnusable: there is nothing to serve; nothing was started.
    """
    _configure_logging(settings)
    assert settings.supergraph.path is not None
    loaded = load_supergraph(settings.supergraph.path, with_costs=settings.limits.max_cost is not None)
    host, port = listening.getsockname()[:2]
    log.info("gateway.starting", url=f"http://{host}:{port}{settings.server.path}", workers=settings.server.workers)
    if settings.server.workers == 1:
        return _serve_here(Gateway(settings, loaded=loaded), settings, listening)
    del loaded
    return _Parent(settings, listening).run()


def _serve_here(application: Gateway, settings: Settings, listening: socket.socket) -> int:
    """Serve in this process."""
    tune_allocator()
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
        timeout_keep_alive=int(server.keep_alive_seconds),
        limit_concurrency=server.max_connections,
        backlog=BACKLOG,
    )
    EdgeServer(config, server, application.drain).run(sockets=[listening])
    return 0


def _work(settings: Settings, listening: socket.socket) -> None:
    """A worker's whole life."""
    _configure_logging(settings)
    _serve_here(Gateway(settings), settings, listening)


def _configure_logging(settings: Settings) -> None:
    configure("gateway", log_format=settings.log.format, level=settings.log.level)
    # What uvicorn says of starting and stopping is said by us; its warnings stay.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


class _Parent:
    """Keeps workers alive on one listening socket, and stops them when it is told to stop."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._settings = settings
        self._listening = listening
        # A new interpreter for each: nothing of this process, its threads or its locks, is inherited half-way.
        self._context = multiprocessing.get_context("spawn")
        self._stopping = threading.Event()
        self._deaths = 0

    def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        with tempfile.TemporaryDirectory(prefix="gateway-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            workers = [self._start() for _ in range(self._settings.server.workers)]
            while not self._stopping.wait(0.2):
                workers = [worker if worker[0].is_alive() else self._replace(worker) for worker in workers]
            self._stop([process for process, _ in workers])
        return 0

    def _start(self) -> tuple[BaseProcess, float]:
        process = self._context.Process(target=_work, args=(self._settings, self._listening))
        process.start()
        return process, time.monotonic()

    def _replace(self, worker: tuple[BaseProcess, float]) -> tuple[BaseProcess, float]:
        process, started = worker
        self._deaths = self._deaths + 1 if time.monotonic() - started < YOUNG_SECONDS else 0
        seconds = RESTART_SECONDS[min(self._deaths, len(RESTART_SECONDS) - 1)]
        log.error("worker.died", pid=process.pid, status=process.exitcode, restart_seconds=seconds)
        self._stopping.wait(seconds)
        return self._start()

    def _stop(self, processes: list[BaseProcess]) -> None:
        """Let each drain; kill what does not end in time."""
        for process in processes:
            process.terminate()
        give_up = time.monotonic() + self._settings.server.drain_seconds + 5
        for process in processes:
            process.join(max(0.0, give_up - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
