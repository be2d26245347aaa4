"""`python -m subgraphs.notification serve | migrate [--down] | seed DIR | export-schema`."""

import sys

from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run
from subgraphs.notification.settings import MIGRATIONS, NotificationSettings

DEPLOYABLE = Deployable(
    name="notification",
    settings=NotificationSettings,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
