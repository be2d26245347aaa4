"""What the payment service is told; variables begin with PAYMENT_."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from subgraphs import SERVICES
from subgraphs.kit.runtime.settings import PublishedServiceSettings

MIGRATIONS = Path(__file__).parent / "migrations"
_DEFAULT_URLS = {"bank": "http://127.0.0.1:4010", "stripe": "https://api.stripe.com"}


class PaymentSettings(PublishedServiceSettings):
    """The payment service's settings.

    Args:
        provider: who moves the money.
        provider_key: what our calls to the provider bear.
        webhook_secret: what the provider signs its events with.
        reconciles: Whether this replica asks the provider of undecided payments and compares the lists; one of several is enough.
        lease_seconds: how long a request may be at work before another one with its key takes it up.
    """

    model_config = SettingsConfigDict(env_prefix="PAYMENT_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(SERVICES["payment"].port, ge=1, le=65535)
    provider: Literal["bank", "stripe"] = "bank"
    provider_url: str = ""
    provider_key: SecretStr = Field(min_length=8, validation_alias=AliasChoices("PAYMENT_PROVIDER_KEY", "BANK_API_KEY"))
    provider_timeout_seconds: float = Field(6.0, gt=0)
    webhook_secret: SecretStr = Field(min_length=8)
    reconciles: bool = True
    lease_seconds: float = Field(30.0, gt=0)

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url_or("payment")

    @property
    def provider_address(self) -> str:
        """The provider's address, without a slash at its end."""
        return (self.provider_url or _DEFAULT_URLS[self.provider]).rstrip("/")
