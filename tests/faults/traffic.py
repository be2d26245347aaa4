"""Traffic: the clients' operations in an open loop, so that a slow market is not spared by clients who wait for it.

At each tick an operation is drawn by a seeded generator. Reads are sent once. A write is an intention with a key: while its outcome is
unknown it is sent again with the same key, as the clients' guide asks for. Orders live through what buyers and sellers do with them:

    placed --> paid --> shipped --> delivered
       \\-> cancelled    \\-> cancelled, refunded in part
"""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from subgraphs.feed.model import Viewer, event_key
from tests.faults.clients import Answer, Clients, Person
from tests.faults.journal import Journal, Outcome, Write

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 15.0
GIVE_UP_SECONDS = 180.0
PREPARE_SECONDS = 300.0
ADDRESS = {"line1": "1 Long Street", "city": "Lisbon", "postalCode": "1000", "country": "PT"}
METHODS = {"card_ok": 12, "card_slow": 3, "card_answer_lost": 2, "card_declined": 1, "card_3ds": 1}
TRY_AGAIN = {"REQUEST_IN_FLIGHT", "PROVIDER_UNAVAILABLE", "QUEUE_UNAVAILABLE"}
"""Refusals that ask for the same request again."""

AT_A_VERSION = {"CancelOrder", "MarkShipped", "ConfirmDelivery"}
"""Writes that read the version anew after a conflict: an earlier attempt of theirs may have made it."""


@dataclass(slots=True)
class KnownOrder:
    """An order that its buyer knows of, because it was acknowledged."""

    id: str
    buyer: Person
    total: int
    payment_id: str = ""


@dataclass(slots=True)
class Shelf:
    """What is traded: products of the demo seller, and where they are shown."""

    products: list[dict[str, Any]] = field(default_factory=list)
    slug: str = ""
    category_slug: str = ""


class Traffic:
    """The clients. `run` sends until it is told to stop, and waits for what is under way.

    Args:
        per_second: requests that are begun in a second, repetitions not counted.
        most_open: requests that wait at once; none is begun beyond.
    """

    def __init__(self, clients: Clients, *, per_second: float, most_open: int, seed: int) -> None:
        self._clients = clients
        self._most_open = most_open
        self._per_second = per_second
        self._random = random.Random(seed)
        self.buyers = [Person("buyer@yarmarka.test"), Person("admin@yarmarka.test")]
        self.seller = Person("seller@yarmarka.test")
        self.shelf = Shelf()
        self.unpaid: list[KnownOrder] = []
        self.paid: list[KnownOrder] = []
        self.shipped: list[KnownOrder] = []
        self.known: list[KnownOrder] = []
        self._open: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.may_lose_behaviour = False
        self.began = time.monotonic()
        self._reads: dict[Callable[[], Awaitable[None]], int] = {
            self.home_feed: 3,
            self.product_page: 4,
            self.app_boot: 2,
            self.my_orders: 2,
            self.listing: 2,
            self.order_details: 4,
            self.inbox: 1,
            self.seller_desk: 1,
        }
        self._writes: dict[Callable[[], Awaitable[None]], int] = {
            self.place_order: 5,
            self.start_payment: 6,
            self.cancel_order: 2,
            self.ship: 2,
            self.confirm_delivery: 1,
            self.refund: 1,
            self.restock: 1,
            self.track: 2,
        }

    @property
    def journal(self) -> Journal:
        """The journal of its clients."""
        return self._clients.journal

    async def prepare(self) -> None:
        """Learn what there is to trade with.

        Raises:
            TimeoutError: when the market does not answer in full, though nothing is wrong with it yet.
        """
        for buyer in self.buyers:
            await self._ask_who(buyer)
            if not buyer.address_id:
                await self._clients.ask(buyer, "AddAddress", input=ADDRESS)
                await self._ask_who(buyer)
        desk = await self._whole(self.seller, "SellerDesk")
        nodes = [edge["node"] for edge in desk["viewer"]["seller"]["products"]["edges"]]
        published = sorted((each for each in nodes if each["status"] == "PUBLISHED"), key=lambda each: -each["stock"])
        self.shelf.products = published[:8]
        product = (await self._whole(self.buyers[0], "TradedProduct", id=published[0]["id"]))["product"]
        self.shelf.slug, self.shelf.category_slug = product["slug"], product["category"]["slug"]

    async def _ask_who(self, buyer: Person) -> None:
        viewer = (await self._whole(buyer, "OwnAccount"))["viewer"]
        buyer.account_id = viewer["account"]["id"]
        buyer.address_id = next((each["id"] for each in viewer["buyer"]["addresses"]), "")

    async def _whole(self, person: Person, operation: str, **variables: Any) -> dict[str, Any]:
        """The data of the first answer without errors."""
        async with asyncio.timeout(PREPARE_SECONDS):
            while True:
                answer, _ = await self._clients.ask(person, operation, **variables)
                if answer.is_whole:
                    return answer.data
                await asyncio.sleep(FIRST_PAUSE_SECONDS)

    async def run(self) -> None:
        """Send until `stop`, and wait until the outcome of every write is known or given up."""
        actions = {**self._reads, **self._writes}
        self.began, sent = time.monotonic(), 0
        while not self._stopping:
            sent += 1
            await asyncio.sleep(max(0.0, self.began + sent / self._per_second - time.monotonic()))
            (action,) = self._random.choices(list(actions), weights=list(actions.values()))
            if len(self._open) < self._most_open:
                self._begin(action())
        while self._open:
            await asyncio.wait(set(self._open))

    def stop(self) -> None:
        """Begin nothing more but, perhaps, the one that is next."""
        self._stopping = True

    def _begin(self, doing: Awaitable[None]) -> None:
        task = asyncio.ensure_future(doing)
        self._open.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Future[None]") -> None:
        self._open.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.journal.is_wrong(f"an answer that cannot be read: {error!r}")

    # Reads: what an answer must say, whatever is away, is checked on the spot.

    async def home_feed(self) -> None:
        """The first page of the feed."""
        await self._clients.ask(self._buyer(), "HomeFeed", first=12)

    async def product_page(self) -> None:
        """One product's page."""
        answer, _ = await self._clients.ask(self._buyer(), "ProductPage", slug=self.shelf.slug)
        product = answer.data.get("product")
        if answer.is_whole and (product is None or product["id"] != self.shelf.products[0]["id"]):
            self.journal.is_wrong(f"ProductPage: {self.shelf.slug} is {product}")

    async def app_boot(self) -> None:
        """The first thing that an app asks."""
        await self._clients.ask(self._buyer(), "AppBoot", ctx={"platform": "web", "appVersion": "1.0.0"})

    async def my_orders(self) -> None:
        """A buyer's newest orders."""
        await self._clients.ask(self._buyer(), "MyOrders", first=5)

    async def listing(self) -> None:
        """A category."""
        await self._clients.ask(self._buyer(), "CategoryListing", slug=self.shelf.category_slug, first=10)

    async def inbox(self) -> None:
        """A buyer's notifications."""
        await self._clients.ask(self._buyer(), "Inbox", first=5)

    async def seller_desk(self) -> None:
        """What a seller looks at."""
        await self._clients.ask(self.seller, "SellerDesk")

    async def order_details(self) -> None:
        """An acknowledged order: it is there, and costs what was acknowledged."""
        if not self.known:
            return await self.my_orders()
        order = self._random.choice(self.known[-30:])
        answer, _ = await self._clients.ask(order.buyer, "OrderDetails", id=order.id)
        shown = answer.data.get("order")
        if answer.is_whole and shown is None:
            self.journal.is_wrong(f"OrderDetails: the acknowledged order {order.id} is not there")
        if shown is not None and shown["total"]["amount"] != order.total:
            self.journal.is_wrong(f"OrderDetails: {order.id} costs {shown['total']['amount']}, not {order.total}")
        return None

    # Writes.

    async def place_order(self) -> None:
        """Place an order that waits to be paid."""
        order = await self.placed_by(self._buyer())
        if order is not None:
            self.unpaid.append(order)

    async def placed_by(self, buyer: Person) -> KnownOrder | None:
        """A new order of one or two pieces, for the price that checkout shows; None when it was not acknowledged."""
        product = self._random.choice(self.shelf.products)
        lines = [{"productId": product["id"], "quantity": self._random.choice((1, 1, 2))}]
        answer, _ = await self._clients.ask(buyer, "Checkout", input={"lines": lines, "addressId": buyer.address_id})
        preview = answer.data.get("checkoutPreview") or {}
        if preview.get("__typename") != "CheckoutPreview":
            return None
        wanted = {
            "idempotencyKey": str(uuid.uuid4()),
            "lines": lines,
            "addressId": buyer.address_id,
            "expectedTotal": preview["total"]["amount"],
            "currency": preview["total"]["currency"],
        }
        write = await self._write(buyer, "PlaceOrder", wanted["idempotencyKey"], wanted, input=wanted)
        if write.outcome is not Outcome.ACKNOWLEDGED:
            return None
        order = write.answer["order"]
        if order["total"]["amount"] != wanted["expectedTotal"]:
            self.journal.is_wrong(f"PlaceOrder: {order['id']} costs {order['total']['amount']}")
        known = KnownOrder(order["id"], buyer, order["total"]["amount"])
        self.known.append(known)
        return known

    async def start_payment(self) -> None:
        """Pay the oldest order that waits for it."""
        if not self.unpaid:
            return await self.place_order()
        order = self.unpaid.pop(0)
        (method,) = self._random.choices(list(METHODS), weights=list(METHODS.values()))
        if (await self.paid_with(order, method)).outcome is Outcome.ACKNOWLEDGED:
            self.paid.append(order)
        return None

    async def paid_with(self, order: KnownOrder, method: str) -> Write:
        """Start a payment of an order."""
        wanted = {"idempotencyKey": str(uuid.uuid4()), "orderId": order.id, "method": method}
        write = await self._write(order.buyer, "StartPayment", wanted["idempotencyKey"], wanted, input=wanted)
        if write.outcome is Outcome.ACKNOWLEDGED:
            order.payment_id = write.answer["payment"]["id"]
        return write

    async def cancel_order(self) -> None:
        """Cancel an order, paid or not."""
        pool = self._random.choice((self.unpaid, self.paid))
        if not pool:
            return await self.place_order()
        order = pool.pop(self._random.randrange(len(pool)))
        await self._act("CancelOrder", order, order.buyer)
        return None

    async def ship(self) -> None:
        """Ship the oldest paid order, all of whose pieces are the demo seller's."""
        if not self.paid:
            return await self.place_order()
        order = self.paid.pop(0)
        if (await self._act("MarkShipped", order, self.seller)).outcome is Outcome.ACKNOWLEDGED:
            self.shipped.append(order)
        return None

    async def confirm_delivery(self) -> None:
        """Say that an order has come."""
        if not self.shipped:
            return await self.order_details()
        order = self.shipped.pop(0)
        await self._act("ConfirmDelivery", order, order.buyer)
        return None

    async def refund(self) -> None:
        """Give back some of a payment, as support does."""
        if not self.paid:
            return await self.order_details()
        order = self._random.choice(self.paid)
        amount = self._random.randint(1, max(1, order.total // 4))
        about: dict[str, Any] = {
            "id": order.payment_id,
            "amount": amount,
            "key": str(uuid.uuid4()),
            "orderId": order.id,
        }
        sent = {"id": order.payment_id, "amount": amount, "k": about["key"]}
        await self._write(self.buyers[1], "RefundPayment", about["key"], about, **sent)
        return None

    async def restock(self) -> None:
        """Bring in some pieces."""
        product = self._random.choice(self.shelf.products)
        answer, _ = await self._clients.ask(self.seller, "ProductVersion", id=product["id"])
        if (shown := answer.data.get("product")) is None:
            return
        delta = self._random.randint(1, 5)
        about = {"productId": product["id"], "delta": delta}
        sent = {"id": product["id"], "patch": {"stockDelta": delta}, "v": shown["version"]}
        await self._write(self.seller, "SaveProduct", str(uuid.uuid4()), about, is_once=True, **sent)

    async def track(self) -> None:
        """Tell the feed that a product was looked at."""
        event = {
            "id": str(uuid.uuid4()),
            "type": "VIEW",
            "productId": self._random.choice(self.shelf.products)["id"],
            "occurredAt": datetime.now(UTC).isoformat(),
        }
        sent, buyer = {"sessionId": "faults", "events": [event]}, self._buyer()
        logged_as = event_key(Viewer(buyer.account_id, None), event["id"])
        await self._write(buyer, "TrackEvents", event["id"], {"loggedAs": logged_as}, input=sent)

    async def _act(self, operation: str, order: KnownOrder, by: Person) -> Write:
        """Change an order at the version that is read now; a repetition reads it again."""
        write = Write(operation, str(uuid.uuid4()), {"orderId": order.id})
        self.journal.writes.append(write)
        pause, until = FIRST_PAUSE_SECONDS, time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            shown, _ = await self._clients.ask(by, "OrderVersion", id=order.id)
            if (found := shown.data.get("order")) is not None:
                answer, outcome = await self._clients.ask(by, operation, key=write.key, id=order.id, v=found["version"])
                if self._note(write, answer, outcome):
                    return write
            await asyncio.sleep(pause * self._random.uniform(0.5, 1.5))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return write

    async def _write(
        self, by: Person, operation: str, key: str, wanted: dict[str, Any], *, is_once: bool = False, **variables: Any
    ) -> Write:
        """Send a write until its outcome is known.

        Args:
            is_once: It has no key that would make a repetition harmless.
        """
        write = Write(operation, key, wanted)
        self.journal.writes.append(write)
        pause, until = FIRST_PAUSE_SECONDS, time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            answer, outcome = await self._clients.ask(by, operation, key=key, **variables)
            if self._note(write, answer, outcome) or is_once:
                break
            await asyncio.sleep(pause * self._random.uniform(0.5, 1.5))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return write

    def _note(self, write: Write, answer: Answer, outcome: Outcome) -> bool:
        """Write down what is known of a write after one attempt; True when it is settled."""
        result = next(iter(answer.data.values()), None)
        if outcome is not Outcome.ACKNOWLEDGED or not isinstance(result, dict):
            write.outcome = Outcome.UNKNOWN
            return False
        if result["__typename"].endswith("Success"):
            write.outcome, write.answer = Outcome.ACKNOWLEDGED, result
            return True
        is_conflict = result["__typename"] == "VersionConflictError" and write.operation in AT_A_VERSION
        if result.get("code") in TRY_AGAIN or is_conflict:
            write.outcome = Outcome.UNKNOWN
            return False
        write.outcome, write.answer = Outcome.REFUSED, result
        return True

    def _buyer(self) -> Person:
        return self._random.choice(self.buyers)
