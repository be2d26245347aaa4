"""A parent that keeps worker processes alive on one listening socket, replaces them on SIGHUP, and stops them on SIGTERM.

The parent waits for everything at once: a signal, a worker that is ready, a worker that has ended, a moment that has come. So a
replacement that never becomes ready delays neither the end of the process nor the restart of a worker that died meanwhile.

A replacement takes one place after the other: a successor starts, the old worker drains once the successor answers, and the next place
follows when the old worker has ended. At most one process more than usual runs.
"""

import multiprocessing
import os
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

import structlog
from prometheus_client.multiprocess import mark_process_dead

RESTART_SECONDS: Final = (0.1, 0.5, 2.0, 5.0)
"""How long to wait before a worker that died is started again; it counts up while workers die young."""

YOUNG_SECONDS: Final = 10.0
READY_SECONDS: Final = 60.0
KILL_SECONDS: Final = 5.0
"""After the time for draining, a worker that has not ended is killed."""

LOOK_SECONDS: Final = 60.0

Work = Callable[[Connection], None]
"""A worker's whole life, in its own process; it sends bytes once it answers. Can be pickled."""

log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class Worker:
    """A process that serves.

    Attributes:
        readiness: Where the process says that it answers; None once it has, or has ended.
        started: By the monotonic clock.
        is_ready: Whether it has said so.
        kill_at: When it is killed if it has not ended; None as long as it may run.
    """

    process: BaseProcess
    readiness: Connection | None
    started: float
    is_ready: bool = False
    kill_at: float | None = None

    def listen(self) -> None:
        """Note that the process has said that it answers, if it has."""
        if self.readiness is None or not self.readiness.poll():
            return
        try:
            self.readiness.recv_bytes()
            self.is_ready = True
        except EOFError:  # it has ended before
            self.is_ready = False
        self.readiness.close()
        self.readiness = None


@dataclass(eq=False, slots=True)
class _Place:
    """One of the workers that are to run.

    Attributes:
        worker: None while the place waits to be filled again.
        successor: Starting, to replace the worker.
        retiring: Replaced, and draining.
        restart_at: When an empty place is filled.
    """

    worker: Worker | None = None
    successor: Worker | None = None
    retiring: Worker | None = None
    restart_at: float = 0.0

    def workers(self) -> list[Worker]:
        """Return all processes of the place."""
        return [worker for worker in (self.worker, self.successor, self.retiring) if worker is not None]


@dataclass(slots=True)
class _Signals:
    """The signals that came, and a socket that becomes readable with each."""

    is_stopping: bool = False
    is_replacing: bool = False
    reader: socket.socket = field(init=False)
    _writer: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)

    def install(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._replace)

    def drain(self) -> None:
        try:
            while self.reader.recv(64):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        self.reader.close()
        self._writer.close()

    def _stop(self, *_: object) -> None:
        self.is_stopping = True
        self._wake()

    def _replace(self, *_: object) -> None:
        self.is_replacing = True
        self._wake()

    def _wake(self) -> None:
        try:
            self._writer.send(b"x")
        except BlockingIOError:
            return  # there is enough to read already


class WorkerGroup:
    """The workers of one gateway.

    Args:
        work: What each worker does.
        count: How many run.
        drain_seconds: How long a worker may take to end.
    """

    def __init__(self, work: Work, *, count: int, drain_seconds: float) -> None:
        self._work = work
        self._kill_seconds = drain_seconds + KILL_SECONDS
        # A new interpreter for each: nothing of this process, its threads or its locks, is inherited half-way.
        self._context = multiprocessing.get_context("spawn")
        self._places = [_Place() for _ in range(count)]
        self._round: deque[_Place] = deque()
        self._deaths = 0
        self._signals = _Signals()

    def run(self) -> int:
        """Keep the workers alive until SIGTERM or SIGINT; the exit status."""
        self._signals.install()
        with tempfile.TemporaryDirectory(prefix="gateway-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            try:
                while not self._signals.is_stopping:
                    self._step()
                    self._wait()
            finally:
                self._stop()
                self._signals.close()
        return 0

    def _step(self) -> None:
        """Do everything that is due now."""
        now = time.monotonic()
        for place in self._places:
            for worker in place.workers():
                worker.listen()
            self._look_after_retiring(place, now)
            self._look_after_successor(place, now)
            self._look_after_worker(place, now)
        # After the successors: one that failed ends the round that it was of, not the one that is asked for now.
        if self._signals.is_replacing:
            self._signals.is_replacing = False
            self._round = deque(self._places)
        self._replace_next()

    def _look_after_retiring(self, place: _Place, now: float) -> None:
        if place.retiring is not None and self._has_ended(place.retiring, now):
            log.info("worker.replaced", old=place.retiring.process.pid, new=_pid(place.worker))
            place.retiring = None

    def _look_after_successor(self, place: _Place, now: float) -> None:
        new = place.successor
        if new is None:
            return
        if new.is_ready:
            place.successor = None
            place.retiring, place.worker = place.worker, new
            if place.retiring is not None:
                self._terminate(place.retiring)
        elif not new.process.is_alive() or now > new.started + READY_SECONDS:
            log.error("worker.not_ready", pid=new.process.pid, kept=_pid(place.worker))
            new.process.kill()
            self._forget(new)
            place.successor = None
            # What kept this one from starting keeps the others too.
            self._round.clear()

    def _look_after_worker(self, place: _Place, now: float) -> None:
        if place.worker is not None and not place.worker.process.is_alive():
            seconds = self._restart_seconds(place.worker, now)
            log.error(
                "worker.died",
                pid=place.worker.process.pid,
                status=place.worker.process.exitcode,
                restart_seconds=seconds,
            )
            self._forget(place.worker)
            place.worker, place.restart_at = None, now + seconds
        if place.worker is None and place.successor is not None:
            # A successor is under way already, and will fill the place as soon as it is ready.
            return
        if place.worker is None and now >= place.restart_at:
            place.worker = self._start()
            place.restart_at = now + RESTART_SECONDS[-1]

    def _replace_next(self) -> None:
        if any(place.successor is not None or place.retiring is not None for place in self._places):
            return
        while self._round:
            place = self._round.popleft()
            # An empty place is about to be filled with a new worker anyway.
            if place.worker is not None:
                place.successor = self._start()
                return

    def _wait(self) -> None:
        """Return when something has happened, or something is due."""
        workers = [worker for place in self._places for worker in place.workers()]
        ready = [worker.readiness for worker in workers if worker.readiness is not None]
        ended = [worker.process.sentinel for worker in workers]
        due = [place.restart_at for place in self._places if place.worker is None and place.successor is None]
        due += [place.successor.started + READY_SECONDS for place in self._places if place.successor is not None]
        due += [worker.kill_at for worker in workers if worker.kill_at is not None]
        seconds = min((moment - time.monotonic() for moment in due), default=LOOK_SECONDS)
        wait([self._signals.reader, *ready, *ended], max(0.0, seconds))
        self._signals.drain()

    def _start(self) -> Worker | None:
        """Return a new worker; None if the machine gives none now, which it may after a while."""
        readiness, told = self._context.Pipe(duplex=False)
        process = self._context.Process(target=self._work, args=(told,))
        try:
            process.start()
        except OSError as error:
            log.error("worker.not_started", error=error.strerror, retry_seconds=RESTART_SECONDS[-1])  # noqa: TRY400 - the reason is all
            readiness.close()
            return None
        finally:
            told.close()
        return Worker(process, readiness, time.monotonic())

    def _restart_seconds(self, worker: Worker, now: float) -> float:
        self._deaths = self._deaths + 1 if now - worker.started < YOUNG_SECONDS else 0
        return RESTART_SECONDS[min(self._deaths, len(RESTART_SECONDS) - 1)]

    def _terminate(self, worker: Worker) -> None:
        """Let a worker drain; one that does not answer yet has nothing to drain, and may not hear."""
        worker.listen()
        if worker.is_ready:
            worker.process.terminate()
        else:
            worker.process.kill()
        worker.kill_at = time.monotonic() + self._kill_seconds

    def _has_ended(self, worker: Worker, now: float) -> bool:
        if worker.process.is_alive() and worker.kill_at is not None and now > worker.kill_at:
            log.error("worker.killed", pid=worker.process.pid, after_seconds=self._kill_seconds)
            worker.process.kill()
            worker.process.join()
        if worker.process.is_alive():
            return False
        self._forget(worker)
        return True

    def _forget(self, worker: Worker) -> None:
        """Let go of a process that has ended: its gauges (open subscriptions) no longer count, its counters do."""
        worker.process.join()
        if worker.readiness is not None:
            worker.readiness.close()
        mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]

    def _stop(self) -> None:
        """Let all workers drain at once; kill those that have not ended in time."""
        workers = [worker for place in self._places for worker in place.workers()]
        for worker in workers:
            if worker.kill_at is None:
                self._terminate(worker)
        while workers:
            now = time.monotonic()
            workers = [worker for worker in workers if not self._has_ended(worker, now)]
            due = [worker.kill_at - now for worker in workers if worker.kill_at is not None]
            wait([worker.process.sentinel for worker in workers], max(0.0, min(due, default=0.0)))


def _pid(worker: Worker | None) -> int | None:
    return worker.process.pid if worker is not None else None


def end_with_parent() -> None:
    """Wait for the end of the parent, then end this process: a parent that was killed leaves no worker on its port."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
