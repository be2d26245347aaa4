"""UUIDv7: ids that sort by the time they were made.

Source: RFC 9562, section 5.7.
"""

import secrets
import time
import uuid
from datetime import datetime


def uuid7(at: datetime | None = None) -> str:
    """A new UUIDv7 as lower-case text, 36 characters.

    Args:
        at: the instant that the id carries; now when absent.
    """
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def canonical_uuid(text: str) -> str | None:
    """Return a UUID of any version in lower case with hyphens; None for text that is none in that form, in any case."""
    try:
        canonical = str(uuid.UUID(text))
    except ValueError:
        return None
    return canonical if canonical == text.lower() else None


def is_uuid(text: str) -> bool:
    """Return whether the text is a UUID of any version in its canonical form, in lower or upper case."""
    return canonical_uuid(text) is not None
