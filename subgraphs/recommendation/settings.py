"""What the recommendation service is told; variables begin with RECOMMENDATION_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.settings import ServiceSettings

MIGRATIONS = Path(__file__).parent / "migrations"


class RecommendationSettings(ServiceSettings):
    """The recommendation service's settings."""

    model_config = SettingsConfigDict(env_prefix="RECOMMENDATION_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(SERVICES["recommendation"].port, ge=1, le=65535)

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url_or("recommendation")
