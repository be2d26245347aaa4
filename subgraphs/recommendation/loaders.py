"""One loader a key, made anew for each request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from strawberry.dataloader import DataLoader

from subgraphs.kit.graph.batching import argued_loader, keyed_loader
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import queries
from subgraphs.recommendation.model import filled_up
from subgraphs.recommendation.tables import ModelRow


@dataclass(frozen=True, slots=True)
class Beside:
    """What is wanted beside a product: neighbours of a kind, and how many."""

    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class RecommendationLoaders:
    """The loaders of one request.

    Attributes:
        beside: ids of products on sale: neighbours, nearest first, filled up with the most popular of the product's category.
    """

    beside: DataLoader[tuple[str, Beside], list[str]]
    interests: DataLoader[str, list[list[Any]] | None]
    model: DataLoader[str, ModelRow | None]


def make_loaders(database: Database) -> RecommendationLoaders:
    """Loaders on the reading side of the database."""

    async def beside(product_ids: Sequence[str], wanted: Beside) -> dict[str, list[str]]:
        async with database.reading() as session:
            nearest = await queries.neighbours(session, product_ids, wanted.kind)
            sold = await queries.on_sale(session, sorted({other for each in nearest.values() for other, _ in each}))
            near = {each: [other for other, _ in nearest.get(each, []) if other in sold] for each in product_ids}
            category_of = await queries.categories(
                session, [each for each in product_ids if len(near[each]) < wanted.size]
            )
            popular = await queries.most_popular_of_each(session, sorted(set(category_of.values())), wanted.size + 1)
        return {
            each: filled_up(near[each], popular.get(category_of.get(each, ""), []), product_id=each, size=wanted.size)
            for each in product_ids
        }

    return RecommendationLoaders(
        beside=argued_loader(beside),
        interests=keyed_loader(database.reads(queries.interests)),
        model=keyed_loader(database.reads(queries.models_by_id)),
    )
