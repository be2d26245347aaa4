"""Processes that serve: one, or several under a parent that keeps them alive."""

import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event

import structlog
import uvicorn
from prometheus_client.multiprocess import mark_process_dead

from gateway.server.app import Gateway
from gateway.server.protocol import EdgeProtocol
from gateway.server.serving import EdgeServer
from gateway.server.supergraphs import load_to_serve
from gateway.server.tuning import raise_file_limit, tune_allocator, tune_threads
from gateway.settings import Settings
from subgraphs.kit.runtime.logging import configure

RESTART_SECONDS = (0.1, 0.5, 2.0, 5.0)
"""How long to wait before a worker that died is started again; it counts up while workers die young."""

YOUNG_SECONDS = 10.0
READY_SECONDS = 60.0
BACKLOG = 4096

log = structlog.get_logger(__name__)


def serve(settings: Settings, listening: socket.socket) -> int:
    """Serve on a listening socket until SIGTERM or SIGINT; the exit status.

    Raises:
        SupergraphUnusable: there is nothing to serve; nothing was started.
    """
    configure_logging(settings)
    assert settings.supergraph.path is not None
    loaded = load_to_serve(settings.supergraph.path, settings)
    host, port = listening.getsockname()[:2]
    log.info("gateway.starting", url=f"http://{host}:{port}{settings.server.path}", workers=settings.server.workers)
    if settings.server.workers == 1:
        return serve_here(Gateway(settings, loaded=loaded), settings, listening)
    del loaded
    return _Parent(settings, listening).run()


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
        timeout_keep_alive=int(server.keep_alive_seconds),
        limit_concurrency=server.max_connections,
        backlog=BACKLOG,
    )
    EdgeServer(config, server, application.drain, on_started).run(sockets=[listening])
    return 0


def _work(settings: Settings, listening: socket.socket, is_ready: Event) -> None:
    """A worker's whole life."""
    # The terminal tells the parent as well, which lets its workers drain; a hang-up is for the parent alone.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configure_logging(settings)
    serve_here(Gateway(settings), settings, listening, is_ready.set)


def configure_logging(settings: Settings) -> None:
    """Write the log as the settings say."""
    configure("gateway", log_format=settings.log.format, level=settings.log.level)
    # What uvicorn says of starting and stopping is said by us; its warnings stay.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class _Worker:
    """A process that serves.

    Attributes:
        is_ready: set by the process once it answers.
        started: by the monotonic clock.
    """

    process: BaseProcess
    is_ready: Event
    started: float


class _Parent:
    """Keeps workers alive on one listening socket; replaces them one by one on SIGHUP; stops them when it is told to stop."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._settings = settings
        self._listening = listening
        # A new interpreter for each: nothing of this process, its threads or its locks, is inherited half-way.
        self._context = multiprocessing.get_context("spawn")
        self._stopping = threading.Event()
        self._replacing = threading.Event()
        self._deaths = 0
        self._workers: list[_Worker] = []

    def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        signal.signal(signal.SIGHUP, lambda *_: self._replacing.set())
        with tempfile.TemporaryDirectory(prefix="gateway-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            self._workers = [self._start() for _ in range(self._settings.server.workers)]
            while not self._stopping.wait(0.2):
                self._workers = [
                    worker if worker.process.is_alive() else self._restart(worker) for worker in self._workers
                ]
                if self._replacing.is_set():
                    self._replacing.clear()
                    self._replace_all()
            self._stop(self._workers)
        return 0

    def _start(self) -> _Worker:
        is_ready = self._context.Event()
        process = self._context.Process(target=_work, args=(self._settings, self._listening, is_ready))
        process.start()
        return _Worker(process, is_ready, time.monotonic())

    def _restart(self, worker: _Worker) -> _Worker:
        self._deaths = self._deaths + 1 if time.monotonic() - worker.started < YOUNG_SECONDS else 0
        seconds = RESTART_SECONDS[min(self._deaths, len(RESTART_SECONDS) - 1)]
        log.error("worker.died", pid=worker.process.pid, status=worker.process.exitcode, restart_seconds=seconds)
        _forget_gauges(worker)
        self._stopping.wait(seconds)
        return self._start()

    def _replace_all(self) -> None:
        """A new worker for each, the old one drained once the new one answers; none is left without a successor."""
        for place, old in enumerate(self._workers):
            new = self._start()
            if not new.is_ready.wait(READY_SECONDS):
                log.error("worker.not_ready", pid=new.process.pid, kept=old.process.pid)
                self._stop([new])
                return
            self._workers[place] = new
            self._stop([old])
            log.info("worker.replaced", old=old.process.pid, new=new.process.pid)

    def _stop(self, workers: list[_Worker]) -> None:
        """Let each drain; kill what does not end in time."""
        for worker in workers:
            worker.process.terminate()
        give_up = time.monotonic() + self._settings.server.drain_seconds + 5
        for worker in workers:
            worker.process.join(max(0.0, give_up - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            _forget_gauges(worker)


def _forget_gauges(worker: _Worker) -> None:
    """What a worker that is gone said of the present (its open subscriptions) no longer counts; its counters stay."""
    mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]
