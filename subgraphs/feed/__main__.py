"""`python -m subgraphs.feed serve | export-schema | export-events`; there is no database to migrate or seed."""

import sys
from typing import TYPE_CHECKING

from subgraphs.feed.settings import FeedSettings
from subgraphs.kit.graph.cli import Deployable, ExtraCommand, run

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema


def _app(settings: FeedSettings) -> "Starlette":
    from subgraphs.feed.app import create_feed_app

    return create_feed_app(settings)


def _schema() -> "Schema":
    from subgraphs.feed.graph.schema import schema

    return schema


def _export_events(_: list[str]) -> int:
    from subgraphs.feed.events import schemas
    from subgraphs.kit.messaging.schemas import export_events

    for path in export_events(schemas()):
        print(path)
    return 0


DEPLOYABLE = Deployable(
    name="feed",
    settings=FeedSettings,
    app=_app,
    schema=_schema,
    databases=lambda _: [],
    extra={"export-events": ExtraCommand("write the JSON Schemas of the events", _export_events)},
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
