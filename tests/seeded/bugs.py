"""The bugs of money, stock, orders and events that were seen in use, by what was seen.

Those of payment and order are of the issue's section "Money has one owner and is reconciled", those of jobs and Redis of "Outages are
measured in time", those of pieces of "Stock". A few more are neighbours that the machine should know: an unknown result, a forged event.
A negative stock and refunds beyond the capture are not among them: the tables refuse both by themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.types import get_object_definition

from subgraphs.catalog import holds
from subgraphs.catalog import repository as catalog_repository
from subgraphs.catalog.tables import ProductRow
from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.jobs import Claim
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.storage.session import Database
from subgraphs.order import finishing
from subgraphs.order import status_changes as changes
from subgraphs.order.clients.payment import Closing, Outcome, PaymentService, Terms
from subgraphs.order.graph.types import Order as OrderType
from subgraphs.order.model import OrderStatus
from subgraphs.payment import accounts, model, repository, withdrawing
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.errors import ProviderRefused, ProviderUnavailable
from subgraphs.payment.providers import bank
from subgraphs.payment.reconciling import Comparison
from subgraphs.payment.tables import Payment
from tests.laboratory import money_driver

Seed = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug.

    Attributes:
        seen: What a user, a seller or an operator saw of it.
        seed: Makes it.
    """

    name: str
    seen: str
    seed: Seed


BUGS: dict[str, Bug] = {}


def bug(seen: str) -> Callable[[Seed], Seed]:
    """List a function as the bug of its name."""

    def listed(seed: Seed) -> Seed:
        name = seed.__name__.replace("_", "-")
        BUGS[name] = Bug(name, seen, seed)
        return seed

    return listed


# Money.


@bug("a payment whose webhook is lost stays PROCESSING, and the bank keeps the money")
def lost_webhook_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    async def nothing(dependencies: PaymentDependencies) -> int:
        return 0

    async def no_comparison(dependencies: PaymentDependencies, *, since: datetime) -> Comparison:
        return Comparison(since)

    patch.setattr(money_driver, "ask_undecided", nothing)
    patch.setattr(money_driver, "compare", no_comparison)


@bug("a refund that was made at the bank is never heard of")
def list_of_the_bank_not_compared(patch: pytest.MonkeyPatch) -> None:
    async def no_comparison(dependencies: PaymentDependencies, *, since: datetime) -> Comparison:
        return Comparison(since)

    patch.setattr(money_driver, "compare", no_comparison)


@bug("an order expires while its money is on the way")
def expiry_does_not_ask(patch: pytest.MonkeyPatch) -> None:
    close = PaymentService.close_order

    async def close_order(self: PaymentService, order_id: str, terms: Terms) -> Closing:
        return await close(self, order_id, terms) if terms is Terms.ALWAYS else Closing(Outcome.CLOSED, None)

    patch.setattr(PaymentService, "close_order", close_order)


@bug("after a partial refund the captured sum is asked for, payment refuses, and the buyer never gets the rest")
def refund_asks_captured_sum(patch: pytest.MonkeyPatch) -> None:
    promise = repository.promise_refund

    async def promise_refund(session: AsyncSession, payment_id: str, amount: int, *, now: datetime) -> bool:
        payment = await session.get(Payment, payment_id)
        assert payment is not None
        left = payment.captured_amount - payment.refunded_amount - payment.refunding_amount
        is_rest = amount == left
        return await promise(session, payment_id, payment.captured_amount if is_rest else amount, now=now)

    patch.setattr(repository, "promise_refund", promise_refund)


@bug("orders that are paid while the worker is away beyond the hold are cancelled and refunded")
def stock_released_without_asking(patch: pytest.MonkeyPatch) -> None:
    async def none_wanted(database: Database, orders: Any, *, now: datetime) -> int:
        return 0

    patch.setattr(holds, "_extend_wanted", none_wanted)


@bug("a hold ends while a payment is under way, and the order with it")
def payment_under_way_is_ignored(patch: pytest.MonkeyPatch) -> None:
    close = PaymentService.close_order

    async def close_order(self: PaymentService, order_id: str, terms: Terms) -> Closing:
        closing = await close(self, order_id, terms)
        return replace(closing, outcome=Outcome.CLOSED) if closing.outcome is Outcome.UNDER_WAY else closing

    patch.setattr(PaymentService, "close_order", close_order)


@bug("amountDue is what was refunded, and the whole of a cancelled order")
def amount_due_counts_refunds(patch: pytest.MonkeyPatch) -> None:
    def amount_due(total: int, payments: Any, *, is_payable: bool) -> int:
        return max(0, total - model.captured_amount(payments) + model.refunded_amount(payments))

    patch.setattr(model, "amount_due", amount_due)


@bug("the payment of a cancelled order can be made yet, at the bank's page")
def intent_not_withdrawn(patch: pytest.MonkeyPatch) -> None:
    async def withdraw(dependencies: PaymentDependencies, payment: Payment) -> Payment:
        async with dependencies.database.transaction() as session:
            current = await withdrawing.required(session, payment.id)
            return await repository.change_payment(session, current, now=dependencies.clock(), status="CANCELLED")

    patch.setattr("subgraphs.payment.closing.withdraw", withdraw)


@bug("a cancelled order says that money goes back, paid or not")
def unpaid_cancel_promises_money(patch: pytest.MonkeyPatch) -> None:
    definition: Any = get_object_definition(OrderType)
    field = next(each for each in definition.fields if each.python_name == "refund_pending")
    patch.setattr(field.base_resolver, "wrapped_func", lambda self: self.status is OrderStatus.CANCELLED)


@bug("placeOrder timed out, and the order stays PENDING with its pieces")
def pending_orders_not_finished(patch: pytest.MonkeyPatch) -> None:
    async def nothing(dependencies: Any) -> int:
        return 0

    patch.setattr(money_driver, "finish_pending", nothing)


@bug("an order that nobody saw placed 'was not paid in time'")
def pending_orders_expire(patch: pytest.MonkeyPatch) -> None:
    change = changes.change

    async def expire(session: Any, order: Any, to: OrderStatus, **more: Any) -> Any:
        is_cut_off = to is OrderStatus.CANCELLED and more.get("reason") == finishing.REASON
        return await change(session, order, OrderStatus.EXPIRED if is_cut_off else to, **more)

    patch.setattr(changes, "change", expire)


@bug("money that comes for a cancelled order stays")
def late_capture_is_kept(patch: pytest.MonkeyPatch) -> None:
    async def nothing(session: AsyncSession, order_id: str, *, now: datetime) -> None:
        return

    async def forget(self: PaymentService, payment_id: str) -> bool:
        return True

    async def closed(self: PaymentService, order_id: str, terms: Terms) -> Closing:
        if terms is Terms.ALWAYS:
            return Closing(Outcome.CLOSED, None)
        return await close(self, order_id, terms)

    close = PaymentService.close_order
    patch.setattr(accounts, "settle_soon", nothing)
    patch.setattr(PaymentService, "refund_rest", forget)
    patch.setattr(PaymentService, "close_order", closed)


@bug("a payment whose result is unknown counts as failed, and the bank has the money")
def unknown_result_is_a_failure(patch: pytest.MonkeyPatch) -> None:
    confirm = bank.BankProvider.confirm

    async def confirmed(self: bank.BankProvider, *arguments: Any, **named: Any) -> Any:
        try:
            return await confirm(self, *arguments, **named)
        except ProviderUnavailable as error:
            raise ProviderRefused("no_answer", "The bank did not answer") from error

    patch.setattr(bank.BankProvider, "confirm", confirmed)


@bug("an event that was not signed by the bank is taken")
def forged_events_are_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bank, "verify", lambda *_, **__: None)


# Orders, events and jobs.


@bug("eight tries are used up while a peer is away, and the event is dead")
def outage_uses_up_tries(patch: pytest.MonkeyPatch) -> None:
    async def postpone(session: AsyncSession, table: type[Any], held: Claim, *, now: datetime, error: str) -> bool:
        return await jobs.fail(session, table, held, now=now, error=error)

    patch.setattr(jobs, "postpone", postpone)


@bug("every round of the relay announces the same rows again")
def relay_announces_without_end(patch: pytest.MonkeyPatch) -> None:
    async def wake(self: TaskQueue, queue: str, actor_name: str) -> bool:
        await self.enqueue(queue, actor_name)
        return True

    patch.setattr(TaskQueue, "wake", wake)


@bug("events that no follower has read are gone with Redis")
def emptied_redis_loses_events(patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any, **__: Any) -> int:
        return 0

    patch.setattr(money_driver, "keep_positions", nothing)


# Stock.


@bug("updateProduct(stock: 5) while 3 are held sells 8 of 5")
def stock_is_written_absolutely(patch: pytest.MonkeyPatch) -> None:
    edit = catalog_repository._edit

    async def absolute(session: AsyncSession, product_id: str, changes: Any, *guards: Any, now: datetime) -> bool:
        asked = dict(changes)
        if "stock" in asked and ".stock" not in str(asked["stock"]):  # what is on hand, and no delta
            asked["stock"] = asked["stock"] + ProductRow.held
        return await edit(session, product_id, asked, *guards, now=now)

    patch.setattr(catalog_repository, "_edit", absolute)


@bug("pieces that were counted before a sale are written over the sale")
def lost_update_of_stock(patch: pytest.MonkeyPatch) -> None:
    update_product = catalog_repository.update_product

    async def over(session: AsyncSession, product_id: str, *, expected_version: int, **more: Any) -> bool:
        row = await session.get(ProductRow, product_id, populate_existing=True)
        assert row is not None
        return await update_product(session, product_id, expected_version=row.version, **more)

    patch.setattr(catalog_repository, "update_product", over)


@bug("the pieces of a paid order that is cancelled are not put on sale again")
def sold_pieces_do_not_come_back(patch: pytest.MonkeyPatch) -> None:
    step = catalog_repository.step_reservation

    async def held_only(session: AsyncSession, order_id: str, *, before: str, after: str) -> bool:
        return before == "HELD" and await step(session, order_id, before=before, after=after)

    patch.setattr(catalog_repository, "step_reservation", held_only)
