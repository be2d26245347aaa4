"""The mutations of the recommendation schema."""

from typing import Any

import strawberry
from strawberry import federation

from subgraphs.kit.graph.errors import UserError
from subgraphs.kit.graph.scalars import Id
from subgraphs.kit.runtime.refusals import Refusal
from subgraphs.recommendation import commands
from subgraphs.recommendation.errors import BelowBaseline
from subgraphs.recommendation.graph.context import Info
from subgraphs.recommendation.graph.types import ActivateModelResult, ModelSuccess, QualityGateError, RankingModel

_OPERATORS: Any = {"requires_scopes": [["ml:write"]], "tags": ["admin"]}


def answer_of(refusal: Refusal) -> UserError | None:
    """Return the error type that answers a refusal of the recommendation service; None for a refusal of the kit."""
    if isinstance(refusal, BelowBaseline):
        return QualityGateError(
            code=refusal.code,
            message=str(refusal),
            path=["id"],
            metric=refusal.metric,
            candidate=refusal.candidate,
            baseline=refusal.baseline,
        )
    return None


@strawberry.type
class Mutation:
    @federation.mutation(**_OPERATORS)
    async def activate_model(self, info: Info, id: Id, force: bool | None = False) -> ActivateModelResult | None:
        """Let a model rank from now on, if it ranks better than popularity, or by force."""
        resources = info.context.resources
        row = await commands.activate_model(resources.database, id, is_forced=bool(force), now=resources.clock())
        return ModelSuccess(model=RankingModel.of(row))

    @federation.mutation(**_OPERATORS)
    async def rollback_model(self, info: Info) -> ActivateModelResult | None:
        """Let the model that ranked before rank again."""
        resources = info.context.resources
        row = await commands.rollback_model(resources.database, now=resources.clock())
        return ModelSuccess(model=RankingModel.of(row))
