"""One change of an API, and what it does to its clients."""

import enum
from dataclasses import dataclass


class Severity(enum.Enum):
    """What a change does to clients."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the API.

    Attributes:
        kind: a stable name in capitals, e.g. ``FIELD_REMOVED``.
        is_accepted: a file accepts it by its name.
    """

    kind: str
    severity: Severity
    message: str
    is_accepted: bool = False

    @property
    def name(self) -> str:
        """How a file of accepted changes names it."""
        return f"{self.kind}: {self.message}"
