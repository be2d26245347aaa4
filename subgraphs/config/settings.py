"""What the config service is told; variables begin with CONFIG_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.settings import ServiceSettings

MIGRATIONS = Path(__file__).parent / "migrations"


class ConfigSettings(ServiceSettings):
    """The config service's settings."""

    model_config = SettingsConfigDict(env_prefix="CONFIG_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(SERVICES["config"].port, ge=1, le=65535)

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url_or("config")
