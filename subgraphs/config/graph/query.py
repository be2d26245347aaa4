"""The queries and the subscription of the config schema."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from typing import Annotated

import orjson
import strawberry
from strawberry import federation

from subgraphs.config import model, queries
from subgraphs.config.conditions import Subject
from subgraphs.config.graph.context import Info
from subgraphs.config.graph.inputs import ClientContextInput
from subgraphs.config.graph.types import ClientConfig, Flag, FlagValue
from subgraphs.config.snapshot import Snapshot
from subgraphs.kit.graph.list_bounds import bounded

MAX_KEYS = 200
POLL_AFTER_MS = 30_000


@strawberry.type
class Query:
    @strawberry.field
    async def client_config(
        self,
        info: Info,
        context: ClientContextInput,
        keys: Annotated[
            list[Annotated[str, model.FLAG_KEY]] | None, strawberry.argument(directives=bounded(MAX_KEYS))
        ] = None,
        if_not_revision: Annotated[str, model.REVISION] | None = None,
    ) -> ClientConfig | None:
        """The flags for the caller; null when they are as at `ifNotRevision`."""
        snapshot = await info.context.resources.snapshots.newest()
        config = _evaluated(info, snapshot, context, keys)
        return config if config.revision != if_not_revision else None

    @federation.field(inaccessible=True, tags=["internal"], description="every service -> config, service to service")
    async def service_config(
        self,
        info: Info,
        context: ClientContextInput,
        keys: Annotated[
            list[Annotated[str, model.FLAG_KEY]] | None, strawberry.argument(directives=bounded(MAX_KEYS))
        ] = None,
        if_not_revision: Annotated[str, model.REVISION] | None = None,
        wait_ms: Annotated[int, model.WAIT_MS] = 0,
    ) -> ClientConfig | None:
        """The flags for the calling service as soon as they are not as at `ifNotRevision`; null after `waitMs` without a change."""
        snapshots = info.context.resources.snapshots
        snapshot: Snapshot | None = await snapshots.newest()
        try:
            async with asyncio.timeout(wait_ms / 1000):
                while snapshot is not None:
                    config = _evaluated(info, snapshot, context, keys)
                    if config.revision != if_not_revision:
                        return config
                    snapshot = await snapshots.newer_than(snapshot.revision)
        except TimeoutError:
            pass
        return None

    @federation.field(requires_scopes=[["config:read"]], tags=["admin"])
    async def flags(
        self, info: Info, owner: Annotated[str, model.OWNER] | None = None, stale_only: bool | None = False
    ) -> list[Flag] | None:
        resources = info.context.resources
        async with resources.database.reading() as session:
            rows = await queries.flags(session, owner=owner, stale_at=resources.clock() if stale_only else None)
        return [Flag.of(row) for row in rows]

    @federation.field(requires_scopes=[["config:read"]], tags=["admin"])
    async def flag(self, info: Info, key: Annotated[str, model.FLAG_KEY]) -> Flag | None:
        row = await info.context.loaders.flag.load(key)
        return Flag.of(row) if row is not None else None


def _evaluated(info: Info, snapshot: Snapshot, context: ClientContextInput, keys: list[str] | None) -> ClientConfig:
    """The flags of a snapshot for the caller."""
    identity = info.context.identity
    # Only a service's own token makes a service: a client that says so is a client.
    platform = context.platform if identity.is_service else context.platform.removeprefix(model.SERVICE_PLATFORM)
    subject = Subject(
        platform,
        context.app_version,
        context.locale,
        identity.subject,
        context.anonymous_id or identity.anonymous_id,
        identity.roles,
    )
    wanted = snapshot.flags.keys() if keys is None else snapshot.flags.keys() & set(keys)
    evaluated = snapshot.evaluated(subject, keys={key for key in wanted if model.is_for(key, platform=platform)})
    return ClientConfig(
        revision=_revision(snapshot.revision, evaluated),
        flags=[FlagValue.of(each) for each in evaluated],
        poll_after_ms=POLL_AFTER_MS,
    )


def _revision(number: int, evaluated: list[model.Evaluation]) -> str:
    """An ETag of what was evaluated: another caller, or the same after signing in, gets another one."""
    values = orjson.dumps([(each.key, each.variant, each.value) for each in evaluated], option=orjson.OPT_SORT_KEYS)
    return f"{number}-{hashlib.sha256(values).hexdigest()[:16]}"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def config_revision_changed(self, info: Info) -> AsyncGenerator[str | None, None]:
        """The number of the newest change: at once, and whenever it moves."""
        async for snapshot in info.context.resources.snapshots.changes():
            yield str(snapshot.revision)
