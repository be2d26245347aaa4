"""The queries and the subscription of the config schema."""

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

POLL_AFTER_MS = 30_000


@strawberry.type
class Query:
    @strawberry.field
    async def client_config(
        self,
        info: Info,
        context: ClientContextInput,
        keys: list[Annotated[str, model.FLAG_KEY]] | None = None,
        if_not_revision: Annotated[str, model.REVISION] | None = None,
    ) -> ClientConfig | None:
        """The flags for the caller; null when they are as at `ifNotRevision`."""
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
        snapshot = await info.context.resources.snapshots.newest()
        wanted = snapshot.flags.keys() if keys is None else snapshot.flags.keys() & set(keys)
        evaluated = snapshot.evaluated(subject, keys={key for key in wanted if model.is_for(key, platform=platform)})
        revision = _revision(snapshot.revision, evaluated)
        if revision == if_not_revision:
            return None
        return ClientConfig(
            revision=revision, flags=[FlagValue.of(each) for each in evaluated], poll_after_ms=POLL_AFTER_MS
        )

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
