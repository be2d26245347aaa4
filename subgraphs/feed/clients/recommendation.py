"""Slates, asked of the recommendation service."""

from typing import Any, Protocol

from subgraphs.feed.model import FeedReason, FeedSurface, RankedCard, RankedShelf, RankedSlate, Viewer
from subgraphs.kit.runtime.client import GraphQLClient

_QUERY = """query RankedSlate($slate: ID, $buyer: ID, $anonymous: ID, $surface: String!, $category: ID, $size: Int!) {
  rankedSlate(slateId: $slate, buyerId: $buyer, anonymousId: $anonymous, surface: $surface, categoryId: $category, size: $size) {
    id modelVersion degraded items { product { id } source isOnSale } shelves { category { id } products { id } } } }"""


class Slates(Protocol):
    """Knows slates."""

    async def newest(self, viewer: Viewer, surface: FeedSurface, category_id: str | None, size: int) -> RankedSlate:
        """The viewer's slate as it is now.

        Raises:
            ServiceError: when there is none to be had now.
        """
        ...

    async def known(self, slate_id: str, surface: FeedSurface, size: int) -> RankedSlate | None:
        """A slate that was shown before; None when it is gone.

        Raises:
            ServiceError: when it cannot be known now.
        """
        ...


class RecommendationSlates:
    """Asks the recommendation service, for the feed itself.

    Args:
        timeout_seconds: of one question, both attempts together.
    """

    def __init__(self, client: GraphQLClient, *, timeout_seconds: float) -> None:
        self._client = client
        self._timeout_seconds = timeout_seconds

    async def newest(self, viewer: Viewer, surface: FeedSurface, category_id: str | None, size: int) -> RankedSlate:
        """See `Slates.newest`."""
        found = await self._ask(
            {
                "buyer": viewer.account_id,
                "anonymous": None if viewer.account_id else viewer.anonymous_id,
                "surface": surface.value,
                "category": category_id,
                "size": size,
            }
        )
        return _slate(found)

    async def known(self, slate_id: str, surface: FeedSurface, size: int) -> RankedSlate | None:
        """See `Slates.known`."""
        found = await self._ask({"slate": slate_id, "surface": surface.value, "size": size})
        return _slate(found) if found["id"] == slate_id else None

    async def _ask(self, variables: dict[str, Any]) -> dict[str, Any]:
        data = await self._client.execute(_QUERY, variables, attempts=2, timeout_seconds=self._timeout_seconds)
        found: dict[str, Any] = data["rankedSlate"]
        return found


def _slate(found: dict[str, Any]) -> RankedSlate:
    return RankedSlate(
        id=found["id"],
        model_version=found["modelVersion"],
        is_degraded=found["degraded"],
        cards=tuple(
            RankedCard(each["product"]["id"], _reason(each["source"]), each["isOnSale"]) for each in found["items"]
        ),
        shelves=tuple(
            RankedShelf(each["category"]["id"], tuple(product["id"] for product in each["products"]))
            for each in found["shelves"]
        ),
    )


def _reason(source: str) -> FeedReason:
    return FeedReason[source] if source in FeedReason.__members__ else FeedReason.FOR_YOU
