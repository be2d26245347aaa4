"""The types of the feed schema."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraphs.feed.model import BehaviourEventType, FeedReason, FeedSurface, RankedCard, RankedItem, RankedSlate
from subgraphs.kit.graph.errors import UserError, ValidationError
from subgraphs.kit.graph.scalars import PageInfo

strawberry.enum(FeedSurface)
strawberry.enum(FeedReason)
strawberry.enum(BehaviourEventType)

_REFERENCE = [Key(fields=FieldSet("id"), resolvable=False)]


@federation.type(keys=_REFERENCE)
class Product:
    id: strawberry.ID


@federation.type(keys=_REFERENCE)
class Category:
    id: strawberry.ID


@strawberry.type(description="Stable slate: every page of one session comes from one ranking snapshot")
class FeedSession:
    id: strawberry.ID
    expires_at: datetime
    model_version: str
    degraded: bool

    @classmethod
    def of(cls, slate: RankedSlate) -> "FeedSession":
        """The session of a slate."""
        return cls(
            id=strawberry.ID(slate.id),
            expires_at=slate.expires_at,
            model_version=slate.model_version,
            degraded=slate.is_degraded,
        )


@strawberry.type
class ProductCard:
    product: Product | None
    reason: FeedReason


@strawberry.type
class CategoryShelf:
    category: Category | None
    products: list[Product | None]


FeedItem = Annotated[ProductCard | CategoryShelf, strawberry.union("FeedItem")]


def item_of(ranked: RankedItem) -> ProductCard | CategoryShelf:
    """The type of a ranked item."""
    if isinstance(ranked, RankedCard):
        return ProductCard(product=Product(id=strawberry.ID(ranked.product_id)), reason=ranked.reason)
    return CategoryShelf(
        category=Category(id=strawberry.ID(ranked.category_id)),
        products=[Product(id=strawberry.ID(each)) for each in ranked.product_ids],
    )


@strawberry.type
class FeedEdge:
    cursor: str
    node: FeedItem
    position: int
    tracking_token: str = strawberry.field(description="Opaque, signed; echo in behaviour events")


@strawberry.type
class FeedConnection:
    edges: list[FeedEdge]
    page_info: PageInfo
    session: FeedSession


@strawberry.type
class RejectedEvent:
    id: strawberry.ID
    reason: str


@strawberry.type
class TrackEventsSuccess:
    accepted: int = strawberry.field(
        description="Events that are in the log on disk: they outlive the end of any process, and count once, also when they are"
        " sent again. An operator who empties or loses the log's server loses those that no worker has taken in."
    )
    duplicates: int
    rejected: list[RejectedEvent]


@strawberry.type
class QueueUnavailableError(UserError):
    retry_after_ms: int = 0


TrackEventsResult = Annotated[
    TrackEventsSuccess | ValidationError | QueueUnavailableError, strawberry.union("TrackEventsResult")
]
