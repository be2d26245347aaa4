"""The payment schema."""

from subgraphs.kit.graph.schema import make_schema
from subgraphs.payment.graph.mutation import Mutation, answer_of
from subgraphs.payment.graph.query import Query
from subgraphs.payment.graph.types import Order, Payment

schema = make_schema(query=Query, mutation=Mutation, types=[Payment, Order], answer_of=answer_of)
