"""What the order service is told; variables begin with ORDER_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.settings import ServiceSettings

MIGRATIONS = Path(__file__).parent / "migrations"
ANALYTICS_MIGRATIONS = Path(__file__).parent / "analytics" / "migrations"


class OrderSettings(ServiceSettings):
    """The order service's settings.

    Args:
        hold_seconds: how long stock is held for an order that is not paid; after it the order expires.
        lease_seconds: how long a request may be at work before another one with its key takes it up.
    """

    model_config = SettingsConfigDict(env_prefix="ORDER_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(SERVICES["order"].port, ge=1, le=65535)
    analytics_database_url: str = ""
    hold_seconds: int = Field(900, ge=1, le=86_400)
    lease_seconds: float = Field(15.0, gt=0)

    @property
    def database(self) -> str:
        """The URL of the order database."""
        return self.database_url_or("order")

    @property
    def analytics_database(self) -> str:
        """The URL of the analytics database."""
        return self.analytics_database_url or f"sqlite+aiosqlite:///{self.data_dir / 'order-analytics'}.db"
