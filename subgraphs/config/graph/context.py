"""The context and info of the config schema's resolvers."""

import strawberry

from subgraphs.config.loaders import ConfigLoaders
from subgraphs.config.resources import ConfigResources
from subgraphs.kit.graph.context import Context

Info = strawberry.Info[Context[ConfigResources, ConfigLoaders], None]
