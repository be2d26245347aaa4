"""`python -m subgraphs.recommendation serve | migrate [--down] | seed DIR | export-schema`."""

import sys

from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run
from subgraphs.recommendation.settings import MIGRATIONS, RecommendationSettings

DEPLOYABLE = Deployable(
    name="recommendation",
    settings=RecommendationSettings,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
