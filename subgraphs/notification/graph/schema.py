"""The notification schema."""

from subgraphs.kit.graph.errors import NotFoundError
from subgraphs.kit.graph.schema import make_schema
from subgraphs.notification.graph.mutation import Mutation
from subgraphs.notification.graph.query import Query, Subscription
from subgraphs.notification.graph.types import Account, Notification

schema = make_schema(
    query=Query, mutation=Mutation, subscription=Subscription, types=[Account, Notification, NotFoundError]
)
