"""Each command of payment's against its own twin, and each with every transaction undone once, on SQLite and on PostgreSQL.

However often a command is sent, and whatever the database undoes for the sake of another transaction, money is taken once and goes back once.
"""

import ast
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import Refusal
from subgraphs.payment import closing, commands, inquiries, reconciling, refunds, webhooks, withdrawing
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.model import ClosingTerms, PaymentRequest
from subgraphs.payment.providers.interface import Hint
from subgraphs.payment.tables import Outbox, Payment, PaymentEvent, Refund
from tests.support.bank import RunningBank
from tests.support.payments import Shop, together
from tests.support.undone import UndoneOnce

TWINS = 6
LATER = timedelta(hours=2)
KEY = uuid7()


@dataclass(frozen=True, slots=True)
class Twin:
    """A command of a payment, and what the payment is afterwards.

    Attributes:
        send: sends it, given the payment's row; None where there is no payment yet.
        method: by which the payment is started before it; None: the command starts it.
        status, refunded_amount: of the payment afterwards.
        events: the statuses of the payment's history afterwards.
        later: by how much the clock is ahead when it is sent.
    """

    name: str
    send: Callable[[Shop, PaymentDependencies, Any], Awaitable[Any]]
    status: str
    method: str | None = "card_ok"
    refunded_amount: int = 0
    events: tuple[str, ...] = ("CREATED", "CAPTURED")
    later: timedelta = timedelta()


def start(shop: Shop, dependencies: PaymentDependencies, order_id: str) -> Awaitable[Payment]:
    request = PaymentRequest(idempotency_key=KEY, order_id=order_id, method="card_ok", return_url=None)
    return commands.start_payment(dependencies, request, buyer_id=shop.buyer_id, identity=shop.buyer)


async def undecided_refund(dependencies: PaymentDependencies, payment: Payment) -> Payment:
    """Carry out the payment's refund, made for the first twin that comes."""
    await refunds.refund_rest(dependencies, payment.id, requested_by="service:order")
    async with dependencies.database.reading() as session:
        (refund,) = await session.scalars(select(Refund).where(Refund.payment_id == payment.id))
    return await refunds.carry_out(dependencies, refund)


REFUNDED = ("CREATED", "CAPTURED", "REFUNDED")
COMMANDS = [
    Twin("start_payment", start, "CAPTURED", method=None),
    Twin(
        "refund_payment",
        lambda shop, dependencies, payment: refunds.refund_payment(
            dependencies, payment.id, 2_000, idempotency_key=KEY, requested_by="support"
        ),
        "PARTIALLY_REFUNDED",
        refunded_amount=2_000,
        events=("CREATED", "CAPTURED", "PARTIALLY_REFUNDED"),
    ),
    Twin(
        "refund_rest",
        lambda shop, dependencies, payment: refunds.refund_rest(dependencies, payment.id, requested_by="service:order"),
        "REFUNDED",
        refunded_amount=5_000,
        events=REFUNDED,
    ),
    Twin(
        "carry_out",
        lambda shop, dependencies, payment: undecided_refund(dependencies, payment),
        "REFUNDED",
        refunded_amount=5_000,
        events=REFUNDED,
    ),
    Twin(
        "close_order",
        lambda shop, dependencies, payment: closing.close_order(dependencies, payment.order_id, ClosingTerms.ALWAYS),
        "REFUNDED",
        refunded_amount=5_000,
        events=REFUNDED,
    ),
    Twin(
        "close_order",
        lambda shop, dependencies, payment: closing.close_order(
            dependencies, payment.order_id, ClosingTerms.IF_UNCONFIRMED
        ),
        "CANCELLED",
        method="card_3ds",
        events=("CREATED", "REQUIRES_ACTION", "CANCELLED"),
        later=LATER,
    ),
    Twin(
        "settle_order",
        lambda shop, dependencies, payment: closing.settle_order(dependencies, payment.order_id),
        "REFUNDED",
        refunded_amount=5_000,
        events=REFUNDED,
    ),
    Twin("settle_due", lambda shop, dependencies, payment: closing.settle_due(dependencies), "CAPTURED", later=LATER),
    Twin(
        "withdraw",
        lambda shop, dependencies, payment: withdrawing.withdraw(dependencies, payment),
        "CANCELLED",
        method="card_3ds",
        events=("CREATED", "REQUIRES_ACTION", "CANCELLED"),
    ),
    Twin("ask", lambda shop, dependencies, payment: inquiries.ask(dependencies, payment), "CAPTURED"),
    Twin(
        "ask_undecided",
        lambda shop, dependencies, payment: reconciling.ask_undecided(dependencies),
        "CAPTURED",
        later=LATER,
    ),
    Twin(
        "compare_when_due", lambda shop, dependencies, payment: reconciling.compare_when_due(dependencies), "CAPTURED"
    ),
    Twin(
        "compare",
        lambda shop, dependencies, payment: reconciling.compare(dependencies, since=payment.created_at),
        "CAPTURED",
    ),
    Twin(
        "take_hint",
        lambda shop, dependencies, payment: webhooks.take_hint(
            dependencies, Hint(event_id="evt_twin", type="intent.captured", reference=payment.provider_reference)
        ),
        "CAPTURED",
    ),
]
WRITES_NOTHING_ITSELF = {
    "created": "asks the provider alone",
    "watermark": "reads",
    "release_lease": "frees the key of a request that ends, and cannot meet itself",
    "reconciled": "compare, once",
}

each_command = pytest.mark.parametrize(
    "twin", COMMANDS, ids=lambda twin: f"{twin.name}-{twin.method or 'new'}-{twin.status.lower()}"
)


async def subject_of(shop: Shop, twin: Twin) -> tuple[str, Any]:
    """The order of a command and what the command is sent: the order's id, or its payment."""
    order_id = shop.orders.add(shop.buyer_id)
    if twin.method is None:
        return order_id, order_id
    await shop.start(order_id, twin.method)
    (payment,) = await shop.rows(order_id)
    return order_id, payment


async def check(shop: Shop, twin: Twin, order_id: str) -> None:
    (payment,) = await shop.rows(order_id)
    assert (payment.status, payment.refunded_amount, payment.refunding_amount) == (twin.status, twin.refunded_amount, 0)
    async with shop.resources.database.reading() as session:
        steps = select(PaymentEvent.status).where(PaymentEvent.payment_id == payment.id)
        history = list(await session.scalars(steps.order_by(PaymentEvent.payment_version)))
        told = await session.scalar(select(func.count()).select_from(Outbox))
    assert history == list(twin.events)
    assert told == len({"CAPTURED", "REFUNDED", "PARTIALLY_REFUNDED"} & set(twin.events))


@each_command
async def test_twins_take_and_give_money_once(shop: Shop, silent_bank: RunningBank, twin: Twin) -> None:
    order_id, subject = await subject_of(shop, twin)
    dependencies = shop.dependencies(later=twin.later)

    async def outcome() -> Any:
        try:
            return await twin.send(shop, dependencies, subject)
        except Refusal as refusal:
            return refusal

    with capture_logs() as logs:
        outcomes = await together(*(outcome() for _ in range(TWINS)))
    assert any(not isinstance(each, Refusal) for each in outcomes)
    assert [each for each in logs if each["event"] == "database.conflict"] == [], "twins lock in one order"
    await check(shop, twin, order_id)


@each_command
async def test_a_command_whose_transactions_are_undone_once_has_its_effect(
    shop: Shop, silent_bank: RunningBank, twin: Twin
) -> None:
    order_id, subject = await subject_of(shop, twin)
    database = UndoneOnce(shop.resources.database)
    await twin.send(shop, replace(shop.dependencies(later=twin.later), database=database), subject)
    assert database.undone > 0
    await check(shop, twin, order_id)


def test_every_command_of_payment_has_its_twin() -> None:
    written = {
        each.name
        for path in sorted(Path("subgraphs/payment").glob("*.py"))
        for each in ast.parse(path.read_text()).body
        if isinstance(each, ast.AsyncFunctionDef) and not each.name.startswith("_")
        if any(argument.arg == "dependencies" for argument in each.args.args)
    }
    assert written - {twin.name for twin in COMMANDS} == WRITES_NOTHING_ITSELF.keys()
