"""`python -m subgraphs.feed serve | export-schema | export-events`; there is no database to migrate or seed."""

import sys

from subgraphs.feed.settings import FeedSettings
from subgraphs.kit.graph.cli import Deployable, run

DEPLOYABLE = Deployable(name="feed", settings=FeedSettings)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
