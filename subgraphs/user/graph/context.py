"""The context and info of the user schema's resolvers."""

import strawberry

from subgraphs.kit.graph.context import Context
from subgraphs.user.loaders import UserLoaders
from subgraphs.user.resources import UserResources

Info = strawberry.Info[Context[UserResources, UserLoaders], None]
