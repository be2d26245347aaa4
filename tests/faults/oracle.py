"""The oracle: what the clients were told, against what the services' databases and the bank's ledger hold.

    lost         a write was acknowledged, and its effect is nowhere
    done twice   one intention, two effects: orders of a key, captures of an order, refunds of a reference, notifications of an event
    money        captures minus refunds at the bank, against what our payments say and what our paid orders hold
    stuck        work that nothing will finish: open jobs, dead jobs, undecided payments, orders nobody ended, stock held for nobody
    wrong        answers that contradict each other or the databases, and codes of a broken program

Everything is counted for orders of this run; the demo market's own are older.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from subgraphs.catalog.tables import ProductRow, ReservationRow, ReservedLineRow
from subgraphs.notification.model import notice_of_status
from subgraphs.notification.tables import DeliveryRow, NotificationRow
from subgraphs.order.analytics.tables import LoggedEvent
from subgraphs.order.errors import ForbiddenStep
from subgraphs.order.model import OrderStatus, folded
from subgraphs.order.tables import IdempotencyKey, Order, OrderChange
from subgraphs.order.tables import Outbox as OrderOutbox
from subgraphs.payment.tables import OrderAccount, Payment, Refund
from subgraphs.payment.tables import Outbox as PaymentOutbox
from subgraphs.recommendation.tables import BehaviourRow
from tests.faults.databases import Databases, in_thread
from tests.faults.journal import Journal, Outcome, Write

PAID = {"PAID", "FULFILLING", "SHIPPED", "DELIVERED"}
UNPAID = {"PENDING", "AWAITING_PAYMENT"}
UNDECIDED = {"CREATED", "REQUIRES_ACTION", "PROCESSING", "AUTHORIZED"}
AFTER = {
    "CancelOrder": {"CANCELLED", "REFUNDED"},
    "MarkShipped": {"FULFILLING", "SHIPPED", "DELIVERED", "REFUNDED"},
    "ConfirmDelivery": {"DELIVERED", "REFUNDED"},
}
"""The statuses that an order may have after an acknowledged change."""


@dataclass(slots=True)
class Verdict:
    """What the oracle found, a line for each."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    money: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    difference: int = 0
    orders: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        """True when nothing was found."""
        return not (self.found or self.difference)

    @property
    def found(self) -> int:
        """How much was found; less, perhaps, when work that is under way is done."""
        return sum(len(kind) for kind in (self.lost, self.twice, self.money, self.stuck, self.wrong))


@dataclass(frozen=True, slots=True)
class Pieces:
    """How many pieces of a product there are: free, held, sold."""

    free: int
    held: int
    sold: int


@dataclass(slots=True)
class Books:
    """Everything that the oracle reads, of one moment."""

    orders: dict[str, Order]
    keys: dict[str, IdempotencyKey]
    changes: list[OrderChange]
    payments: list[Payment]
    refunds: list[Refund]
    reservations: dict[str, ReservationRow]
    lines: list[ReservedLineRow]
    pieces: dict[str, Pieces]
    logged: set[tuple[str, int]]
    told: Counter[str]
    behaviours: set[str]
    intents: list[dict[str, Any]]
    bank_refunds: list[dict[str, Any]]


async def pieces(databases: Databases, product_ids: Iterable[str]) -> dict[str, Pieces]:
    """How many pieces of each product there are now."""
    async with databases["catalog"].reading() as session:
        rows = await session.scalars(select(ProductRow).where(ProductRow.id.in_(list(product_ids))))
        return {row.id: Pieces(row.stock, row.held, row.sold) for row in rows}


async def open_work(databases: Databases, *, since: datetime) -> dict[str, int]:
    """How much of each kind is still to be done."""
    counted: dict[str, int] = {}
    async with databases["order"].reading() as session:
        mine = Order.created_at >= since
        counted["orders that wait"] = await _count(session, select(Order.id).where(mine, Order.status.in_(UNPAID)))
        counted["events of order's"] = await _count(session, select(OrderOutbox.id).where(_is_open(OrderOutbox, since)))
    async with databases["payment"].reading() as session:
        mine = Payment.created_at >= since
        is_open = Payment.status.in_(UNDECIDED) | (Payment.refunding_amount > 0)
        counted["undecided payments"] = await _count(session, select(Payment.id).where(mine, is_open))
        counted["orders to settle"] = await _count(
            session, select(OrderAccount.order_id).where(OrderAccount.settle_at.is_not(None))
        )
        counted["results of payment's"] = await _count(
            session, select(PaymentOutbox.id).where(_is_open(PaymentOutbox, since))
        )
    async with databases["notification"].reading() as session:
        counted["deliveries"] = await _count(session, select(DeliveryRow.id).where(_is_open(DeliveryRow, since)))
    unsent = await in_thread(databases, "SELECT id FROM events WHERE delivered_at IS NULL")
    counted["events of the bank's"] = len(unsent)
    return counted


async def _count(session: Any, query: Any) -> int:
    return int(await session.scalar(select(func.count()).select_from(query.subquery())))


def _is_open(table: Any, since: datetime) -> Any:
    return table.settled_at.is_(None) & (table.created_at >= since)


async def read(databases: Databases, journal: Journal, *, since: datetime, product_ids: Iterable[str]) -> Books:
    """Read the books of this run."""
    async with databases["order"].reading() as session:
        orders = {row.id: row for row in await session.scalars(select(Order).where(Order.created_at >= since))}
        keys = {row.key: row for row in await session.scalars(select(IdempotencyKey))}
        changes = select(OrderChange).where(OrderChange.order_id.in_(select(Order.id).where(Order.created_at >= since)))
        changed = list(await session.scalars(changes.order_by(OrderChange.order_id, OrderChange.version)))
    async with databases["payment"].reading() as session:
        payments = list(await session.scalars(select(Payment).where(Payment.created_at >= since)))
        refunds = list(await session.scalars(select(Refund).where(Refund.created_at >= since)))
    async with databases["catalog"].reading() as session:
        reservations = {row.order_id: row for row in await session.scalars(select(ReservationRow))}
        lines = list(await session.scalars(select(ReservedLineRow)))
    async with databases["order_analytics"].reading() as session:
        events = select(LoggedEvent.order_id, LoggedEvent.order_version).where(LoggedEvent.occurred_at >= since)
        logged = {(row.order_id, row.order_version) for row in await session.execute(events)}
    async with databases["notification"].reading() as session:
        told = Counter(
            row.order_id
            for row in await session.execute(
                select(NotificationRow.order_id).where(
                    NotificationRow.created_at >= since, NotificationRow.order_id.is_not(None)
                )
            )
        )
    async with databases["recommendation"].reading() as session:
        tracked = [write.wanted["loggedAs"] for write in journal.writes if write.operation == "TrackEvents"]
        seen = select(BehaviourRow.event_id).where(BehaviourRow.event_id.in_(tracked))
        behaviours = set(await session.scalars(seen))
    return Books(
        orders=orders,
        keys=keys,
        changes=changed,
        payments=payments,
        refunds=refunds,
        reservations=reservations,
        lines=lines,
        pieces=await pieces(databases, product_ids),
        logged=logged,
        told=told,
        behaviours=behaviours,
        intents=await in_thread(databases, "SELECT * FROM intents"),
        bank_refunds=await in_thread(databases, "SELECT * FROM refunds"),
    )


def judge(books: Books, journal: Journal, *, before: dict[str, Pieces], may_lose_behaviour: bool) -> Verdict:
    """Compare the journal with the books.

    Args:
        before: The pieces of the traded products before the first request.
        may_lose_behaviour: The server of the behaviour log was emptied, which the API says may lose events.
    """
    verdict = Verdict(wrong=list(journal.wrong), orders=Counter(order.status for order in books.orders.values()))
    for write in journal.writes:
        _judge_write(books, write, verdict, may_lose_behaviour=may_lose_behaviour)
    _judge_twice(books, journal, verdict)
    _judge_money(books, verdict)
    _judge_histories(books, verdict)
    _judge_stock(books, journal, before, verdict)
    return verdict


def _judge_write(books: Books, write: Write, verdict: Verdict, *, may_lose_behaviour: bool) -> None:
    if write.outcome is not Outcome.ACKNOWLEDGED:
        return
    match write.operation:
        case "PlaceOrder":
            order_id = write.answer["order"]["id"]
            order, key = books.orders.get(order_id), books.keys.get(write.key)
            if order is None or key is None or key.order_id != order_id:
                verdict.lost.append(f"PlaceOrder {write.key}: no order {order_id}")
            elif order.total_amount != write.wanted["expectedTotal"]:
                verdict.wrong.append(f"PlaceOrder {write.key}: {order.total_amount} instead of what was expected")
        case "StartPayment":
            payment_id = write.answer["payment"]["id"]
            payment = next((each for each in books.payments if each.id == payment_id), None)
            if payment is None or payment.order_id != write.wanted["orderId"]:
                verdict.lost.append(f"StartPayment {write.key}: no payment {payment_id}")
            elif write.answer["payment"]["status"] == "CAPTURED" and not payment.captured_amount:
                verdict.lost.append(f"StartPayment {write.key}: {payment_id} was captured, and is {payment.status}")
        case "CancelOrder" | "MarkShipped" | "ConfirmDelivery":
            order = books.orders.get(write.wanted["orderId"])
            if order is None or order.status not in AFTER[write.operation]:
                verdict.lost.append(f"{write.operation} {write.wanted['orderId']}: is {order and order.status}")
        case "RefundPayment":
            wanted = write.wanted
            if not any(each.payment_id == wanted["id"] and each.amount == wanted["amount"] for each in books.refunds):
                verdict.lost.append(f"RefundPayment {write.key}: no refund of {wanted['amount']}")
        case "TrackEvents":
            if write.wanted["loggedAs"] not in books.behaviours and not may_lose_behaviour:
                verdict.lost.append(f"TrackEvents {write.key}: not in the log of behaviour")


def _judge_twice(books: Books, journal: Journal, verdict: Verdict) -> None:
    sent = {write.key for write in journal.writes if write.operation == "PlaceOrder"}
    of_keys = Counter(key.order_id for key in books.keys.values() if key.key in sent)
    verdict.twice += [f"order {order_id} has no key of ours" for order_id in books.orders if of_keys[order_id] != 1]
    captured = Counter(each.order_id for each in books.payments if each.captured_amount)
    verdict.twice += [f"order {order_id} was captured {n} times" for order_id, n in captured.items() if n > 1]
    ours = {each.id for each in books.payments}
    at_bank = Counter(each["reference"] for each in books.intents if each["reference"] in ours and each["captured"])
    verdict.twice += [f"the bank captured payment {each} {n} times" for each, n in at_bank.items() if n > 1]
    refunded = Counter(each["reference"] for each in books.bank_refunds)
    verdict.twice += [f"the bank gave back refund {each} {n} times" for each, n in refunded.items() if n > 1]
    changed = Counter((each.order_id, each.after) for each in books.changes if each.after != "FULFILLING")
    verdict.twice += [f"order {each} became {after} {n} times" for (each, after), n in changed.items() if n > 1]


def _judge_money(books: Books, verdict: Verdict) -> None:
    by_reference: dict[str, tuple[int, int]] = {}
    for intent in books.intents:
        captured, refunded = by_reference.get(intent["reference"], (0, 0))
        by_reference[intent["reference"]] = (captured + intent["captured"], refunded + intent["refunded"])
    held: Counter[str] = Counter()
    refunds: Counter[str] = Counter()
    for payment in books.payments:
        ours, theirs = (payment.captured_amount, payment.refunded_amount), by_reference.get(payment.id, (0, 0))
        if ours != theirs:
            verdict.money.append(f"payment {payment.id}: ours {ours}, the bank's {theirs}")
            verdict.difference += abs(ours[0] - theirs[0]) + abs(ours[1] - theirs[1])
        held[payment.order_id] += theirs[0] - theirs[1]
        refunds[payment.order_id] += theirs[1]
    for order in books.orders.values():
        due = order.total_amount - refunds[order.id] if order.status in PAID else 0
        if held[order.id] != due:
            verdict.money.append(f"order {order.id} ({order.status}) holds {held[order.id]}, and should hold {due}")
            verdict.difference += abs(held[order.id] - due)
    strangers = {payment.order_id for payment in books.payments} - books.orders.keys()
    verdict.money += [f"order {order_id} has a payment and does not exist" for order_id in strangers]


def _judge_histories(books: Books, verdict: Verdict) -> None:
    steps: dict[str, list[OrderChange]] = {}
    for change in books.changes:
        steps.setdefault(change.order_id, []).append(change)
    for order in books.orders.values():
        history = steps.get(order.id, [])
        if not _leads_to(order, history):
            verdict.wrong.append(f"the history of order {order.id} does not lead to {order.status}")
        missing = [each.version for each in history if (order.id, each.version) not in books.logged]
        if missing:
            verdict.lost.append(f"order {order.id}: versions {missing} are not in the analytics log")
        told, due = books.told[order.id], sum(_is_told(order, each) for each in history)
        if told != due:
            found = verdict.lost if told < due else verdict.twice
            found.append(f"order {order.id}: {told} notices instead of {due}")


def _leads_to(order: Order, history: Sequence[OrderChange]) -> bool:
    steps = [(OrderStatus(each.before) if each.before else None, OrderStatus(each.after)) for each in history]
    versions = [each.version for each in history]
    try:
        return folded(steps) is OrderStatus(order.status) and versions == list(range(1, order.version + 1))
    except ForbiddenStep:
        return False


def _is_told(order: Order, change: OrderChange) -> bool:
    notice = notice_of_status(
        change.after, before=change.before, buyer_id=order.buyer_id, order_id=order.id, order_number=order.number
    )
    return notice is not None


def _judge_stock(books: Books, journal: Journal, before: dict[str, Pieces], verdict: Verdict) -> None:
    held: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    for line in books.lines:
        reservation = books.reservations[line.order_id]
        if line.order_id in books.orders:
            held[line.product_id] += line.quantity if reservation.status == "HELD" else 0
            sold[line.product_id] += line.quantity if reservation.status == "COMMITTED" else 0
    for order in books.orders.values():
        found = books.reservations.get(order.id)
        status = found.status if found is not None else "none"
        # Whoever refunds a shipped order has the pieces back only when they come.
        is_right = status == "COMMITTED" if order.status in PAID else status != "HELD"
        if not is_right:
            verdict.stuck.append(f"order {order.id} is {order.status}, and its stock {status}")
    for product_id, was in before.items():
        now = books.pieces[product_id]
        restocked = [each for each in journal.writes if each.wanted.get("productId") == product_id]
        surely = sum(each.wanted["delta"] for each in restocked if each.outcome is Outcome.ACKNOWLEDGED)
        perhaps = sum(each.wanted["delta"] for each in restocked if each.outcome is Outcome.UNKNOWN)
        came = (now.free + now.held + now.sold) - (was.free + was.held + was.sold)
        if not surely <= came <= surely + perhaps:
            verdict.lost.append(f"product {product_id}: {came} pieces came in, and {surely} were acknowledged")
        if now.held - was.held != held[product_id] or now.sold - was.sold != sold[product_id]:
            verdict.money.append(
                f"product {product_id}: held {was.held} -> {now.held}, sold {was.sold} -> {now.sold}; "
                f"reservations hold {held[product_id]} and sold {sold[product_id]}"
            )
