"""A client of the market as the journal sees it: sends one GraphQL request and says what it now knows."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.faults.journal import Journal, Outcome
from tests.support.market import OPERATIONS

PATIENCE_SECONDS = 25.0
"""A client waits longer than the gateway's own time-outs, so that an unknown outcome is the market's word and not impatience."""

PASSWORD = "yarmarka"
SIGN_IN = """mutation SignIn($input: SignInInput!) { signIn(input: $input) { __typename
  ... on SignInSuccess { accessToken } ... on UserError { code } } }"""
DOCUMENTS = {
    "MarkShipped": """mutation MarkShipped($id: ID!, $v: Int!) { markShipped(id: $id, expectedVersion: $v) { __typename
      ... on OrderSuccess { order { id status version } } ... on UserError { code } } }""",
    "ConfirmDelivery": """mutation ConfirmDelivery($id: ID!, $v: Int!) { confirmDelivery(id: $id, expectedVersion: $v) { __typename
      ... on OrderSuccess { order { id status version } } ... on UserError { code } } }""",
    "RefundPayment": """mutation RefundPayment($id: ID!, $amount: MinorUnits!, $k: ID!) {
      refundPayment(paymentId: $id, amount: $amount, idempotencyKey: $k) { __typename
      ... on PaymentSuccess { payment { id status } } ... on UserError { code } } }""",
    "OrderVersion": "query OrderVersion($id: ID!) { order(id: $id) { id status version total { amount } } }",
    "ProductVersion": "query ProductVersion($id: ID!) { product(id: $id) { id version } }",
    "TradedProduct": """query TradedProduct($id: ID!) { product(id: $id) { id slug category { slug } } }""",
    "AddAddress": "mutation AddAddress($input: AddressInput!) { addAddress(input: $input) { __typename } }",
    "OwnAccount": "query OwnAccount { viewer { account { id } buyer { addresses { id } } } }",
}
NEVER = {"INTERNAL_SERVER_ERROR", "SUBGRAPH_MALFORMED_RESPONSE", "INVALID_SUBGRAPH_VALUE", "NON_NULL_FIELD_IS_NULL"}
"""Codes that say that a program is broken, whatever is away."""

SIGNED_OUT = "UNAUTHENTICATED"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        data: Empty when there is none.
        codes: Of the errors, sorted.
        failure: How the connection failed, or the HTTP status; empty for a GraphQL answer.
    """

    data: dict[str, Any]
    codes: tuple[str, ...] = ()
    failure: str = ""

    @property
    def why(self) -> str:
        """The reason of an answer that is not whole."""
        return self.failure or ",".join(self.codes)

    @property
    def is_whole(self) -> bool:
        """True of an answer without errors."""
        return not self.failure and not self.codes


def document(operation: str) -> str:
    """The text of one of the clients' persisted operations, or of one of those above."""
    if operation in DOCUMENTS:
        return DOCUMENTS[operation]
    path = OPERATIONS / f"{operation}.graphql"
    return path.read_text()


@dataclass(slots=True)
class Person:
    """Somebody with an account.

    Attributes:
        token: The access token; empty until signed in.
        account_id, address_id: Empty until they were asked for.
    """

    email: str
    token: str = ""
    account_id: str = ""
    address_id: str = ""
    signing_in: asyncio.Lock = field(default_factory=asyncio.Lock)


class Clients:
    """Sends requests for persons and keeps the journal of them."""

    def __init__(self, url: str, session: aiohttp.ClientSession, journal: Journal) -> None:
        self._url = url
        self._session = session
        self.journal = journal
        self._texts: dict[str, str] = {}

    async def ask(self, person: Person, operation: str, *, key: str = "", **variables: Any) -> tuple[Answer, Outcome]:
        """Send one request; what came back, and what is known now.

        An answer without errors counts as acknowledged; a mutation's own refusals are for the caller to see in it.
        """
        if not person.token:
            await self.sign_in(person)
            if not person.token:
                return Answer({}, failure="not signed in"), Outcome.UNKNOWN
        attempt = self.journal.sent(operation, key)
        answer = await self._post(self._text(operation), variables, {"Authorization": f"Bearer {person.token}"})
        outcome = self._outcome(operation, answer)
        self.journal.ended(attempt, outcome, answer.why)
        if SIGNED_OUT in answer.codes:
            person.token = ""
        return answer, outcome

    async def sign_in(self, person: Person) -> None:
        """Get an access token; the person stays signed out when the market does not answer."""
        async with person.signing_in:
            if person.token:
                return
            attempt = self.journal.sent("SignIn", person.email)
            variables = {"input": {"email": person.email, "password": PASSWORD}}
            answer = await self._post(SIGN_IN, variables, {})
            outcome = self._outcome("SignIn", answer)
            result = answer.data.get("signIn") or {}
            person.token = result.get("accessToken", "")
            self.journal.ended(attempt, outcome if person.token else Outcome.REFUSED, answer.why)

    def _outcome(self, operation: str, answer: Answer) -> Outcome:
        if broken := NEVER & set(answer.codes):
            self.journal.is_wrong(f"{operation}: {', '.join(sorted(broken))}")
        if answer.failure.startswith("HTTP"):
            self.journal.is_wrong(f"{operation}: {answer.failure}")
        if answer.is_whole:
            return Outcome.ACKNOWLEDGED
        is_read = self._text(operation).lstrip().startswith("query")
        return Outcome.REFUSED if is_read and not answer.failure else Outcome.UNKNOWN

    def _text(self, operation: str) -> str:
        if operation == "SignIn":
            return SIGN_IN
        return self._texts.setdefault(operation, document(operation))

    async def _post(self, text: str, variables: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        try:
            async with self._session.post(
                self._url,
                json={"query": text, "variables": variables},
                headers={"Accept": "application/json", **headers},
                timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
            ) as response:
                body = await response.read()
                status = response.status
        except TimeoutError:
            return Answer({}, failure="no answer in time")
        except (aiohttp.ClientError, OSError) as error:
            return Answer({}, failure=type(error).__name__)
        return _read(status, body)


def _read(status: int, body: bytes) -> Answer:
    try:
        answer = json.loads(body)
    except ValueError:
        return Answer({}, failure=f"HTTP {status} without JSON")
    if not isinstance(answer, dict):
        return Answer({}, failure=f"HTTP {status} with other JSON")
    codes = {str(error.get("extensions", {}).get("code", "NO_CODE")) for error in answer.get("errors") or ()}
    return Answer(answer.get("data") or {}, tuple(sorted(codes)))
