"""The recommendation schema."""

from subgraphs.kit.graph.errors import ValidationError
from subgraphs.kit.graph.schema import make_schema
from subgraphs.recommendation.graph.mutation import Mutation, answer_of
from subgraphs.recommendation.graph.query import Query
from subgraphs.recommendation.graph.types import Buyer, Category, Product, RankingModel

schema = make_schema(
    query=Query, mutation=Mutation, types=[Buyer, Category, Product, RankingModel, ValidationError], answer_of=answer_of
)
