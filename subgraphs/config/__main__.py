"""`python -m subgraphs.config serve | migrate [--down] | seed DIR | export-schema`."""

import sys

from subgraphs.config.settings import MIGRATIONS, ConfigSettings
from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run

DEPLOYABLE = Deployable(
    name="config",
    settings=ConfigSettings,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
