"""The context and info of the recommendation schema's resolvers."""

import strawberry

from subgraphs.kit.graph.context import Context
from subgraphs.recommendation.loaders import RecommendationLoaders
from subgraphs.recommendation.resources import RecommendationResources

Info = strawberry.Info[Context[RecommendationResources, RecommendationLoaders], None]
