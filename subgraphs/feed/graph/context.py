"""The context and info of the feed schema's resolvers."""

import strawberry

from subgraphs.feed.model import Viewer
from subgraphs.feed.resources import FeedResources
from subgraphs.kit.graph.context import Context

Info = strawberry.Info[Context[FeedResources, None], None]


def viewer_of(info: Info) -> Viewer:
    """Who reads."""
    return Viewer(info.context.identity.subject, info.context.identity.anonymous_id)
