"""Running subgraphs as they are now: what each tells of itself, and whether it can be reached.

Each is asked by a thread of its own, so that one that hangs holds back neither the others nor whoever reads what is known.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gateway.sources import SourceError, SubgraphSource, ask_for_sdl

ASK_SECONDS = 0.5
FAR_SECONDS = 5.0
"""Between two looks at whether a subgraph elsewhere, of which nothing else is asked, can be reached."""

CONNECT_TIMEOUT_SECONDS = 0.5
ANSWER_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the last poll found.

    Attributes:
        sdl: as last told; None if it never was, or is not asked for.
        problem: why the last poll did not bring it; "" if it did.
        is_up: something accepts connections where its queries go.
    """

    sdl: str | None = None
    problem: str = ""
    is_up: bool = True


class Polls:
    """Follows any number of subgraphs, from the first call of `follow` until closed."""

    def __init__(self) -> None:
        self._polls: dict[str, _Poll] = {}

    def follow(self, sources: Mapping[str, SubgraphSource], *, patience_seconds: float) -> dict[str, Known | None]:
        """What is known of each; None of one that has not been heard of yet.

        Args:
            sources: the subgraphs to follow from now on; others are forgotten.
            patience_seconds: how long to wait for those that are new.
        """
        for name in list(self._polls):
            if sources.get(name) != self._polls[name].source:
                self._polls.pop(name).stop()
        for name, source in sources.items():
            if name not in self._polls:
                self._polls[name] = _Poll(name, source)
        give_up = time.monotonic() + patience_seconds
        return {name: self._polls[name].known(max(0.0, give_up - time.monotonic())) for name in sources}

    def close(self) -> None:
        """Asks no more."""
        for poll in self._polls.values():
            poll.stop()
        self._polls = {}


class _Poll:
    """One subgraph, asked again and again."""

    def __init__(self, name: str, source: SubgraphSource) -> None:
        self.source = source
        self._name = name
        self._known: Known | None = None
        self._is_known = threading.Event()
        self._has_waited = False
        self._stopping = threading.Event()
        threading.Thread(target=self._run, name=f"poll {name}", daemon=True).start()

    def known(self, patience_seconds: float) -> Known | None:
        """What was found; the first time it is asked for, after waiting for it."""
        if not self._has_waited:
            self._has_waited = True
            self._is_known.wait(patience_seconds)
        return self._known

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        url = self.source.routing_url or self.source.source.subgraph_url or ""
        is_asked = self.source.source.subgraph_url is not None
        interval = ASK_SECONDS if is_asked or _is_near(url) else FAR_SECONDS
        while not self._stopping.is_set():
            is_up = not url or is_listening(url)
            if self._known is not None:
                # Whether it is up is of use at once; its SDL may be a while in coming.
                self._known = replace(self._known, is_up=is_up)
            sdl, problem = self._ask() if is_asked else (None, "")
            if sdl is None and self._known is not None:
                sdl = self._known.sdl
            self._known = Known(sdl, problem, is_up)
            self._is_known.set()
            self._stopping.wait(interval)

    def _ask(self) -> tuple[str | None, str]:
        given = self.source.source
        assert given.subgraph_url is not None
        try:
            sdl = ask_for_sdl(
                self._name,
                given.subgraph_url,
                given.introspection_headers,
                timeout_seconds=ANSWER_TIMEOUT_SECONDS,
            )
        except SourceError as error:
            return None, str(error)
        return sdl, ""


def is_listening(url: str) -> bool:
    """Whether something accepts connections where a URL points."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout=CONNECT_TIMEOUT_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def _is_near(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
