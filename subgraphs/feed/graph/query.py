"""The query of the feed schema: a window on a slate."""

from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.feed import model
from subgraphs.feed.graph.context import Info, viewer_of
from subgraphs.feed.graph.types import FeedConnection, FeedEdge, FeedSession, item_of
from subgraphs.feed.model import FeedSurface, Place, RankedCard, RankedSlate
from subgraphs.kit.graph.connections import sized_list
from subgraphs.kit.graph.errors import Fault
from subgraphs.kit.graph.scalars import Cursor, Id, PageInfo
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.storage.pagination import InvalidCursor


@strawberry.type
class Query:
    @federation.field(directives=[Cost(weight=20), sized_list("first")])
    async def feed(
        self,
        info: Info,
        first: Annotated[int, model.PAGE_SIZE] | None = 20,
        after: Cursor | None = None,
        surface: FeedSurface = FeedSurface.HOME,
        category_id: Id | None = None,
    ) -> FeedConnection | None:
        """A page of the caller's feed: the newest slate without a cursor, the cursor's own slate with one."""
        try:
            size = model.check_page(first if first is not None else 20)
        except InvalidInput as refusal:
            raise Fault("INVALID_PAGE", str(refusal)) from refusal
        slate, start = await _slate_and_start(info, after, surface, category_id)
        return _window(info, slate, surface, start=start, size=size)


async def _slate_and_start(
    info: Info, after: Cursor | None, surface: FeedSurface, category_id: str | None
) -> tuple[RankedSlate, int]:
    resources, viewer = info.context.resources, viewer_of(info)
    if after is None:
        return await resources.slates.newest(viewer, surface, category_id, model.SLATE_SIZE), 0
    slate_id, offset = resources.feed_tokens.read_cursor(viewer, surface, after)
    slate = await resources.slates.known(slate_id, surface, model.SLATE_SIZE)
    if slate is None or slate.expires_at <= resources.clock():
        raise InvalidCursor("the session is over: read the feed from its beginning")
    return slate, offset + 1


def _window(info: Info, slate: RankedSlate, surface: FeedSurface, *, start: int, size: int) -> FeedConnection:
    resources, viewer = info.context.resources, viewer_of(info)
    shown = slate if resources.config.current.get("feed.shelves") else model.without_shelves(slate)
    page, has_more = model.window(model.items_of(shown), start=start, size=size)
    edges = []
    for position, item in page:
        about = item.product_id if isinstance(item, RankedCard) else item.category_id
        edges.append(
            FeedEdge(
                cursor=resources.feed_tokens.cursor(viewer, surface, slate.id, position),
                node=item_of(item),
                position=position,
                tracking_token=resources.feed_tokens.tracking(Place(slate.id, position, about)),
            )
        )
    page_info = PageInfo(
        has_next_page=has_more,
        has_previous_page=start > 0,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return FeedConnection(edges=edges, page_info=page_info, session=FeedSession.of(slate))
