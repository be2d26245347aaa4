"""What of a subgraph's error a client gets: its text and its extensions may tell of the inside, stack traces above all.

An error is shown at each place that it cost, so its length is bounded whoever may read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from gateway.execution.encoding import encode_json

MASKED_MESSAGE: Final = "The subgraph reported an error."
MAX_CODE_LENGTH: Final = 100
MAX_LOGGED_LENGTH: Final = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorRules:
    """What passes of the errors of one subgraph.

    Attributes:
        passes_message: Whether clients read its text, up to `max_message_length` characters.
        passes_code: Whether ``extensions.code`` is its own, or else ``DOWNSTREAM_SERVICE_ERROR``.
        extensions: Names of further extensions that pass; None for all.
        max_extensions_bytes: Of their JSON together, code aside; those that do not fit are left out.
    """

    passes_message: bool = True
    passes_code: bool = True
    extensions: frozenset[str] | None = None
    max_message_length: int = 2_000
    max_extensions_bytes: int = 20_000

    @property
    def masks(self) -> bool:
        """Whether anything but a length keeps an error from clients."""
        return not self.passes_message or not self.passes_code or self.extensions is not None

    def message(self, service: str, error: Any) -> str:
        """Return the text that clients read of an entry of ``errors``, whatever the entry is."""
        message = error.get("message") if isinstance(error, dict) else None
        if not isinstance(message, str) or not message:
            return f"Subgraph {service!r} reported an error without a message."
        if not self.passes_message:
            return MASKED_MESSAGE
        if len(message) > self.max_message_length:
            return message[: self.max_message_length] + "…"
        return message

    def shown_extensions(self, service: str, error: Any) -> dict[str, Any]:
        """Return the ``extensions`` that clients read of an entry of ``errors``, whatever the entry is."""
        given = error.get("extensions") if isinstance(error, dict) else None
        given = given if isinstance(given, dict) else {}
        code = given.get("code")
        passes_code = self.passes_code and isinstance(code, str) and len(code) <= MAX_CODE_LENGTH
        return {
            "code": code if passes_code else "DOWNSTREAM_SERVICE_ERROR",
            "serviceName": service,
            **self._fitting({name: value for name, value in given.items() if self._passes(name)}),
        }

    def _passes(self, name: str) -> bool:
        return name not in ("code", "serviceName") and (self.extensions is None or name in self.extensions)

    def _fitting(self, extensions: Mapping[str, Any]) -> dict[str, Any]:
        left = self.max_extensions_bytes
        fitting: dict[str, Any] = {}
        for name, value in extensions.items():
            left -= len(encode_json({name: value}))
            if left < 0:
                break
            fitting[name] = value
        return fitting


EVERYTHING_PASSES: Final = ErrorRules()


def log_masked(service: str, error: Any) -> None:
    """Log an error of which clients do not read all, so that an operator can."""
    message = error.get("message") if isinstance(error, dict) else None
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    log.warning(
        "subgraph.error_masked",
        subgraph=service,
        message=message[:MAX_LOGGED_LENGTH] if isinstance(message, str) else None,
        code=code[:MAX_CODE_LENGTH] if isinstance(code, str) else None,
    )
