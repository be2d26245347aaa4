"""What the user service is told; variables begin with USER_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.settings import ServiceSettings

MIGRATIONS = Path(__file__).parent / "migrations"


class UserSettings(ServiceSettings):
    """The user service's settings.

    Attributes:
        verification_ttl_hours: for which the link of a message that verifies an address is good; no less than the longest wait for the
            next message.
        sign_in_attempts: at one account from one client address in a window.
        sign_in_attempts_per_account: at one account from all addresses that are new to it.
    """

    model_config = SettingsConfigDict(env_prefix="USER_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(SERVICES["user"].port, ge=1, le=65535)
    issuer: str = "https://yarmarka.test"
    token_keys_file: Path | None = None
    access_ttl_seconds: int = Field(900, ge=60, le=3600)
    refresh_ttl_days: int = Field(30, ge=1, le=365)
    verification_ttl_hours: int = Field(72, ge=24, le=720)
    sign_in_attempts: int = Field(10, ge=1)
    sign_in_attempts_per_account: int = Field(100, ge=1)
    sign_in_window_seconds: int = Field(300, ge=1)

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url_or("user")

    @property
    def token_keys(self) -> Path:
        """The file of the keys that sign the clients' tokens."""
        return self.token_keys_file or self.data_dir / "keys" / "user-tokens.json"
