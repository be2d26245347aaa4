"""The feed schema."""

from subgraphs.feed.graph.mutation import Mutation, answer_of
from subgraphs.feed.graph.query import Query
from subgraphs.feed.graph.types import Category, Product
from subgraphs.kit.graph.errors import NotFoundError
from subgraphs.kit.graph.schema import make_schema

schema = make_schema(query=Query, mutation=Mutation, types=[Product, Category, NotFoundError], answer_of=answer_of)
