"""What `task up` can be told, all by environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from subgraphs import SERVICES


class LocalSettings(BaseSettings):
    """The settings of the development machine; every port is a setting so that a taken one can be moved."""

    model_config = SettingsConfigDict(env_prefix="", frozen=True, extra="ignore", populate_by_name=True)

    data_dir: Path = Field(default=Path(".data"), validation_alias="YARMARKA_DATA_DIR")
    gateway_port: int = 4000
    user_port: int = SERVICES["user"].port
    catalog_port: int = SERVICES["catalog"].port
    feed_port: int = SERVICES["feed"].port
    recommendation_port: int = SERVICES["recommendation"].port
    order_port: int = SERVICES["order"].port
    payment_port: int = SERVICES["payment"].port
    notification_port: int = SERVICES["notification"].port
    config_port: int = SERVICES["config"].port
    worker_port: int = 4009
    bank_port: int = 4010
    mail_smtp_port: int = 4025
    mail_http_port: int = 4026
    redis_port: int = 4379
    c4_port: int = 5173
    with_c4: bool = Field(default=True, validation_alias="UP_C4")
    with_graphiql: bool = Field(default=True, validation_alias="UP_GRAPHIQL")
    ready_timeout_seconds: float = Field(default=120.0, validation_alias="UP_READY_TIMEOUT_SECONDS")

    def url(self, port: int) -> str:
        """The address of a process on this machine."""
        return f"http://127.0.0.1:{port}"
