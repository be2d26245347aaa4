"""What the notification service is told; variables begin with NOTIFICATION_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.settings import ServiceSettings

MIGRATIONS = Path(__file__).parent / "migrations"


class NotificationSettings(ServiceSettings):
    """The notification service's settings.

    Args:
        smtp_url: ``smtp://[user:password@]host[:port]``, or ``smtps://`` for TLS from the first byte.
        sender: the From address of e-mails.
        web_url: of the market's web client; messages link to its pages.
    """

    model_config = SettingsConfigDict(env_prefix="NOTIFICATION_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(SERVICES["notification"].port, ge=1, le=65535)
    smtp_url: str = "smtp://127.0.0.1:4025"
    sender: str = "Yarmarka <hello@yarmarka.test>"
    web_url: str = "http://localhost:3000"

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url_or("notification")
