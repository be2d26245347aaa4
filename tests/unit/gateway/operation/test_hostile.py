"""Documents that are made to cost: refused, or prepared, with little work whatever their shape.

Work is counted, not timed: a million calls are about 0.1 s on an idle core. `python -m tests.bench.hostile` says what they take.
"""

import pytest

from gateway.supergraph.reader import read_supergraph
from tests.laboratory.hostile import DOCUMENTS, preparer_for, refusal_of_preparing
from tests.support.gateway import shop_supergraph
from tests.support.work import calls_of

SUPERGRAPH = read_supergraph(shop_supergraph())
MAX_CALLS = 1_000_000
"""The most costly of them, 700 times the same field, takes 600,000."""


@pytest.mark.parametrize(("text", "code"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_made_to_cost_costs_little(text: str, code: str | None) -> None:
    preparer = preparer_for(SUPERGRAPH)
    assert calls_of(lambda: refusal_of_preparing(preparer, text)) < MAX_CALLS
    assert refusal_of_preparing(preparer, text) == code
    # Once known, it is looked up; what is too long is refused at a glance instead.
    assert calls_of(lambda: refusal_of_preparing(preparer, text)) < 20


def test_work_without_limits_would_be_noticed() -> None:
    """That the bound can be passed: three times the document, with the limit on tokens out of the way, is too much."""
    text = "{ account(id: 1) { " + "friends { id } " * 2_100 + "} }"
    preparer = preparer_for(SUPERGRAPH, max_tokens=100_000)
    assert calls_of(lambda: refusal_of_preparing(preparer, text)) > MAX_CALLS
