"""The rules of an order: transitions, actions, lines, numbers, prices."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit.messaging.schemas import schema_text
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.order.errors import ForbiddenStep
from subgraphs.order.events import schemas
from subgraphs.order.model import (
    CALLED_OFF,
    MAX_QUANTITY,
    TRANSITIONS,
    OrderAction,
    OrderStatus,
    Party,
    allowed_actions,
    check_key,
    check_lines,
    fingerprint,
    folded,
    is_step,
    number_of,
)
from subgraphs.order.quote import Line, PricedLine, Quote, shipping_of

S, A = OrderStatus, OrderAction
SCHEMAS = Path(__file__).parents[4] / "schema" / "events"


def test_every_status_is_reached_and_only_refunded_is_the_end() -> None:
    assert set(TRANSITIONS) == set(S)
    assert set.union(*map(set, TRANSITIONS.values())) == set(S) - {S.PENDING}
    assert [status for status, after in TRANSITIONS.items() if not after] == [S.REFUNDED]


@given(st.lists(st.sampled_from(S)))
def test_whatever_is_wanted_the_history_stays_in_the_table_and_folds_to_the_status(wanted: list[OrderStatus]) -> None:
    status = S.PENDING
    steps: list[tuple[OrderStatus | None, OrderStatus]] = [(None, S.PENDING)]
    for each in wanted:
        if each is not status and each not in TRANSITIONS[status]:
            with pytest.raises(ForbiddenStep) as refused:
                is_step(status, each)
            assert refused.value.current == status.value
        elif is_step(status, each):
            steps.append((status, each))
            status = each
    assert folded(steps) is status
    assert all(later[0] is earlier[1] for earlier, later in pairwise(steps))


def test_a_history_with_a_gap_or_a_forbidden_step_does_not_fold() -> None:
    assert folded([]) is None
    with pytest.raises(ForbiddenStep):
        folded([(None, S.PENDING), (S.AWAITING_PAYMENT, S.PAID)])
    with pytest.raises(ForbiddenStep):
        folded([(None, S.PENDING), (S.PENDING, S.PAID)])


@pytest.mark.parametrize(
    ("status", "buyer", "seller"),
    [
        (S.PENDING, [A.CANCEL], []),
        (S.AWAITING_PAYMENT, [A.PAY, A.CANCEL], []),
        (S.PAID, [A.CANCEL, A.REQUEST_REFUND], [A.SHIP]),
        (S.FULFILLING, [A.REQUEST_REFUND], [A.SHIP]),
        (S.SHIPPED, [A.CONFIRM_DELIVERY, A.REQUEST_REFUND], []),
        (S.DELIVERED, [A.REQUEST_REFUND], []),
        (S.CANCELLED, [], []),
        (S.EXPIRED, [], []),
        (S.REFUNDED, [], []),
    ],
)
def test_each_party_has_the_actions_that_the_table_opens(
    status: OrderStatus, buyer: list[OrderAction], seller: list[OrderAction]
) -> None:
    assert allowed_actions(status, [Party.BUYER]) == buyer
    assert allowed_actions(status, [Party.SELLER]) == seller
    assert set(allowed_actions(status, Party)) == {*buyer, *seller}
    assert allowed_actions(status, []) == []


def test_a_called_off_order_cannot_be_cancelled_and_says_so() -> None:
    for status in CALLED_OFF - {S.CANCELLED}:
        with pytest.raises(ForbiddenStep) as refused:
            is_step(status, S.CANCELLED, [Party.BUYER])
        assert refused.value.allowed == []
    assert is_step(S.CANCELLED, S.CANCELLED) is False


def test_lines_of_one_product_become_one_and_keep_their_place() -> None:
    assert check_lines([Line("b", 1), Line("a", 2), Line("b", 3)]) == (Line("b", 4), Line("a", 2))


@pytest.mark.parametrize("quantity", [0, -1, MAX_QUANTITY + 1])
def test_a_quantity_out_of_bounds_is_refused(quantity: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_lines([Line("a", 1), Line("b", quantity)])
    assert refused.value.path == ("input", "lines", "1", "quantity")
    with pytest.raises(InvalidInput):
        check_lines([Line("a", MAX_QUANTITY), Line("a", 1)])


@pytest.mark.parametrize("key", ["", "  ", "k" * 129])
def test_a_key_that_is_empty_or_too_long_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput):
        check_key(key)


def test_a_request_is_the_same_whatever_the_order_of_its_lines_and_another_with_any_other_value() -> None:
    lines = [Line("a", 1), Line("b", 2)]
    first = fingerprint(lines, "home", expected_total=10, currency="EUR")
    assert fingerprint(lines[::-1], "home", expected_total=10, currency="EUR") == first
    others = {
        fingerprint([Line("a", 2), Line("b", 1)], "home", expected_total=10, currency="EUR"),
        fingerprint(lines, "work", expected_total=10, currency="EUR"),
        fingerprint(lines, "home", expected_total=11, currency="EUR"),
        fingerprint(lines, "home", expected_total=10, currency="GBP"),
    }
    assert len(others - {first}) == 4


def test_numbers_are_readable_and_differ() -> None:
    numbers = {number_of(uuid7()) for _ in range(5_000)}
    assert len(numbers) == 5_000
    assert all(re.fullmatch(r"YM-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", number) for number in numbers)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 999)), min_size=1, max_size=50))
def test_a_quote_adds_up(lines: list[tuple[int, int]]) -> None:
    quote = Quote(
        tuple(
            PricedLine(product_id=str(n), seller_id="s", title="t", quantity=quantity, unit_price=price)
            for n, (price, quantity) in enumerate(lines)
        ),
        "EUR",
    )
    assert quote.subtotal == sum(price * quantity for price, quantity in lines)
    assert quote.total - quote.subtotal == quote.shipping == shipping_of(quote.subtotal, "EUR")


def test_shipping_is_free_from_the_threshold_on() -> None:
    assert [shipping_of(subtotal, "EUR") for subtotal in (0, 4_999, 5_000)] == [490, 490, 0]


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_committed_schema_of_an_event_is_what_the_code_says(name: str) -> None:
    assert (SCHEMAS / f"{name}.json").read_bytes() == schema_text(schemas()[name])
