"""What the config service does when it is told to; each is one transaction that ends in a new revision.

A change takes the revision's row first: so changes follow each other, and the version that is read is the one that is written over.
"""

from datetime import datetime

from subgraphs.config import queries, repository
from subgraphs.config.definitions import Definition, checked
from subgraphs.config.model import REASON, FlagState
from subgraphs.config.tables import FlagRow
from subgraphs.kit.runtime.refusals import InvalidInput, NotFound, VersionConflict
from subgraphs.kit.storage.session import Database, run_again_on_conflict

MAX_REASON_CHARACTERS = REASON.most


@run_again_on_conflict
async def save(
    database: Database, definition: Definition, *, expected_version: int | None, actor: str, now: datetime
) -> tuple[FlagRow, int]:
    """The flag as saved, and the new revision. Its state stays as it is; a new flag is ON.

    Args:
        expected_version: None makes a new flag.

    Raises:
        InvalidInput, SchemaViolation: when the definition may not be served.
        VersionConflict: when the flag is at another version, or is there already.
    """
    checked(definition)
    async with database.transaction() as session:
        revision = await repository.next_revision(session)
        row = (await queries.flags_by_key(session, [definition["key"]])).get(definition["key"])
        if (row.version if row else None) != expected_version:
            raise VersionConflict(row.version if row else 0)
        state = row.state if row else FlagState.ON.value
        saved = await repository.write(session, row, {**definition, "state": state}, actor=actor, comment=None, now=now)
        return saved, revision


@run_again_on_conflict
async def set_state(
    database: Database, key: str, state: FlagState, *, reason: str, actor: str, now: datetime
) -> tuple[FlagRow, int]:
    """The flag in the state, and the new revision.

    Raises:
        NotFound: when there is no such flag.
        InvalidInput: when the reason is empty or longer than 500 characters.
    """
    if not 1 <= len(reason.strip()) <= MAX_REASON_CHARACTERS:
        raise InvalidInput(f"A reason has 1 to {MAX_REASON_CHARACTERS} characters", "reason")
    async with database.transaction() as session:
        revision = await repository.next_revision(session)
        row = (await queries.flags_by_key(session, [key])).get(key)
        if row is None:
            raise NotFound("The flag", "key")
        changed = {**repository.definition_of(row), "state": state.value}
        return await repository.write(session, row, changed, actor=actor, comment=reason.strip(), now=now), revision


@run_again_on_conflict
async def rollback(database: Database, key: str, to_version: int, *, actor: str, now: datetime) -> tuple[FlagRow, int]:
    """The flag with an old version's definition as a new version, its state kept, and the new revision.

    Raises:
        NotFound: when there is no such flag or version.
        InvalidInput, SchemaViolation: when the old version may not be served today.
    """
    async with database.transaction() as session:
        revision = await repository.next_revision(session)
        row = (await queries.flags_by_key(session, [key])).get(key)
        old = await queries.change(session, key, to_version)
        if row is None or old is None:
            raise NotFound("The flag's version", "toVersion")
        definition = checked({**old.definition, "state": row.state})  # it may be from before a rule of today
        comment = f"back to version {to_version}"
        return await repository.write(session, row, definition, actor=actor, comment=comment, now=now), revision
