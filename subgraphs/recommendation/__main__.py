"""`python -m subgraphs.recommendation serve | migrate [--down] | seed DIR | export-schema`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.kit.graph.cli import Deployable, MigratedDatabase, run
from subgraphs.recommendation.settings import MIGRATIONS, RecommendationSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema


def _app(settings: RecommendationSettings) -> "Starlette":
    from subgraphs.recommendation.app import create_recommendation_app

    return create_recommendation_app(settings)


def _schema() -> "Schema":
    from subgraphs.recommendation.graph.schema import schema

    return schema


async def _seed(settings: RecommendationSettings, folder: Path) -> int:
    from subgraphs.recommendation.seed import seed

    return await seed(settings, folder)


DEPLOYABLE = Deployable(
    name="recommendation",
    settings=RecommendationSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    seed=_seed,
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
