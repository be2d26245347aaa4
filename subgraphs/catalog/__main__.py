"""`python -m subgraphs.catalog serve | migrate [--down] | seed DIR | export-schema`."""

import sys

from subgraphs.catalog.settings import MIGRATIONS, CatalogSettings
from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run

DEPLOYABLE = Deployable(
    name="catalog",
    settings=CatalogSettings,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
