"""The user schema."""

from subgraphs.kit.graph.scalars import PageInfo
from subgraphs.kit.graph.schema import make_schema
from subgraphs.user.graph.mutation import Mutation, answer_of
from subgraphs.user.graph.query import Query
from subgraphs.user.graph.types import Buyer, Seller

schema = make_schema(query=Query, mutation=Mutation, types=[Buyer, Seller, PageInfo], answer_of=answer_of)
