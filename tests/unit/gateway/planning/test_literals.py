"""Literals that clients write, held against the types of subgraphs."""

import sys

from gateway.planning.check.literals import fits
from gateway.supergraph.model import InputValue


def test_a_long_literal_is_not_remembered() -> None:
    text = "[" + " ".join(str(number) for number in range(1_000)) + "]"
    before = sys.getrefcount(text)
    assert fits({}, InputValue("Numbers", "", is_required=False), text)
    assert sys.getrefcount(text) == before
