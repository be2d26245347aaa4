"""The bank's rules, against any sequence of what may be asked of it."""

from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from subgraphs.payment.sandbox import rules as ledger
from subgraphs.payment.sandbox.cards import CARDS, Outcome
from subgraphs.payment.sandbox.rules import CaptureMode, Intent, IntentStatus, NotAllowed

NOW = datetime(2026, 5, 1, tzinfo=UTC)
FINAL = {IntentStatus.FAILED, IntentStatus.CANCELLED}
answering = st.sampled_from([card for card in CARDS.values() if card.outcome is not Outcome.NO_ANSWER])
amounts = st.integers(-5, 150)

steps = st.one_of(
    st.builds(lambda card: lambda i: ledger.confirmed(i, card, return_url=None, now=NOW, slow_seconds=1), answering),
    st.just(ledger.approved_by_payer),
    st.just(ledger.rejected_by_payer),
    st.just(ledger.settled),
    st.just(ledger.cancelled),
    st.builds(lambda amount: lambda i: ledger.captured(i, amount), st.none() | amounts),
    st.builds(lambda amount: lambda i: ledger.refunded(i, amount), amounts),
)


@given(st.sampled_from(CaptureMode), st.lists(steps, max_size=12))
def test_money_adds_up_whatever_is_asked_in_whatever_order(
    mode: CaptureMode, asked: list[Callable[[Intent], Intent]]
) -> None:
    intent = Intent("int_1", "r", 100, "EUR", mode, NOW)
    for ask in asked:
        before = intent
        try:
            intent = ask(intent)
        except NotAllowed:
            continue
        assert 0 <= intent.refunded <= intent.captured <= intent.amount
        assert (intent.captured > 0) == (intent.status is IntentStatus.CAPTURED)
        assert before.status not in FINAL or intent == before
        assert intent.captured >= before.captured
        assert (intent.action_token is not None) == (intent.status is IntentStatus.REQUIRES_ACTION)
        assert (intent.settles_at is not None) == (intent.status is IntentStatus.PROCESSING)
        assert (intent.failure is not None) == (intent.status is IntentStatus.FAILED)


def test_every_test_method_has_an_outcome_and_a_refused_one_its_reason() -> None:
    assert {card.outcome for card in CARDS.values()} == set(Outcome)
    assert all((card.failure is not None) == (card.outcome is Outcome.REFUSED) for card in CARDS.values())
