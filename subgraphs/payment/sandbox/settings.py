"""What the bank is told by its environment."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class BankSettings(BaseSettings):
    """The bank's settings, by variables that begin with `BANK_`.

    Args:
        api_key: what a merchant's calls must bear.
        webhook_url: where events are sent; when empty they are kept and sent once an address is there.
        webhook_secret: signs the events.
        data: the SQLite file that the bank remembers in; `<data_dir>/bank.db` when absent.
        public_url: the bank's address as a payer's browser sees it; the local one when empty.
        slow_seconds: how long `card_slow` stays in processing.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="BANK_", populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(4010, ge=1, le=65535)
    api_key: SecretStr = Field(min_length=8)
    webhook_url: str = ""
    webhook_secret: SecretStr = Field(
        min_length=8, validation_alias=AliasChoices("BANK_WEBHOOK_SECRET", "PAYMENT_WEBHOOK_SECRET")
    )
    data: Path | None = None
    data_dir: Path = Field(Path(".data"), validation_alias="YARMARKA_DATA_DIR")
    public_url: str = ""
    slow_seconds: float = Field(1.5, gt=0)
    log_format: Literal["json", "console"] = Field("console", validation_alias="YARMARKA_LOG_FORMAT")

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return self.data or self.data_dir / "bank.db"

    @property
    def origin(self) -> str:
        """The address that redirects of payers begin with, without a slash at its end."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")
