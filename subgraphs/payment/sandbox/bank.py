"""What a merchant and a payer can have done: each function is one transaction that changes an intent and writes the event of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.payment.sandbox import rules
from subgraphs.payment.sandbox.cards import CARDS, Outcome
from subgraphs.payment.sandbox.rules import CaptureMode, Intent, Refund
from subgraphs.payment.sandbox.store import KeptAnswer, Store, Transaction
from subgraphs.payment.sandbox.wire import intent_json, refund_json, time_text


class BankError(Exception):
    """A refusal with its HTTP status and stable code. The root of the refusals below."""

    status = 400
    code = "bad_request"


class Unknown(BankError):
    """Raised when there is no such intent."""

    status = 404
    code = "not_found"


class Invalid(BankError):
    """Raised when a value makes no sense; `field` names it."""

    status = 422
    code = "invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class KeyReused(BankError):
    """Raised when an idempotency key comes back with another request."""

    status = 409
    code = "idempotency_conflict"


class Outage(BankError):
    """Raised for the test methods that stand for a bank that does not answer."""

    status = 503
    code = "temporarily_unavailable"


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key and the digest of the request that it came with."""

    text: str
    fingerprint: str


Answer = tuple[int, dict[str, Any]]


class Bank:
    """The bank's counter.

    Args:
        origin: the bank's address as a payer sees it.
        slow_seconds: how long a slow payment takes.
    """

    def __init__(self, store: Store, *, origin: str, slow_seconds: float, clock: Clock = utc_now) -> None:
        self._store = store
        self._origin = origin
        self._slow_seconds = slow_seconds
        self._clock = clock

    async def create(
        self, key: Key, *, reference: str, amount: int, currency: str, capture_mode: CaptureMode
    ) -> Answer:
        """A new intent.

        Raises:
            KeyReused: when the key was used for another request.
        """
        async with self._store.transaction() as tx:
            if kept := await _kept(tx, key):
                return kept
            now = self._clock()
            intent = Intent(f"int_{uuid7(now)}", reference, amount, currency, capture_mode, now)
            await tx.save(intent)
            return await self._answered(tx, key, intent, status=201)

    async def confirm(self, key: Key, intent_id: str, *, method: str, return_url: str | None) -> Answer:
        """The intent after it was confirmed with a test method.

        Raises:
            Unknown, Invalid, KeyReused, rules.NotAllowed: nothing is changed.
            Outage: for the methods that stand for it; with `card_answer_lost` the first time, and after the money was taken.
        """
        card = CARDS.get(method)
        if card is None:
            raise Invalid("method", f"{method!r} is not a method of this bank: use one of {', '.join(CARDS)}.")
        if card.outcome is Outcome.NO_ANSWER:
            raise Outage("The bank is temporarily unavailable.")
        async with self._store.transaction() as tx:
            if kept := await _kept(tx, key):
                return kept
            now = self._clock()
            before = await _required(tx, intent_id)
            after = rules.confirmed(before, card, return_url=return_url, now=now, slow_seconds=self._slow_seconds)
            await self._changed(tx, after, now)
            answer = await self._answered(tx, key, after)
        if card.outcome is Outcome.ANSWER_LOST:
            raise Outage("The bank is temporarily unavailable.")
        return answer

    async def capture(self, key: Key, intent_id: str, *, amount: int | None) -> Answer:
        """The intent after what was authorized is taken, or less of it.

        Raises:
            Unknown, KeyReused, rules.NotAllowed: nothing is changed.
        """
        async with self._store.transaction() as tx:
            if kept := await _kept(tx, key):
                return kept
            after = rules.captured(await _required(tx, intent_id), amount)
            await self._changed(tx, after, self._clock())
            return await self._answered(tx, key, after)

    async def cancel(self, key: Key, intent_id: str) -> Answer:
        """The intent after it was withdrawn.

        Raises:
            Unknown, KeyReused, rules.NotAllowed: nothing is changed.
        """
        async with self._store.transaction() as tx:
            if kept := await _kept(tx, key):
                return kept
            before = await _required(tx, intent_id)
            after = rules.cancelled(before)
            if after != before:
                await self._changed(tx, after, self._clock())
            return await self._answered(tx, key, after)

    async def refund(self, key: Key, intent_id: str, *, amount: int, reference: str) -> Answer:
        """A new refund.

        Raises:
            Unknown, KeyReused, rules.NotAllowed: nothing is changed.
        """
        async with self._store.transaction() as tx:
            if kept := await _kept(tx, key):
                return kept
            now = self._clock()
            after = rules.refunded(await _required(tx, intent_id), amount)
            refund = Refund(f"ref_{uuid7(now)}", intent_id, reference, amount, now)
            await tx.save(after)
            await tx.add_refund(refund)
            await self._happened(tx, "refund.succeeded", after, now)
            body = refund_json(refund)
            await tx.keep_answer(key.text, KeptAnswer(key.fingerprint, 201, body))
            return 201, body

    async def intent(self, intent_id: str) -> Intent:
        """The intent as the bank knows it.

        Raises:
            Unknown: when there is none.
        """
        async with self._store.transaction() as tx:
            return await _required(tx, intent_id)

    async def shown(self, intent_id: str) -> dict[str, Any]:
        """The intent with its refunds, for a merchant.

        Raises:
            Unknown: when there is none.
        """
        async with self._store.transaction() as tx:
            return await self._shown(tx, await _required(tx, intent_id))

    async def listed(
        self, *, reference: str | None, created_from: datetime | None, after: str, limit: int
    ) -> list[dict[str, Any]]:
        """Intents with their refunds, in the order of their ids."""
        async with self._store.transaction() as tx:
            found = await tx.intents(reference=reference, created_from=created_from, after=after, limit=limit)
            return [await self._shown(tx, intent) for intent in found]

    async def events(self, *, after: int, limit: int) -> list[dict[str, Any]]:
        """What happened, in order, each with its `sequence`."""
        async with self._store.transaction() as tx:
            return [{"sequence": event.sequence, **event.body} for event in await tx.events(after=after, limit=limit)]

    async def decide(self, intent_id: str, *, is_approved: bool) -> Intent:
        """The intent after the payer's answer on the bank's page.

        Raises:
            Unknown, rules.NotAllowed: nothing is changed.
        """
        async with self._store.transaction() as tx:
            before = await _required(tx, intent_id)
            after = rules.approved_by_payer(before) if is_approved else rules.rejected_by_payer(before)
            await self._changed(tx, after, self._clock())
            return after

    async def settle_due(self) -> int:
        """Let the slow payments whose time has come go through; how many."""
        async with self._store.transaction() as tx:
            now = self._clock()
            due = await tx.settling(now)
            for intent in due:
                await self._changed(tx, rules.settled(intent), now)
            return len(due)

    async def _changed(self, tx: Transaction, intent: Intent, now: datetime) -> None:
        await tx.save(intent)
        await self._happened(tx, f"intent.{intent.status}", intent, now)

    async def _happened(self, tx: Transaction, event_type: str, intent: Intent, now: datetime) -> None:
        event_id = f"evt_{uuid7(now)}"
        body = {
            "id": event_id,
            "type": event_type,
            "created_at": time_text(now),
            "intent": await self._shown(tx, replace(intent, action_token=None)),
        }
        await tx.add_event(event_id, body, at=now)

    async def _answered(self, tx: Transaction, key: Key, intent: Intent, *, status: int = 200) -> Answer:
        body = await self._shown(tx, intent)
        await tx.keep_answer(key.text, KeptAnswer(key.fingerprint, status, body))
        return status, body

    async def _shown(self, tx: Transaction, intent: Intent) -> dict[str, Any]:
        return intent_json(intent, await tx.refunds(intent.id), origin=self._origin)


async def _required(tx: Transaction, intent_id: str) -> Intent:
    intent = await tx.intent(intent_id)
    if intent is None:
        raise Unknown("There is no such intent.")
    return intent


async def _kept(tx: Transaction, key: Key) -> Answer | None:
    kept = await tx.answer(key.text)
    if kept is None:
        return None
    if kept.fingerprint != key.fingerprint:
        raise KeyReused("This idempotency key came with another request before.")
    return kept.status, kept.body
