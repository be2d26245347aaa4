"""`python -m subgraphs.order serve | migrate [--down] | seed DIR | export-schema | export-events`."""

import sys

from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run
from subgraphs.order.settings import ANALYTICS_MIGRATIONS, MIGRATIONS, OrderSettings

DEPLOYABLE = Deployable(
    name="order",
    settings=OrderSettings,
    databases=lambda settings: [
        MigratedDatabase(settings.database, MIGRATIONS),
        MigratedDatabase(settings.analytics_database, ANALYTICS_MIGRATIONS),
    ],
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
