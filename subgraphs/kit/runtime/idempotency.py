"""What the idempotency keys of all services have in common: their length, the digest of a request, and the refusal of another one.

The rows stay each service's own. Order has one operation, and an outcome with the lines that were short. Payment has several operations and
actors, and an outcome that points to a payment or refund. A lease that was given back ends at that moment in order, whose `finishing` goes
through the keys by lease; in payment it is absent. The bank sandbox keeps whole answers, and no lease: it is not ours, and has one writer.
"""

import hashlib

import orjson

from subgraphs.kit.runtime.refusals import IdempotencyConflict

MAX_KEY_CHARACTERS = 128


def fingerprint(*parts: object) -> str:
    """Return the digest of a request's values, 64 hex digits. It is stored: the same values have the same digest in every version."""
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def require_same(known: str, sent: str) -> None:
    """Refuse a request whose key was used for another one.

    Args:
        known: Fingerprint of the request that the key was used for.
        sent: Fingerprint of this request.

    Raises:
        IdempotencyConflict: when they differ.
    """
    if known != sent:
        raise IdempotencyConflict()
