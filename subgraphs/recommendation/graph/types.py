"""The types of the recommendation schema."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost, Key, ListSize
from strawberry.federation.types import FieldSet
from strawberry.types.unset import UNSET

from subgraphs.kit.graph.errors import NotFoundError, UserError
from subgraphs.recommendation import model
from subgraphs.recommendation.graph.context import Info
from subgraphs.recommendation.loaders import Beside
from subgraphs.recommendation.model import ModelStatus, viewer_of
from subgraphs.recommendation.tables import ModelRow, SlateRow

strawberry.enum(ModelStatus)

SIMILAR, BOUGHT_TOGETHER = "similar", "bought_together"


def _listed(assumed_size: int) -> ListSize:
    return ListSize(
        assumed_size=assumed_size, slicing_arguments=["first"], sized_fields=UNSET, require_one_slicing_argument=False
    )


@federation.type(keys=["id"])
class Product:
    id: strawberry.ID

    @federation.field(directives=[Cost(weight=5), _listed(12)])
    async def similar(
        self, info: Info, first: Annotated[int, model.NEIGHBOURS] | None = 12
    ) -> "list[Product | None] | None":
        """What the same visits hold, nearest first, then the most popular of the category; products on sale only."""
        return await _beside(info, self.id, SIMILAR, first if first is not None else 12)

    @federation.field(directives=[Cost(weight=5), _listed(6)])
    async def bought_together(
        self, info: Info, first: Annotated[int, model.NEIGHBOURS] | None = 6
    ) -> "list[Product | None] | None":
        """What the same orders hold, nearest first, then the most popular of the category; products on sale only."""
        return await _beside(info, self.id, BOUGHT_TOGETHER, first if first is not None else 6)

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Product":
        """Any product: whether there is one, is the catalog's to know."""
        return cls(id=id)


async def _beside(info: Info, product_id: str, kind: str, size: int) -> list[Product | None]:
    found = await info.context.loaders.beside.load((product_id, Beside(kind, size)))
    return [Product(id=strawberry.ID(each)) for each in found]


@federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Category:
    id: strawberry.ID


@strawberry.type
class Interest:
    category: Category | None
    weight: float


@federation.type(keys=["id"])
class Buyer:
    id: strawberry.ID

    @federation.field(authenticated=True)
    async def interests(self, info: Info, first: Annotated[int, model.NEIGHBOURS] | None = 5) -> list[Interest] | None:
        """The categories of most interest, with their shares; somebody else's are not shown."""
        wanted = first if first is not None else 5
        if info.context.identity.subject != self.id and not info.context.identity.is_service:
            return []
        found = await info.context.loaders.interests.load(viewer_of(self.id, None)) or []
        return [
            Interest(category=Category(id=strawberry.ID(category_id)), weight=weight)
            for category_id, weight in found[:wanted]
        ]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Buyer":
        """Any buyer: who it is, is the user service's to know."""
        return cls(id=id)


@federation.type(keys=["id"])
class RankingModel:
    id: strawberry.ID
    version: str
    status: ModelStatus
    trained_at: datetime
    ndcg_at10: float
    recall_at50: float
    baseline_ndcg_at10: float
    feature_schema_hash: str

    @classmethod
    def of(cls, row: ModelRow) -> "RankingModel":
        """The type of a row."""
        return cls(
            id=strawberry.ID(row.id),
            version=row.version,
            status=ModelStatus(row.status),
            trained_at=row.trained_at,
            ndcg_at10=row.ndcg_at_10,
            recall_at50=row.recall_at_50,
            baseline_ndcg_at10=row.baseline_ndcg_at_10,
            feature_schema_hash=row.feature_schema_hash,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "RankingModel | None":
        """The model by id, for those who may read models."""
        if "ml:read" not in info.context.identity.scopes and not info.context.identity.is_service:
            return None
        row = await info.context.loaders.model.load(id)
        return cls.of(row) if row is not None else None


@strawberry.type
class ScoredProduct:
    product: Product
    score: float
    source: str
    is_on_sale: bool = strawberry.field(
        description="False once the seller has withdrawn the product; it keeps its place"
    )


@strawberry.type
class RankedShelf:
    category: Category
    products: list[Product]


@strawberry.type
class RankedSlate:
    row: strawberry.Private[SlateRow]
    size: strawberry.Private[int]
    withdrawn: strawberry.Private[frozenset[str]]
    id: strawberry.ID
    model_version: str
    degraded: bool

    @classmethod
    def of(cls, row: SlateRow, size: int, *, withdrawn: frozenset[str]) -> "RankedSlate":
        """The first `size` products of a row.

        Args:
            withdrawn: ids of products that may not be shown any more.
        """
        return cls(
            row=row,
            size=size,
            withdrawn=withdrawn,
            id=strawberry.ID(row.id),
            model_version=row.model_version,
            degraded=row.is_degraded,
        )

    @strawberry.field
    def items(self) -> list[ScoredProduct]:
        return [
            ScoredProduct(
                product=Product(id=strawberry.ID(product_id)),
                score=score,
                source=source,
                is_on_sale=product_id not in self.withdrawn,
            )
            for product_id, score, source in self.row.items[: self.size]
        ]

    @strawberry.field
    def shelves(self) -> list[RankedShelf]:
        return [
            RankedShelf(
                category=Category(id=strawberry.ID(category_id)),
                products=[Product(id=strawberry.ID(each)) for each in product_ids if each not in self.withdrawn],
            )
            for category_id, product_ids in self.row.shelves
        ]


@strawberry.type
class ModelSuccess:
    model: RankingModel


@strawberry.type
class QualityGateError(UserError):
    metric: str = ""
    candidate: float = 0.0
    baseline: float = 0.0


ActivateModelResult = Annotated[
    ModelSuccess | NotFoundError | QualityGateError, strawberry.union("ActivateModelResult")
]
