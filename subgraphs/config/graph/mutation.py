"""The mutations of the config schema: a command each, its refusals answered as members of the result union."""

from typing import Annotated, Any

import strawberry
from strawberry import federation

from subgraphs.config import commands, model
from subgraphs.config.errors import SchemaViolation
from subgraphs.config.graph.context import Info
from subgraphs.config.graph.inputs import FlagInput
from subgraphs.config.graph.types import Flag, FlagActionResult, FlagSuccess, SaveFlagResult, SchemaViolationError
from subgraphs.config.model import FlagState
from subgraphs.config.tables import FlagRow
from subgraphs.kit.graph.errors import UserError, shown
from subgraphs.kit.runtime.refusals import Refusal

_WRITERS: Any = {"requires_scopes": [["config:write"]], "tags": ["admin"]}
_KILLERS: Any = {"requires_scopes": [["config:kill"], ["config:write"]], "tags": ["admin"]}


def answer_of(refusal: Refusal) -> UserError | None:
    """Return the error type that answers a refusal of the config service; None for a refusal of the kit."""
    return SchemaViolationError(**shown(refusal)) if isinstance(refusal, SchemaViolation) else None


async def _saved(info: Info, row: FlagRow, revision: int) -> FlagSuccess:
    """The answer to a change that is committed; whoever waits for the next revision is woken."""
    await info.context.resources.snapshots.wake()
    return FlagSuccess(flag=Flag.of(row), revision=str(revision))


async def _set_state(info: Info, key: str, state: FlagState, reason: str) -> FlagSuccess:
    resources = info.context.resources
    row, revision = await commands.set_state(
        resources.database, key, state, reason=reason, actor=info.context.account_id, now=resources.clock()
    )
    return await _saved(info, row, revision)


@strawberry.type
class Mutation:
    @federation.mutation(**_WRITERS)
    async def save_flag(self, info: Info, input: FlagInput) -> SaveFlagResult | None:
        """Make a flag, or change one that is at the expected version."""
        resources = info.context.resources
        row, revision = await commands.save(
            resources.database,
            input.as_definition(),
            expected_version=input.expected_version,
            actor=info.context.account_id,
            now=resources.clock(),
        )
        return await _saved(info, row, revision)

    @federation.mutation(**_KILLERS)
    async def kill_flag(
        self, info: Info, key: Annotated[str, model.FLAG_KEY], reason: Annotated[str, model.REASON]
    ) -> FlagActionResult | None:
        """Make a flag answer its off variant to everybody, everywhere within a second."""
        return await _set_state(info, key, FlagState.KILLED, reason)

    @federation.mutation(**_WRITERS)
    async def revive_flag(
        self, info: Info, key: Annotated[str, model.FLAG_KEY], reason: Annotated[str, model.REASON]
    ) -> FlagActionResult | None:
        """Let a killed flag's rules be asked again."""
        return await _set_state(info, key, FlagState.ON, reason)

    @federation.mutation(**_WRITERS)
    async def rollback_flag(
        self, info: Info, key: Annotated[str, model.FLAG_KEY], to_version: int
    ) -> FlagActionResult | None:
        """Make an old version of a flag its newest."""
        resources = info.context.resources
        row, revision = await commands.rollback(
            resources.database, key, to_version, actor=info.context.account_id, now=resources.clock()
        )
        return await _saved(info, row, revision)
