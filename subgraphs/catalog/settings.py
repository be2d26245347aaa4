"""What the catalog is told; variables begin with CATALOG_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.settings import PublishedServiceSettings

MIGRATIONS = Path(__file__).parent / "migrations"


class CatalogSettings(PublishedServiceSettings):
    """The catalog's settings.

    Args:
        public_url: where clients reach the pictures; the service's own loopback address when empty.
    """

    model_config = SettingsConfigDict(env_prefix="CATALOG_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(SERVICES["catalog"].port, ge=1, le=65535)
    public_url: str = ""

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url_or("catalog")

    @property
    def picture_base(self) -> str:
        """The address in front of a picture's path."""
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.port}"
