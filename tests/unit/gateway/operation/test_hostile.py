"""Documents that are made to cost: refused, or prepared, in little processor time whatever their shape.

The bound is three times what they take on an idle core (20 to 50 ms), since processor time grows when cores are shared.
"""

import gc
import time
from collections.abc import Iterator

import pytest

from gateway.errors import ClientError
from gateway.operation.access import AccessRules
from gateway.operation.limits import Limits
from gateway.operation.prepare import Preparer
from gateway.supergraph.reader import read_supergraph
from tests.support.gateway import shop_supergraph

SUPERGRAPH = read_supergraph(shop_supergraph())
MAX_SECONDS = 0.15


def chained(count: int, body: str, end: str) -> str:
    """Fragments F0 to F<count>, each spreading the next where `body` says NEXT."""
    return (
        "".join(
            f"fragment F{i} on Account {{ {body.replace('NEXT', f'...F{i + 1}').replace('N', str(i))} }} "
            for i in range(count)
        )
        + f"fragment F{count} on Account {{ {end} }}"
    )


HOSTILE = {
    "a megabyte of tokens": ("{ " + "a " * 500_000 + "}", "MAX_LENGTH_EXCEEDED"),
    "a megabyte in one name": ("{ " + "a" * 1_000_000 + " }", "MAX_LENGTH_EXCEEDED"),
    "a megabyte of comments": ("#\n" * 500_000 + "{ goods { id } }", "MAX_LENGTH_EXCEEDED"),
    "many tokens": ("{ goods { " + "id " * 60_000 + "} }", "MAX_TOKENS_EXCEEDED"),
    "many comments": ("#\n" * 60_000 + "{ goods { id } }", "MAX_TOKENS_EXCEEDED"),
    "a deep selection": ("{ " + "a { " * 4_000, "MAX_DEPTH_EXCEEDED"),
    "a deep literal": ("{ any(value: " + "[" * 4_000, "MAX_DEPTH_EXCEEDED"),
    "a deep type": ("query ($v: " + "[" * 4_000, "MAX_DEPTH_EXCEEDED"),
    "doubling fragments": (
        "{ account(id: 1) { ...F0 } } " + chained(40, "NEXT NEXT", "id"),
        "MAX_SELECTIONS_EXCEEDED",
    ),
    "doubling fields": (
        "{ account(id: 1) { ...F0 } } " + chained(20, "friends { NEXT } x: friends { NEXT }", "id"),
        "MAX_SELECTIONS_EXCEEDED",
    ),
    "a long chain of fragments": ("{ account(id: 1) { ...F0 } } " + chained(300, "NEXT", "id"), "MAX_DEPTH_EXCEEDED"),
    "misspelt names": (
        "{ account(id: 1) { " + " ".join(f"nicknam{i}" for i in range(2_000)) + " } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "conflicting names": (
        "{ account(id: 1) { " + " ".join(f"x: nickname x: mail y{i}: id" for i in range(150)) + " } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "the same field over and over": ("{ account(id: 1) { " + "friends { id } " * 700 + "} }", None),
    "fragments nobody uses": (
        "{ goods { id } } " + "".join(f"fragment U{i} on Good {{ id }} " for i in range(500)),
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "variables nobody uses": (
        "query (" + " ".join(f"$v{i}: Int" for i in range(1_000)) + ") { goods { id } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "introspection without end": (
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
}


@pytest.fixture(autouse=True)
def _collector_is_off() -> Iterator[None]:
    """A full collection of the test session's objects would be counted as the document's."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_document_made_to_cost_costs_little(text: str, code: str | None) -> None:
    preparer = Preparer(
        SUPERGRAPH.api,
        AccessRules(SUPERGRAPH),
        Limits(),
        costs=None,
        allows_introspection=True,
        max_documents=10,
        max_document_bytes=100_000_000,
    )
    began = time.process_time()
    try:
        preparer.prepare(text, None)
        found = None
    except ClientError as refused:
        found = refused.code
    spent = time.process_time() - began
    assert found == code
    assert spent < MAX_SECONDS
    began = time.process_time()
    if code is not None:
        with pytest.raises(ClientError):
            preparer.prepare(text, None)
        assert time.process_time() - began < 0.01
