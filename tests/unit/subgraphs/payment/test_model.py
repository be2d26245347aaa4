"""The rules of payments."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.payment.model import (
    ALLOWED,
    STANDING,
    TOOK_MONEY,
    UNDECIDED,
    ClosingTerms,
    OrderPaymentState,
    PaymentStatus,
    Step,
    amount_due,
    may_withdraw,
    order_payment_state,
    payment_request,
    step,
)

S = PaymentStatus
statuses = st.sampled_from(PaymentStatus)


@dataclass(frozen=True)
class Sums:
    status: str
    captured_amount: int = 0
    refunded_amount: int = 0


def test_every_status_has_its_row_in_the_table() -> None:
    assert set(ALLOWED) == set(PaymentStatus)


def test_money_that_was_taken_is_never_forgotten() -> None:
    for status in TOOK_MONEY:
        assert ALLOWED[status] <= TOOK_MONEY


def test_failed_cancelled_and_refunded_are_final() -> None:
    assert {status for status in PaymentStatus if not ALLOWED[status]} == {S.FAILED, S.CANCELLED, S.REFUNDED}


def test_what_may_yet_take_money_stands() -> None:
    for status in PaymentStatus:
        may_take = S.CAPTURED in ALLOWED[status] or status in TOOK_MONEY
        assert (status in STANDING) == (may_take or status in UNDECIDED)


@given(statuses)
def test_the_same_status_told_again_changes_nothing(status: PaymentStatus) -> None:
    assert step(status, status) is Step.NONE


@pytest.mark.parametrize(
    ("current", "told", "expected"),
    [
        (S.CREATED, S.CAPTURED, Step.FORWARD),
        (S.REQUIRES_ACTION, S.FAILED, Step.FORWARD),
        (S.CAPTURED, S.PROCESSING, Step.OLD_NEWS),
        (S.REFUNDED, S.CAPTURED, Step.OLD_NEWS),
        (S.FAILED, S.REQUIRES_ACTION, Step.OLD_NEWS),
        (S.FAILED, S.CAPTURED, Step.CONTRADICTION),
        (S.CANCELLED, S.CAPTURED, Step.CONTRADICTION),
        (S.CAPTURED, S.FAILED, Step.CONTRADICTION),
    ],
)
def test_a_told_status_is_compared_with_the_one_at_hand(
    current: PaymentStatus, told: PaymentStatus, expected: Step
) -> None:
    assert step(current, told) is expected


@given(st.permutations([S.REQUIRES_ACTION, S.PROCESSING, S.CAPTURED]))
def test_news_in_any_order_come_to_the_last_status(news: list[PaymentStatus]) -> None:
    status = S.CREATED
    for told in news:
        if step(status, told) is Step.FORWARD:
            status = told
    assert status is S.CAPTURED


@given(
    total=st.integers(0, 10**9),
    captured=st.integers(0, 10**9),
    refunded=st.integers(0, 10**9),
    is_payable=st.booleans(),
)
def test_what_is_due_is_never_negative_and_no_refund_is_due_again(
    total: int, captured: int, refunded: int, is_payable: bool
) -> None:
    payments = [Sums("CAPTURED", captured, min(captured, refunded)), Sums("FAILED")]
    due = amount_due(total, payments, is_payable=is_payable)
    assert due == (max(0, total - captured) if is_payable else 0)


@pytest.mark.parametrize("status", [status for status in PaymentStatus if status in UNDECIDED])
@pytest.mark.parametrize("terms", ClosingTerms)
def test_an_order_gives_way_to_a_payment_by_its_terms(status: PaymentStatus, terms: ClosingTerms) -> None:
    withdrawn = {
        ClosingTerms.IF_IDLE: {S.CREATED},
        ClosingTerms.IF_UNCONFIRMED: {S.CREATED, S.REQUIRES_ACTION},
        ClosingTerms.ALWAYS: UNDECIDED,
    }
    assert may_withdraw(status, terms, age=timedelta(minutes=1)) == (status in withdrawn[terms])


@pytest.mark.parametrize(
    ("of", "state"),
    [
        ([], OrderPaymentState.UNPAID),
        (["FAILED", "CANCELLED"], OrderPaymentState.UNPAID),
        (["FAILED", "CREATED"], OrderPaymentState.PENDING),
        (["PROCESSING"], OrderPaymentState.PENDING),
        (["CANCELLED", "CAPTURED"], OrderPaymentState.PAID),
        (["PARTIALLY_REFUNDED"], OrderPaymentState.PARTIALLY_REFUNDED),
        (["FAILED", "REFUNDED"], OrderPaymentState.REFUNDED),
    ],
)
def test_an_order_is_what_its_payments_come_to(of: list[str], state: OrderPaymentState) -> None:
    assert order_payment_state([Sums(status) for status in of]) is state


@pytest.mark.parametrize("url", ["https://shop.example/back?order=1", "http://127.0.0.1:3000/"])
def test_a_web_address_to_return_to_is_taken(url: str) -> None:
    request = payment_request(idempotency_key="k", order_id=uuid7(), method="card_ok", return_url=url)
    assert request.return_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.example",
        "//a.example",
        "https://[",
        "https://a b",
        "https://a.example/\n",
        "data:text/html,x",
        "https://a@b.example",
        "https://a.example/" + "x" * 2_000,
    ],
)
def test_another_address_to_return_to_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        payment_request(idempotency_key="k", order_id=uuid7(), method="card_ok", return_url=url)
    assert refusal.value.path == ("input", "returnUrl")
