"""Whether the subgraphs behind the gateway can answer: their own readiness routes, asked at most once a second.

One subgraph that cannot answer costs its fields, and the gateway stays ready, unless the settings say that it cannot do without
that one. When none can, the gateway has nothing to answer with.
"""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal
from urllib.parse import urljoin

KEPT_SECONDS = 1.0
PROBE_TIMEOUT_SECONDS = 1.0
PROBES_AT_ONCE = 8
ANSWER_SECONDS = 0.05
"""Subgraphs that hang cost an orchestrator's probe no more: it would end the gateway for them."""

NOT_KNOWN = "is asked for the first time"

Required = tuple[str, ...] | Literal["all", "any"]

Probe = Callable[[str], str | None]
"""From a readiness address to the reason why it is not ready, None if it is; blocks."""

# The subgraphs are neighbours: a proxy of the environment is for the world outside.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url: str) -> str | None:
    """Return why the address is not ready: its status, or the kind of the failure; None if it answers 200."""
    try:
        with _opener.open(url, timeout=PROBE_TIMEOUT_SECONDS) as response:
            return None if response.status == 200 else str(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return str(error.code)
    except (OSError, ValueError) as error:
        return type(error).__name__


class SubgraphReadiness:
    """The readiness of all subgraphs, remembered for a second, so that requests to /ready are no load on the subgraphs.

    Args:
        path: The readiness route beside each subgraph's address, such as ``/ready``.
        addresses: Returns the subgraphs in service, name to GraphQL address.
        required: Names of the subgraphs without which the gateway is not ready, ``all`` of them, or ``any``: then one is enough.
        probe: Asks one readiness address.
        clock: Seconds that only grow.
        answer_seconds: How long a caller waits for subgraphs that are being asked, before it gets what was known before.
    """

    def __init__(
        self,
        path: str,
        addresses: Callable[[], Mapping[str, str]],
        *,
        required: Required = "any",
        probe: Probe = ask,
        clock: Callable[[], float] = time.monotonic,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._path = path
        self._addresses = addresses
        self._required = required
        self._probe = probe
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._threads = ThreadPoolExecutor(PROBES_AT_ONCE, thread_name_prefix="readiness")
        self._round: asyncio.Task[dict[str, str]] | None = None
        self._known: dict[str, str] | None = None
        self._known_until = 0.0

    async def unready(self) -> dict[str, str]:
        """Return the reason of each subgraph that cannot answer; callers at the same time share one round of probes."""
        if self._round is None and self._clock() >= self._known_until:
            self._round = asyncio.create_task(self._ask_all())
            self._round.add_done_callback(self._note)
        if self._round is not None:
            await asyncio.wait({self._round}, timeout=self._answer_seconds)
        return self._known if self._known is not None else dict.fromkeys(self._addresses(), NOT_KNOWN)

    def _note(self, asked: "asyncio.Task[dict[str, str]]") -> None:
        self._round = None
        if not asked.cancelled():
            self._known = asked.result()
            self._known_until = self._clock() + KEPT_SECONDS

    async def failing(self) -> dict[str, str]:
        """Return the reason of each subgraph that keeps the gateway from being ready; empty as long as it is."""
        unready = await self.unready()
        if self._required == "all" or len(unready) == len(self._addresses()):
            return unready
        required = () if self._required == "any" else self._required
        return {name: reason for name, reason in unready.items() if name in required}

    def close(self) -> None:
        """Stop the threads, without waiting for a probe that is under way."""
        if self._round is not None:
            self._round.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask_all(self) -> dict[str, str]:
        addresses = self._addresses()
        reasons = await asyncio.gather(*(self._ask(urljoin(url, self._path)) for url in addresses.values()))
        return {name: reason for name, reason in zip(addresses, reasons, strict=True) if reason is not None}

    async def _ask(self, url: str) -> str | None:
        try:
            async with asyncio.timeout(2 * PROBE_TIMEOUT_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._probe, url)
        except TimeoutError:
            return "TimeoutError"
