"""What the feed is told; variables begin with FEED_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.settings import ServiceSettings


class FeedSettings(ServiceSettings):
    """The feed's settings.

    Attributes:
        ranking_timeout_seconds: for recommendation to answer a page; after it the popular slate is served.
    """

    model_config = SettingsConfigDict(env_prefix="FEED_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(SERVICES["feed"].port, ge=1, le=65535)
    ranking_timeout_seconds: float = Field(0.22, gt=0, le=10)
