"""What an actor module gives the worker process."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.sweeper import Sweep
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.readiness import ReadinessCheck
from subgraphs.kit.storage.session import Database
from workers.settings import RunSettings


@dataclass(frozen=True, slots=True)
class Actor:
    """Something that a message asks for.

    Args:
        handle: takes the message's arguments; runs on the process's one event loop, so what is heavy goes to a thread or a process.
    """

    queue: str
    name: str
    handle: Callable[..., Awaitable[object]]
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class JobTable:
    """A table of jobs, for the metrics and for `redrive`."""

    name: str
    database: Database
    table: type[Any]


@dataclass(frozen=True, slots=True)
class Group:
    """A domain's actors.

    Args:
        checks: what /ready asks, by name.
        jobs: the tables whose rows its actors work off.
        streams: those that its actors read.
        sweeps: what is done every few seconds by one worker of all, by name; see `sweeping`.
        loops: run by the worker process alone. A command that opens a group to read its tables ends before a loop is of use.
    """

    actors: Sequence[Actor]
    checks: Mapping[str, ReadinessCheck] = field(default_factory=dict)
    jobs: Sequence[JobTable] = ()
    streams: Sequence[EventStream] = ()
    sweeps: Mapping[str, Sweep] = field(default_factory=dict)
    loops: Sequence[Loop] = ()


Opener = Callable[[RunSettings], AbstractAsyncContextManager[Group]]
"""Opens what a domain's actors need, and closes it at the end."""
