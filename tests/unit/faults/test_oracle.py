"""The oracle of `task faults` finds what it is there to find: each test spoils books that agree."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from subgraphs.catalog.tables import ReservationRow, ReservedLineRow
from subgraphs.order.tables import IdempotencyKey, Order, OrderChange
from subgraphs.payment.tables import Payment
from tests.faults.journal import Journal, Outcome, Write, p99
from tests.faults.oracle import Books, Pieces, Verdict, judge

AT = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE = {"cup": Pieces(free=10, held=0, sold=0)}
STATUSES = ("PENDING", "AWAITING_PAYMENT", "PAID")


def agreeing_books() -> Books:
    """One order of two cups, paid."""
    order = Order(id="o", number="N", buyer_id="b", status="PAID", subtotal_amount=900, shipping_amount=100, version=3)
    steps = zip((None, *STATUSES), STATUSES, strict=False)
    changes = [OrderChange(order_id="o", version=n, before=a, after=b) for n, (a, b) in enumerate(steps, start=1)]
    payment = Payment(id="p", order_id="o", amount=1000, captured_amount=1000, refunded_amount=0, status="CAPTURED")
    return Books(
        orders={"o": order},
        keys={"k": IdempotencyKey(buyer_id="b", key="k", order_id="o")},
        changes=changes,
        payments=[payment],
        refunds=[],
        reservations={"o": ReservationRow(order_id="o", status="COMMITTED", expires_at=AT)},
        lines=[ReservedLineRow(order_id="o", product_id="cup", quantity=2)],
        pieces={"cup": Pieces(free=11, held=0, sold=2)},
        logged={("o", 1), ("o", 2), ("o", 3)},
        told=Counter({"o": 2}),
        behaviours={"e"},
        intents=[{"reference": "p", "captured": 1000, "refunded": 0}],
        bank_refunds=[],
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """What the clients were told: the order, its payment, three more cups, one event."""
    kept = Journal(tmp_path / "journal.jsonl")
    total = {"total": {"amount": 1000}}
    kept.writes += [
        Write("PlaceOrder", "k", {"expectedTotal": 1000}, Outcome.ACKNOWLEDGED, {"order": {"id": "o", **total}}),
        Write(
            "StartPayment", "s", {"orderId": "o"}, Outcome.ACKNOWLEDGED, {"payment": {"id": "p", "status": "CAPTURED"}}
        ),
        Write("SaveProduct", "r", {"productId": "cup", "delta": 3}, Outcome.ACKNOWLEDGED),
        Write("TrackEvents", "t", {"loggedAs": "e"}, Outcome.ACKNOWLEDGED),
    ]
    kept.close()
    return kept


def judged(books: Books, journal: Journal) -> Verdict:
    return judge(books, journal, before=BEFORE, may_lose_behaviour=False)


def test_books_that_agree_with_the_journal_are_clean(journal: Journal) -> None:
    verdict = judged(agreeing_books(), journal)
    assert verdict.is_clean, verdict


def lose_order(books: Books) -> None:
    books.orders.clear()


def lose_capture(books: Books) -> None:
    books.payments[0].captured_amount = 0


def lose_log_entry(books: Books) -> None:
    books.logged.discard(("o", 2))


def lose_notice(books: Books) -> None:
    books.told["o"] = 1


def lose_behaviour(books: Books) -> None:
    books.behaviours.clear()


def lose_restock(books: Books) -> None:
    books.pieces["cup"] = Pieces(free=8, held=0, sold=2)


def double_order(books: Books) -> None:
    books.keys.clear()


def double_capture(books: Books) -> None:
    books.payments.append(Payment(id="q", order_id="o", captured_amount=1000, refunded_amount=1000, status="REFUNDED"))


def double_notice(books: Books) -> None:
    books.told["o"] = 3


def double_refund(books: Books) -> None:
    books.bank_refunds += [{"reference": "f"}, {"reference": "f"}]


def keep_money(books: Books) -> None:
    books.intents[0]["captured"] = 1200


def oversell(books: Books) -> None:
    books.pieces["cup"] = Pieces(free=12, held=0, sold=1)


def keep_stock(books: Books) -> None:
    books.reservations["o"].status = "RELEASED"


def jump(books: Books) -> None:
    del books.changes[1]


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lose_order, "lost"),
        (lose_capture, "lost"),
        (lose_log_entry, "lost"),
        (lose_notice, "lost"),
        (lose_behaviour, "lost"),
        (lose_restock, "lost"),
        (double_order, "twice"),
        (double_capture, "twice"),
        (double_notice, "twice"),
        (double_refund, "twice"),
        (keep_money, "money"),
        (oversell, "money"),
        (keep_stock, "stuck"),
        (jump, "wrong"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_what_is_wrong_is_found_under_its_kind(spoil: Callable[[Books], None], kind: str, journal: Journal) -> None:
    books = agreeing_books()
    spoil(books)
    verdict = judged(books, journal)
    assert getattr(verdict, kind), verdict
    assert not verdict.is_clean


def test_the_99th_percentile_is_by_nearest_rank() -> None:
    assert p99([]) is None
    assert p99(range(1, 101)) == 99
    assert p99([5.0]) == 5.0
