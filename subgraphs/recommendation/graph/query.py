"""The queries of the recommendation schema."""

from typing import Annotated

import strawberry
from strawberry import federation

from subgraphs.kit.graph.errors import Fault
from subgraphs.kit.graph.scalars import Id
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.recommendation import commands, model, queries
from subgraphs.recommendation.graph.context import Info
from subgraphs.recommendation.graph.types import RankedSlate, RankingModel
from subgraphs.recommendation.model import NOBODY, Question, viewer_of
from subgraphs.recommendation.tables import SlateRow


@strawberry.type
class Query:
    @federation.field(inaccessible=True, tags=["internal"], description="feed -> recommendation, service to service")
    async def ranked_slate(
        self,
        info: Info,
        surface: Annotated[str, model.SURFACE],
        slate_id: Id | None = None,
        buyer_id: Id | None = None,
        anonymous_id: Annotated[strawberry.ID, model.DEVICE_ID] | None = None,
        category_id: Id | None = None,
        size: Annotated[int, model.SIZE] = 200,
    ) -> RankedSlate:
        """The slate with that id while it is kept, else the viewer's slate as it is now."""
        try:
            wanted = model.check_size(size)
        except InvalidInput as refusal:
            raise Fault(refusal.code, str(refusal)) from refusal
        resources = info.context.resources
        if slate_id is not None:
            async with resources.database.reading() as session:
                kept = await queries.slate(session, slate_id)
            if kept is not None:
                return await _shown(info, kept, wanted)
        is_personal = resources.config.current.get("recommendation.personal")
        question = Question(viewer_of(buyer_id, anonymous_id) if is_personal else NOBODY, category_id)
        row = await commands.slate_for(resources.database, question, size=model.MAX_SIZE, now=resources.clock())
        return await _shown(info, row, wanted)

    @federation.field(requires_scopes=[["ml:read"]], tags=["admin"])
    async def ranking_models(self, info: Info) -> list[RankingModel] | None:
        """All models, the newest first."""
        async with info.context.resources.database.reading() as session:
            return [RankingModel.of(row) for row in await queries.models(session)]


async def _shown(info: Info, row: SlateRow, size: int) -> RankedSlate:
    """The slate with what has become of its products since it was ranked."""
    ids = {product_id for product_id, _, _ in row.items[:size]}
    ids.update(product_id for _, product_ids in row.shelves for product_id in product_ids)
    async with info.context.resources.database.reading() as session:
        withdrawn = await queries.withdrawn(session, sorted(ids))
    return RankedSlate.of(row, size, withdrawn=withdrawn)
