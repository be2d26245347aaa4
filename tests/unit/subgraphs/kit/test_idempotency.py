"""What the idempotency keys of all services have in common."""

import pytest

from subgraphs.kit.runtime.idempotency import fingerprint, require_same
from subgraphs.kit.runtime.refusals import IdempotencyConflict


def test_a_stored_fingerprint_is_that_of_every_version() -> None:
    assert fingerprint("order", "card_ok", None) == "929625fc388e9f00b62d407f240be260a2186b4f8c1a21c24ba10afac88c804e"
    assert (
        fingerprint([("a", 2)], "home", 10, "EUR") == "70fd776bdcbedd163e336e2dc0ca93f71e58db21ff63223dac49986be7abede3"
    )


def test_the_key_of_another_request_is_refused() -> None:
    require_same(fingerprint("a", 1), fingerprint("a", 1))
    with pytest.raises(IdempotencyConflict):
        require_same(fingerprint("a", 1), fingerprint("a", 2))
