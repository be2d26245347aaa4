"""The order schema."""

from subgraphs.kit.graph.schema import make_schema
from subgraphs.order.graph.mutation import Mutation
from subgraphs.order.graph.query import Query
from subgraphs.order.graph.results import answer_of
from subgraphs.order.graph.subscription import Subscription
from subgraphs.order.graph.types import Buyer, Order, Product, Seller

schema = make_schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Order, Buyer, Seller, Product],
    answer_of=answer_of,
)
