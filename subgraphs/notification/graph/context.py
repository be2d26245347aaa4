"""The context and info of the notification schema's resolvers."""

import strawberry

from subgraphs.kit.graph.context import Context
from subgraphs.notification.loaders import NotificationLoaders
from subgraphs.notification.resources import NotificationResources

Info = strawberry.Info[Context[NotificationResources, NotificationLoaders], None]
