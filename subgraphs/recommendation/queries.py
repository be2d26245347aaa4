"""What the recommendation service reads."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.rows_by_key import grouped, rows_by
from subgraphs.kit.storage.upserts import MAX_PARAMETERS
from subgraphs.recommendation.model import ModelStatus, Question
from subgraphs.recommendation.tables import (
    CategoryRow,
    CounterRow,
    ModelRow,
    NeighbourRow,
    ProductRow,
    ProfileRow,
    SlateRow,
)

Nearest = list[list[Any]]


async def newest_slate(session: AsyncSession, question: Question) -> SlateRow | None:
    """The newest slate of a question, however old."""
    rows = await session.scalars(
        select(SlateRow).where(SlateRow.question_id == question.id).order_by(SlateRow.id.desc()).limit(1)
    )
    return rows.first()


async def slate(session: AsyncSession, slate_id: str) -> SlateRow | None:
    """A slate by id."""
    return await session.get(SlateRow, slate_id)


async def most_popular(session: AsyncSession, category_ids: Sequence[str] | None, size: int) -> list[tuple[str, float]]:
    """Products that can be bought now with their popularity, the most popular first; of these categories, or of all."""
    statement = (
        select(ProductRow.id, ProductRow.popularity)
        .where(ProductRow.is_published.is_(True), ProductRow.stock > 0)
        .order_by(ProductRow.popularity.desc(), ProductRow.id)
        .limit(size)
    )
    if category_ids is not None:
        statement = statement.where(ProductRow.category_id.in_(category_ids))
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def category_parents(session: AsyncSession) -> list[tuple[str, str | None]]:
    """Every category with its parent."""
    return [(row[0], row[1]) for row in await session.execute(select(CategoryRow.id, CategoryRow.parent_id))]


async def neighbours(session: AsyncSession, product_ids: Sequence[str], kind: str) -> dict[str, Nearest]:
    """The nearest products of each, nearest first."""
    rows = await session.execute(
        select(NeighbourRow.product_id, NeighbourRow.nearest).where(
            NeighbourRow.product_id.in_(product_ids), NeighbourRow.kind == kind
        )
    )
    return {row[0]: row[1] for row in rows}


async def on_sale(session: AsyncSession, product_ids: Sequence[str]) -> set[str]:
    """Those of the products that are published; one statement for each 30,000."""
    found: set[str] = set()
    for start in range(0, len(product_ids), MAX_PARAMETERS):
        part = product_ids[start : start + MAX_PARAMETERS]
        published = select(ProductRow.id).where(ProductRow.id.in_(part), ProductRow.is_published.is_(True))
        found.update(await session.scalars(published))
    return found


async def withdrawn(session: AsyncSession, product_ids: Sequence[str]) -> frozenset[str]:
    """Those of the products that are known and not published; one statement for each 30,000."""
    found: set[str] = set()
    for start in range(0, len(product_ids), MAX_PARAMETERS):
        part = product_ids[start : start + MAX_PARAMETERS]
        hidden = select(ProductRow.id).where(ProductRow.id.in_(part), ProductRow.is_published.is_(False))
        found.update(await session.scalars(hidden))
    return frozenset(found)


async def categories(session: AsyncSession, product_ids: Sequence[str]) -> dict[str, str]:
    """The leaf category of each product that the copy of the catalogue has."""
    rows = await session.execute(select(ProductRow.id, ProductRow.category_id).where(ProductRow.id.in_(product_ids)))
    return {row[0]: row[1] for row in rows}


async def most_popular_of_each(session: AsyncSession, category_ids: Sequence[str], size: int) -> dict[str, list[str]]:
    """Up to `size` published products of each leaf category: what can be bought now first, then by popularity."""
    is_sold_out = case((ProductRow.stock > 0, 0), else_=1)
    place = func.row_number().over(
        partition_by=ProductRow.category_id, order_by=(is_sold_out, ProductRow.popularity.desc(), ProductRow.id)
    )
    placed = (
        select(ProductRow.category_id, ProductRow.id, place.label("place"))
        .where(ProductRow.category_id.in_(category_ids), ProductRow.is_published.is_(True))
        .subquery()
    )
    rows = await session.execute(
        select(placed.c.category_id, placed.c.id)
        .where(placed.c.place <= size)
        .order_by(placed.c.category_id, placed.c.place)
    )
    return grouped(rows)


async def interests(session: AsyncSession, viewers: Sequence[str]) -> dict[str, list[list[Any]]]:
    """The categories of most interest to each viewer."""
    rows = await session.execute(select(ProfileRow.viewer, ProfileRow.interests).where(ProfileRow.viewer.in_(viewers)))
    return {row[0]: row[1] for row in rows}


async def models(session: AsyncSession) -> list[ModelRow]:
    """All models, the newest first, without their texts."""
    return list(await session.scalars(select(ModelRow).order_by(ModelRow.trained_at.desc(), ModelRow.id.desc())))


async def models_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, ModelRow]:
    """Models by id, without their texts."""
    return await rows_by(session, ModelRow, ModelRow.id, ids)


async def active_model_version(session: AsyncSession) -> str | None:
    """The version of the model that ranks, if there is one."""
    return await session.scalar(select(ModelRow.version).where(ModelRow.status == ModelStatus.ACTIVE.value))


async def active_model(session: AsyncSession) -> tuple[str, dict[str, Any]] | None:
    """The text and the manifest of the model that ranks, if there is one."""
    rows = await session.execute(
        select(ModelRow.text, ModelRow.manifest).where(ModelRow.status == ModelStatus.ACTIVE.value)
    )
    row = rows.first()
    return (row[0], row[1]) if row is not None else None


async def profile(session: AsyncSession, viewer: str) -> dict[str, Any] | None:
    """What is known of a viewer, as the workers wrote it."""
    return await session.scalar(select(ProfileRow.profile).where(ProfileRow.viewer == viewer))


async def counters(session: AsyncSession, product_ids: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """The counters of products, or of all."""
    statement = select(CounterRow.product_id, CounterRow.counted)
    if product_ids is not None:
        statement = statement.where(CounterRow.product_id.in_(product_ids))
    return {row[0]: row[1] for row in await session.execute(statement)}


async def all_products(session: AsyncSession) -> list[ProductRow]:
    """Every product of the copy, by id."""
    return list(await session.scalars(select(ProductRow).order_by(ProductRow.id)))


async def all_neighbours(session: AsyncSession, kind: str) -> dict[str, Nearest]:
    """The neighbours of every product."""
    rows = await session.execute(select(NeighbourRow.product_id, NeighbourRow.nearest).where(NeighbourRow.kind == kind))
    return {row[0]: row[1] for row in rows}
