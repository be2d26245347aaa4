"""The config schema."""

from subgraphs.config.graph.mutation import Mutation, answer_of
from subgraphs.config.graph.query import Query, Subscription
from subgraphs.config.graph.types import Account, Flag
from subgraphs.kit.graph.schema import make_schema

schema = make_schema(
    query=Query, mutation=Mutation, subscription=Subscription, types=[Account, Flag], answer_of=answer_of
)
