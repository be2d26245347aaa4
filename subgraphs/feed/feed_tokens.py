"""Cursors and tracking tokens: what a client hands back to us, signed, so that it can be neither made up nor changed."""

from subgraphs.feed.model import FeedSurface, Place, Viewer
from subgraphs.kit.storage.pagination import Cursors, InvalidCursor

_PLACE = "feed-place"


class FeedTokens:
    """Makes and reads the feed's cursors and tracking tokens."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors

    def cursor(self, viewer: Viewer, surface: FeedSurface, slate_id: str, offset: int) -> str:
        """The cursor of the item at `offset` of a slate, for this viewer and surface alone."""
        return self._cursors.encode(_scope(viewer, surface), [slate_id, offset])

    def read_cursor(self, viewer: Viewer, surface: FeedSurface, cursor: str) -> tuple[str, int]:
        """The slate and the offset of a cursor.

        Raises:
            InvalidCursor: when it is not ours, was changed, or belongs to another viewer or surface.
        """
        slate_id, offset = self._cursors.decode(_scope(viewer, surface), cursor)
        return str(slate_id), int(offset)

    def tracking(self, place: Place) -> str:
        """The token of a place."""
        return self._cursors.encode(_PLACE, [place.slate_id, place.position, place.product_id])

    def read_tracking(self, token: str) -> Place | None:
        """The place of a token; None when it is not ours or was changed."""
        try:
            slate_id, position, product_id = self._cursors.decode(_PLACE, token)
        except InvalidCursor:
            return None
        return Place(str(slate_id), int(position), str(product_id))


def _scope(viewer: Viewer, surface: FeedSurface) -> str:
    return f"feed:{surface.value}:{viewer.key}"
