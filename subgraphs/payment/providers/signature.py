"""Signatures of webhooks, as the bank and Stripe make them: `t=<unix seconds>,v1=<hex>`, an HMAC-SHA256 of "t.body".

Several `v1` may stand there while the provider changes its secret; one good one is enough.

Source: https://docs.stripe.com/webhooks#verify-manually
"""

import hashlib
import hmac
from datetime import datetime

from subgraphs.payment.errors import InvalidSignature

TOLERANCE_SECONDS = 300


def verify(header: str, body: bytes, *, secret: bytes, now: datetime) -> None:
    """Return when the header signs exactly these bytes, not longer than 300 seconds ago or ahead.

    Raises:
        InvalidSignature: otherwise.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not signatures or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise InvalidSignature("the signature header is not of the form t=..,v1=..")
    expected = hmac.new(secret, times[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    # Every signature is compared, in constant time: how long it takes tells nothing.
    matches = [hmac.compare_digest(expected, signature.encode()) for signature in signatures]
    if not any(matches):
        raise InvalidSignature("the signature is not ours")
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        raise InvalidSignature("the signature is too old")
