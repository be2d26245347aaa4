"""What the workers are told. Built once, in `__main__`, and passed down; nobody else reads the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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
