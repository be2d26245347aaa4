"""The catalog schema."""

from subgraphs.catalog.graph.mutation import Mutation, answer_of
from subgraphs.catalog.graph.query import Query
from subgraphs.catalog.graph.types import Category, Product, Seller
from subgraphs.kit.graph.schema import make_schema

schema = make_schema(query=Query, mutation=Mutation, types=[Product, Category, Seller], answer_of=answer_of)
