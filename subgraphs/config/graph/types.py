"""The types of the config schema."""

from datetime import datetime
from typing import Annotated, Any

import orjson
import strawberry
from strawberry import federation
from strawberry.scalars import JSON

from subgraphs.config import model
from subgraphs.config.conditions import Subject
from subgraphs.config.definitions import problem_of
from subgraphs.config.graph.context import Info
from subgraphs.config.repository import definition_of
from subgraphs.config.tables import FlagChangeRow, FlagRow
from subgraphs.kit.graph.errors import NotFoundError, UserError, ValidationError, VersionConflictError

strawberry.enum(model.FlagState)
strawberry.enum(model.EvaluationReason)

DEFAULT_HISTORY = 20
EXPERIMENTS_PLATFORM = "web"


@strawberry.type
class FlagValue:
    key: str
    value: JSON
    variant: str
    reason: model.EvaluationReason

    @classmethod
    def of(cls, evaluation: model.Evaluation) -> "FlagValue":
        """The type of an evaluation."""
        return cls(key=evaluation.key, value=evaluation.value, variant=evaluation.variant, reason=evaluation.reason)


@strawberry.type(description="What web/mobile need: evaluated for the caller; revision works as an ETag")
class ClientConfig:
    revision: str
    flags: list[FlagValue]
    poll_after_ms: int


@strawberry.type
class Variant:
    key: str
    value: JSON
    weight: int


@strawberry.type
class Rule:
    id: strawberry.ID
    segment: str | None
    condition_json: str | None
    rollout_permille: int | None
    variants: list[Variant]
    bucket_by: str
    seed: str

    @classmethod
    def of(cls, rule: dict[str, Any]) -> "Rule":
        """The type of a rule as a definition writes it."""
        condition = rule["condition"]
        return cls(
            id=strawberry.ID(rule["id"]),
            segment=rule["segment"],
            condition_json=orjson.dumps(condition).decode() if condition is not None else None,
            rollout_permille=rule["rollout_permille"],
            variants=[Variant(**each) for each in rule["variants"]],
            bucket_by=rule["bucket_by"],
            seed=rule["seed"],
        )


@strawberry.type
class FlagChange:
    version: int
    at: datetime
    actor: str
    comment: str | None
    diff_json: str

    @classmethod
    def of(cls, row: FlagChangeRow) -> "FlagChange":
        """The type of a row."""
        return cls(
            version=row.version,
            at=row.at,
            actor=row.actor,
            comment=row.comment,
            diff_json=orjson.dumps(row.difference).decode(),
        )


@federation.type(keys=["key"])
class Flag:
    row: strawberry.Private[FlagRow]
    key: str
    description: str
    owner: str
    state: model.FlagState
    default_variant: str
    off_variant: str
    schema_json: str | None
    version: int
    updated_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, row: FlagRow) -> "Flag":
        """The type of a row."""
        return cls(
            row=row,
            key=row.key,
            description=row.description,
            owner=row.owner,
            state=model.FlagState(row.state),
            default_variant=row.default_variant,
            off_variant=row.off_variant,
            schema_json=row.schema_json,
            version=row.version,
            updated_at=row.updated_at,
            expires_at=row.expires_at,
        )

    @strawberry.field
    def variants(self) -> list[Variant]:
        return [Variant(**each) for each in self.row.variants]

    @strawberry.field(description="Why the flag is left out of every client's configuration; null while it is served")
    def problem(self) -> str | None:
        return problem_of(definition_of(self.row))

    @strawberry.field
    def rules(self) -> list[Rule]:
        return [Rule.of(each) for each in self.row.rules]

    @strawberry.field
    async def history(self, info: Info, last: Annotated[int, model.HISTORY] | None = 20) -> list[FlagChange]:
        wanted = last if last is not None else DEFAULT_HISTORY
        return [FlagChange.of(row) for row in await info.context.loaders.history.load((self.key, wanted))]

    @classmethod
    async def resolve_reference(cls, info: Info, key: str) -> "Flag | None":
        """The flag by key, for those who may read the configuration."""
        if "config:read" not in info.context.identity.scopes and not info.context.identity.is_service:
            return None
        row = await info.context.loaders.flag.load(key)
        return cls.of(row) if row is not None else None


@strawberry.type
class ExperimentAssignment:
    experiment: str
    variant: str
    bucket_version: int
    sticky: bool


@federation.interface_object(keys=["id"])
class Account:
    id: strawberry.ID

    @federation.field(authenticated=True)
    async def experiments(self, info: Info) -> list[ExperimentAssignment] | None:
        """The experiments that the account takes part in; somebody else's are not shown."""
        identity = info.context.identity
        if identity.subject != self.id:
            return []
        subject = Subject(EXPERIMENTS_PLATFORM, "0", account_id=self.id, roles=identity.roles)
        snapshot = await info.context.resources.snapshots.newest()
        drawn = [(snapshot.flags[each.key], each) for each in snapshot.evaluated(subject)]
        return [
            ExperimentAssignment(
                experiment=flag.key,
                variant=evaluation.variant,
                bucket_version=flag.version,
                sticky=flag.experiment.bucket_by == "accountId",
            )
            for flag, evaluation in drawn
            if flag.experiment is not None and evaluation.reason is model.EvaluationReason.SPLIT
        ]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Account":
        """Any account: who it is, is the user service's to know."""
        return cls(id=id)


@strawberry.type
class FlagSuccess:
    flag: Flag
    revision: str


@strawberry.type
class SchemaViolationError(UserError):
    pass


SaveFlagResult = Annotated[
    FlagSuccess | ValidationError | SchemaViolationError | VersionConflictError, strawberry.union("SaveFlagResult")
]
FlagActionResult = Annotated[FlagSuccess | NotFoundError, strawberry.union("FlagActionResult")]
