"""What the workers are told. Built once, in `__main__`, and passed down; nobody else reads the environment."""

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from subgraphs.kit.runtime.settings import SharedSettings


class WorkerSettings(BaseSettings):
    """Where the demo market and the model lie, and how much a training run may take.

    Attributes:
        data_dir: under it `market/` and `model/`, unless a command names others.
        training_timeout_seconds: after it a training process is ended.
        training_seed: of the model; the same log and seed give the same model.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="WORKERS_", populate_by_name=True)

    data_dir: Path = Field(Path(".data"), validation_alias="YARMARKA_DATA_DIR")
    training_timeout_seconds: float = Field(600.0, gt=0.0)
    training_seed: int = Field(7, ge=0)

    @property
    def market_dir(self) -> Path:
        """Where the demo market's JSON Lines lie."""
        return self.data_dir / "market"

    @property
    def model_dir(self) -> Path:
        """Where a trained model is written."""
        return self.data_dir / "model"


class RunSettings(SharedSettings):
    """What the worker process is told; its own variables begin with WORKER_, the databases have their services' names.

    Attributes:
        port: of /health, /ready and /metrics.
        threads: how many messages are at work at once.
        stop_seconds: how long messages at work may take to end when the process is told to stop.
        inbox_days: how long it is known that an event was taken in. One that comes again after that, as from a job that lay dead for
            so long, would count twice.
        behaviour_days: how long the log of what viewers did is kept.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="WORKER_", populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(4009, ge=1, le=65535)
    threads: int = Field(8, ge=1, le=64)
    stop_seconds: float = Field(10.0, gt=0.0)
    inbox_days: int = Field(90, ge=1)
    behaviour_days: int = Field(365, ge=1)

    order_database_url: str = Field("", validation_alias="ORDER_DATABASE_URL")
    order_analytics_database_url: str = Field("", validation_alias="ORDER_ANALYTICS_DATABASE_URL")
    payment_database_url: str = Field("", validation_alias="PAYMENT_DATABASE_URL")
    recommendation_database_url: str = Field("", validation_alias="RECOMMENDATION_DATABASE_URL")
    notification_database_url: str = Field("", validation_alias="NOTIFICATION_DATABASE_URL")
    smtp_url: str = Field("smtp://127.0.0.1:4025", validation_alias="NOTIFICATION_SMTP_URL")
    sender: str = Field("Yarmarka <hello@yarmarka.test>", validation_alias="NOTIFICATION_SENDER")
    web_url: str = Field("http://localhost:3000", validation_alias="NOTIFICATION_WEB_URL")

    @property
    def order_database(self) -> str:
        """The URL of the order database."""
        return self.order_database_url or self._file("order")

    @property
    def order_analytics_database(self) -> str:
        """The URL of the order analytics database."""
        return self.order_analytics_database_url or self._file("order-analytics")

    @property
    def payment_database(self) -> str:
        """The URL of the payment database."""
        return self.payment_database_url or self._file("payment")

    @property
    def recommendation_database(self) -> str:
        """The URL of the recommendation database."""
        return self.recommendation_database_url or self._file("recommendation")

    @property
    def notification_database(self) -> str:
        """The URL of the notification database."""
        return self.notification_database_url or self._file("notification")

    def shared(self) -> dict[str, Any]:
        """What every deployable is told, by field name, to build a domain's own settings from."""
        return {name: getattr(self, name) for name in SharedSettings.model_fields}

    def _file(self, name: str) -> str:
        return f"sqlite+aiosqlite:///{self.data_dir / name}.db"
