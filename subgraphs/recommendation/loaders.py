"""One loader a key, made anew for each request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from strawberry.dataloader import DataLoader

from subgraphs.kit.graph.batching import argued_loader, keyed_loader
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import queries
from subgraphs.recommendation.tables import ModelRow


@dataclass(frozen=True, slots=True)
class RecommendationLoaders:
    """The loaders of one request. `neighbours` is keyed by (product, kind) and gives the ids of products on sale, nearest first."""

    neighbours: DataLoader[tuple[str, str], list[str]]
    interests: DataLoader[str, list[list[Any]] | None]
    model: DataLoader[str, ModelRow | None]


def make_loaders(database: Database) -> RecommendationLoaders:
    """Loaders on the reading side of the database."""

    async def neighbours(product_ids: Sequence[str], kind: str) -> dict[str, list[str]]:
        async with database.reading() as session:
            nearest = await queries.neighbours(session, product_ids, kind)
            sold = await queries.on_sale(session, sorted({near[0] for each in nearest.values() for near in each}))
        return {each: [near[0] for near in nearest.get(each, []) if near[0] in sold] for each in product_ids}

    async def interests(viewers: Sequence[str]) -> dict[str, list[list[Any]]]:
        async with database.reading() as session:
            return await queries.interests(session, viewers)

    async def models(ids: Sequence[str]) -> dict[str, ModelRow]:
        async with database.reading() as session:
            return await queries.models_by_id(session, ids)

    return RecommendationLoaders(
        neighbours=argued_loader(neighbours), interests=keyed_loader(interests), model=keyed_loader(models)
    )
