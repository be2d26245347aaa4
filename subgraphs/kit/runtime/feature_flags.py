"""Runtime configuration as an immutable snapshot, pushed by the config service over a long poll.

A process asks with the revision in hand, and the config service answers when that is no longer the newest, or after 25 seconds. So a
change is in every process a moment after it was made, and a process without a change asks 3 times a minute.

The order of belief: the service's newest good answer, else the last good one kept on disk, else the defaults in code. An answer that
has any wrong part is rejected whole, so a process never runs on half of an update. Nothing here can make a request fail or wait.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
import structlog

from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.runtime.settings import SharedSettings

PAUSE_SECONDS = 0.5
"""Between an answer and the next question: a change that follows at once is in the process this much later."""

WAIT_SECONDS = 25.0
ANSWER_SECONDS = 2.0
"""For an answer to arrive after the wait; a config service that is silent for longer is away."""

MAX_BACKOFF_SECONDS = 5.0

_QUERY = """query ServiceConfig($context: ClientContextInput!, $keys: [String!], $revision: String, $wait: Int!) {
  serviceConfig(context: $context, keys: $keys, ifNotRevision: $revision, waitMs: $wait) { revision flags { key value } }
}"""

_log = structlog.get_logger(__name__)


class InvalidConfig(ValueError):
    """Raised when an update has a malformed part or a value of another type than its default."""


@dataclass(frozen=True, slots=True)
class ConfigSnapshot:
    """Values by key, complete: every key has its default unless the service said otherwise."""

    revision: str
    values: Mapping[str, Any]

    def get(self, key: str) -> Any:
        """The value of a key that the process declared; KeyError for one that it did not."""
        return self.values[key]


Fetch = Callable[[str], Awaitable[dict[str, Any] | None]]
"""From the revision in hand to the new `{revision, flags}`, or None when nothing changed; it may wait for a change."""


def merged(defaults: Mapping[str, Any], answer: Mapping[str, Any]) -> ConfigSnapshot:
    """The snapshot of defaults overridden by an answer.

    Raises:
        InvalidConfig: when any part of the answer is wrong; nothing of it is used.
    """
    revision, flags = answer.get("revision"), answer.get("flags")
    if not isinstance(revision, str) or not isinstance(flags, list):
        raise InvalidConfig("an update needs a revision and flags")
    values = dict(defaults)
    for flag in flags:
        if not isinstance(flag, dict) or not isinstance(flag.get("key"), str) or "value" not in flag:
            raise InvalidConfig("a flag needs a key and a value")
        key, value = flag["key"], flag["value"]
        if key not in defaults:
            continue
        if not _has_type_of(defaults[key], value):
            raise InvalidConfig(f"{key} is not a {type(defaults[key]).__name__}")
        values[key] = value
    return ConfigSnapshot(revision, MappingProxyType(values))


def _has_type_of(default: object, value: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


class ConfigSource:
    """Holds the current snapshot and keeps it fresh while `loop` runs.

    Args:
        defaults: every key that the process reads, with the value to use when nobody says otherwise.
        kept_at: the file of the last good answer.
    """

    def __init__(self, defaults: Mapping[str, Any], *, fetch: Fetch, kept_at: Path) -> None:
        self._defaults = dict(defaults)
        self._fetch = fetch
        self._kept_at = kept_at
        self._current = self._from_disk() or ConfigSnapshot("", MappingProxyType(self._defaults))
        self._answered = False
        # Not required: the last good snapshot serves as long as need be. `ready` says when there never was one.
        self.loop = Loop(
            "config",
            self.refresh,
            pause_seconds=PAUSE_SECONDS,
            longest_backoff_seconds=MAX_BACKOFF_SECONDS,
            is_required=False,
        )

    @property
    def current(self) -> ConfigSnapshot:
        """The snapshot to use for one whole request."""
        return self._current

    async def ready(self) -> None:
        """A readiness check: returns once the config service has answered, or a last good answer was on disk.

        Raises:
            InvalidConfig: while neither is so.
        """
        if not self._answered and not self._current.revision:
            raise InvalidConfig("no configuration yet")

    async def refresh(self) -> None:
        """Ask once; a changed and good answer becomes current and is kept on disk.

        Raises:
            ServiceError: when the service gave no answer.
            InvalidConfig: when the answer is wrong.
        """
        answer = await self._fetch(self._current.revision)
        self._answered = True
        if answer is None or answer.get("revision") == self._current.revision:
            return
        snapshot = merged(self._defaults, answer)
        await asyncio.to_thread(self._keep, answer)
        self._current = snapshot
        _log.info("config.updated", revision=snapshot.revision)

    def _from_disk(self) -> ConfigSnapshot | None:
        try:
            return merged(self._defaults, orjson.loads(self._kept_at.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.warning("config.kept_copy_unusable", error=type(error).__name__)
            return None

    def _keep(self, answer: Mapping[str, Any]) -> None:
        # Written beside and renamed: a reader or a crash never sees half a file.
        self._kept_at.parent.mkdir(parents=True, exist_ok=True)
        beside = self._kept_at.with_suffix(f".{os.getpid()}.tmp")
        beside.write_bytes(orjson.dumps(answer))
        beside.replace(self._kept_at)


class ServiceConfig(ConfigSource):
    """A service's own source: asks the config service in the service's name, and keeps the last good answer under the data folder."""

    def __init__(
        self, defaults: Mapping[str, Any], *, service: str, settings: SharedSettings, tokens: ServiceTokens
    ) -> None:
        self._client = GraphQLClient(settings.config_url, service="config", caller=service, tokens=tokens)
        self._context = {"platform": f"service:{service}", "appVersion": "1"}
        super().__init__(defaults, fetch=self._ask, kept_at=settings.data_dir / "config" / f"{service}.json")

    async def _ask(self, revision: str) -> dict[str, Any] | None:
        asked = {
            "context": self._context,
            "keys": list(self._defaults),
            "revision": revision or None,
            "wait": int(WAIT_SECONDS * 1000) if revision else 0,
        }
        data = await self._client.execute(_QUERY, asked, timeout_seconds=WAIT_SECONDS + ANSWER_SECONDS)
        answer = data.get("serviceConfig")
        if answer is not None and not isinstance(answer, dict):
            raise InvalidConfig("serviceConfig is not an object")
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
