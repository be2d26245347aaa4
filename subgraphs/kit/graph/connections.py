"""From a page of rows to the contract's `XConnection`; the types themselves are each subgraph's own, three lines each."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from strawberry.federation.schema_directives import ListSize

from subgraphs.kit.graph.scalars import PageInfo
from subgraphs.kit.runtime.rules import Stated
from subgraphs.kit.storage.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Page

Row = TypeVar("Row")
Edge = TypeVar("Edge")

PageSize = Annotated[int, Stated.between(0, MAX_PAGE_SIZE)]
"""`first` or `last` of a connection; `PageRequest` refuses what is out of its bounds."""


def page_info(page: Page[Row]) -> PageInfo:
    """The Relay page information of a page."""
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=page.cursors[0] if page.cursors else None,
        end_cursor=page.cursors[-1] if page.cursors else None,
    )


def edges(page: Page[Row], edge: Callable[[str, Row], Edge]) -> list[Edge]:
    """The edges of a page, each made from a cursor and a row."""
    return [edge(cursor, row) for cursor, row in zip(page.cursors, page.rows, strict=True)]


def sized_list(*slicing_arguments: str) -> ListSize:
    """The @listSize of a connection; by default sliced by `first` and `last`."""
    return ListSize(
        assumed_size=DEFAULT_PAGE_SIZE,
        slicing_arguments=list(slicing_arguments or ("first", "last")),
        sized_fields=["edges"],
        require_one_slicing_argument=False,
    )
