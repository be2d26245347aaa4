"""The settings that every deployable shares. Each has one frozen model, built in its `__main__` and passed down."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.keys import KeyRing

Environment = Literal["development", "production"]


class SharedSettings(BaseSettings):
    """What all processes of the market are told. A deployable subclasses it with an `env_prefix` of its own."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    environment: Environment = Field("development", validation_alias="YARMARKA_ENVIRONMENT")
    data_dir: Path = Field(Path(".data"), validation_alias="YARMARKA_DATA_DIR")
    redis_url: str = Field("redis://127.0.0.1:4379/0", validation_alias="YARMARKA_REDIS_URL")
    service_keys: SecretStr = Field(validation_alias="YARMARKA_SERVICE_KEYS")
    cursor_keys: SecretStr = Field(validation_alias="YARMARKA_CURSOR_KEYS")
    log_format: Literal["json", "console"] = Field("console", validation_alias="YARMARKA_LOG_FORMAT")
    trusted_proxies: int = Field(0, ge=0, validation_alias="YARMARKA_TRUSTED_PROXIES")
    metrics_token: SecretStr = Field(SecretStr(""), validation_alias="YARMARKA_METRICS_TOKEN")

    user_url: str = Field(SERVICES["user"].url, validation_alias="YARMARKA_USER_URL")
    catalog_url: str = Field(SERVICES["catalog"].url, validation_alias="YARMARKA_CATALOG_URL")
    feed_url: str = Field(SERVICES["feed"].url, validation_alias="YARMARKA_FEED_URL")
    recommendation_url: str = Field(SERVICES["recommendation"].url, validation_alias="YARMARKA_RECOMMENDATION_URL")
    order_url: str = Field(SERVICES["order"].url, validation_alias="YARMARKA_ORDER_URL")
    payment_url: str = Field(SERVICES["payment"].url, validation_alias="YARMARKA_PAYMENT_URL")
    notification_url: str = Field(SERVICES["notification"].url, validation_alias="YARMARKA_NOTIFICATION_URL")
    config_url: str = Field(SERVICES["config"].url, validation_alias="YARMARKA_CONFIG_URL")

    @field_validator("service_keys", "cursor_keys")
    @classmethod
    def _is_a_key_ring(cls, value: SecretStr) -> SecretStr:
        KeyRing.parse(value.get_secret_value())
        return value

    @property
    def service_key_ring(self) -> KeyRing:
        """The keys of the tokens between services."""
        return KeyRing.parse(self.service_keys.get_secret_value())

    @property
    def cursor_key_ring(self) -> KeyRing:
        """The keys of cursors and tracking tokens."""
        return KeyRing.parse(self.cursor_keys.get_secret_value())


class ServiceSettings(SharedSettings):
    """What a subgraph is told besides. A subclass gives the prefix, the port's default, and what is its own."""

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    max_body_bytes: int = 4_000_000
    database_url: str = ""

    def database_url_or(self, name: str) -> str:
        """The configured database, or else the SQLite file `<data_dir>/<name>.db`."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / name}.db"


class PublishedServiceSettings(ServiceSettings):
    """What a subgraph is told whose port strangers reach, for a webhook or for pictures.

    Attributes:
        metrics_port: Where /metrics is served instead of on `port`; None leaves it there, behind the token.
        metrics_host: The address of that port.
    """

    metrics_port: int | None = Field(None, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"

    @property
    def metrics_token_here(self) -> str | None:
        """The token that /metrics requires on `port`; None if it is not there."""
        return self.metrics_token.get_secret_value() if self.metrics_port is None else None
