"""Every public operation that takes an id, with the ids of one buyer and one seller, by everybody else.

What a caller may not have answers as if it were absent, or is refused; either way the answer has none of the owner's data, and no table
of any service changes.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLField, GraphQLInputObjectType, GraphQLSchema, build_schema, get_named_type
from sqlalchemy import MetaData, select

from subgraphs.catalog.tables import Base as CatalogBase
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.storage.session import Database
from subgraphs.order.tables import Base as OrderBase
from subgraphs.payment.tables import Base as PaymentBase
from subgraphs.user.tables import Base as UserBase
from tests.support.identity import ANONYMOUS, account
from tests.support.money import MoneyMarket
from tests.support.orders import BUYER, OTHER_BUYER, OTHER_SELLER, SELLER
from tests.support.payments import SUPPORT
from tests.support.subgraphs import SubgraphUnderTest

API = Path("schema/api.graphql")

CALLERS: Mapping[str, Identity] = {
    "anonymous": ANONYMOUS,
    "buyer": BUYER,
    "seller": SELLER,
    "stranger": OTHER_BUYER,
    "other seller": OTHER_SELLER,
    "both, of others": account("seller-3", "BUYER", "SELLER"),
    "support": SUPPORT,
}

ELSEWHERE = {
    "Query.category": "categories are public",
    "Query.products": "a filter by public ids; drafts are on no list, in tests/integration/subgraphs/catalog",
    "Query.seller": "storefronts are public; what is private of one is a matter of scopes, in tests/integration/subgraphs/user",
    "Query.feed": "categoryId is public; the feed is the caller's own, in tests/integration/subgraphs/feed",
    "Query.clientConfig": "the context is what the caller says of itself, and flags of rules are public",
    "Mutation.createProduct": "it takes public ids only, and makes a product of the caller's own",
    "Mutation.trackEvents": "product ids are public, and an event counts for its caller, in tests/unit/subgraphs/feed",
    "Mutation.markNotificationsRead": "tests/integration/subgraphs/notification: reading marks own notifications once",
    "Mutation.activateModel": "models belong to nobody; a matter of scopes",
    "Mutation.setRoles": "a matter of scopes alone: whoever may, may for every account",
}
"""Public operations with ids that this matrix leaves out, each with its reason."""


@dataclass(frozen=True, slots=True)
class Try:
    """An operation with ids that are not the caller's.

    Attributes:
        name: A root field, as in ``Query.order``.
        document: GraphQL whose variables are among those of `owned`.
        may: The callers to whom it belongs; they are not tried.
    """

    name: str
    service: str
    document: str
    may: frozenset[str] = field(default_factory=frozenset)


def _order_action(name: str, may: str) -> Try:
    document = f"""mutation ($order: ID!, $version: Int!) {{ {name}(id: $order, expectedVersion: $version) {{ __typename
      ... on OrderSuccess {{ order {{ id number shippingAddress {{ line1 }} }} }} ... on UserError {{ code }} }} }}"""
    return Try(f"Mutation.{name}", "order", document, frozenset({may}))


_PARTIES = frozenset({"buyer", "seller"})
_PLACING = '{ idempotencyKey: "k", lines: [{productId: "product-1", quantity: 1}], expectedTotal: 1490, currency: EUR'
TRIES = (
    Try(
        "Query.order",
        "order",
        "query ($order: ID!) { order(id: $order) { id number shippingAddress { line1 } timeline { to } } }",
        _PARTIES,
    ),
    Try(
        "Query.order",
        "order",
        "query ($number: String!) { order(number: $number) { id number: id shippingAddress { line1 } } }",
        _PARTIES,
    ),
    _order_action("cancelOrder", "buyer"),
    _order_action("confirmDelivery", "buyer"),
    _order_action("markShipped", "seller"),
    Try(
        "Query.checkoutPreview",
        "order",
        """query ($address: ID!) { checkoutPreview(input: {
           lines: [{productId: "product-1", quantity: 1}], addressId: $address}) { __typename
           ... on CheckoutPreview { total { amount } } ... on UserError { code } } }""",
        frozenset({"buyer"}),
    ),
    Try(
        "Mutation.placeOrder",
        "order",
        f"""mutation ($address: ID!) {{ placeOrder(input: {_PLACING}, addressId: $address }}) {{ __typename
           ... on OrderSuccess {{ order {{ id shippingAddress {{ line1 }} }} }} ... on UserError {{ code }} }} }}""",
        frozenset({"buyer"}),
    ),
    Try(
        "Query.payment",
        "payment",
        "query ($payment: ID!) { payment(id: $payment) { id status amount { amount } } }",
        frozenset({"buyer", "support"}),
    ),
    Try(
        "Mutation.startPayment",
        "payment",
        """mutation ($unpaid: ID!) { startPayment(input: {idempotencyKey: "k", orderId: $unpaid, method: "card_ok"}) {
           __typename ... on PaymentSuccess { payment { id } } ... on AlreadyPaidError { payment { id } }
           ... on PaymentDeclinedError { payment { id } } ... on UserError { code } } }""",
        frozenset({"buyer"}),
    ),
    Try(
        "Mutation.startPayment",
        "payment",
        """mutation ($order: ID!) { startPayment(input: {idempotencyKey: "k", orderId: $order, method: "card_ok"}) {
           __typename ... on PaymentSuccess { payment { id } } ... on AlreadyPaidError { payment { id } }
           ... on PaymentDeclinedError { payment { id } } ... on UserError { code } } }""",
        frozenset({"buyer"}),
    ),
    Try(
        "Mutation.refundPayment",
        "payment",
        """mutation ($payment: ID!) { refundPayment(paymentId: $payment, amount: 1, idempotencyKey: "k") { __typename
           ... on PaymentSuccess { payment { id } } ... on UserError { code } } }""",
        frozenset({"support"}),
    ),
    Try(
        "Query.product",
        "catalog",
        "query ($draft: ID!) { product(id: $draft) { id title description } }",
        frozenset({"seller"}),
    ),
    Try(
        "Mutation.updateProduct",
        "catalog",
        """mutation ($product: ID!) { updateProduct(id: $product, patch: {title: "Mine now"}, expectedVersion: 1) {
           __typename ... on ProductSuccess { product { id } } ... on VersionConflictError { currentVersion }
           ... on UserError { code } } }""",
        frozenset({"seller"}),
    ),
    Try(
        "Mutation.setProductStatus",
        "catalog",
        """mutation ($draft: ID!) { setProductStatus(id: $draft, status: PUBLISHED) { __typename
           ... on ProductSuccess { product { id title } } ... on UserError { code } } }""",
        frozenset({"seller"}),
    ),
    Try(
        "Query.account",
        "user",
        "query ($account: ID!) { account(id: $account) { id displayName ... on Buyer { email } } }",
    ),
)


@dataclass(frozen=True, slots=True)
class World:
    """A market with a buyer's orders and a seller's products.

    Attributes:
        owned: The variables of the tries.
        secrets: What no answer to anybody else may have.
    """

    services: Mapping[str, SubgraphUnderTest]
    tables: Mapping[str, tuple[Database, MetaData]]
    owned: Mapping[str, Any]
    secrets: tuple[str, ...]

    async def content(self) -> dict[str, list[str]]:
        """Every row of every table."""
        found: dict[str, list[str]] = {}
        for name, (database, metadata) in self.tables.items():
            async with database.reading() as session:
                for table in metadata.sorted_tables:
                    rows = await session.execute(select(table))
                    found[f"{name}.{table.name}"] = sorted(str(tuple(row)) for row in rows)
        return found


@pytest.fixture
async def world(money: MoneyMarket, more_urls: dict[str, str]) -> AsyncIterator[World]:
    order_id, payment_id = await money.paid("paid", "card_ok")
    unpaid = await money.orders.placed("unpaid")
    await money.work()
    order = await money.order(order_id)
    assert order.status == "PAID"
    async with AsyncExitStack() as stack:
        services = {"order": money.orders.order, "payment": money.payment}
        for name, url in money.orders.neighbours.items():
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, timeout=20))
            services[name] = SubgraphUnderTest(http)
        users = Database(more_urls["user_database_url"])
        stack.push_async_callback(users.close)
        yield World(
            services,
            {
                "order": (money.orders.database, OrderBase.metadata),
                "payment": (money.payments.database, PaymentBase.metadata),
                "catalog": (money.orders.catalog.database, CatalogBase.metadata),
                "user": (users, UserBase.metadata),
            },
            {
                "order": order_id,
                "number": order.number,
                "version": order.version,
                "unpaid": unpaid["id"],
                "payment": payment_id,
                "address": "address-1",
                "product": "product-1",
                "draft": "product-4",
                "account": "buyer-1",
            },
            (order_id, order.number, unpaid["id"], payment_id, "1 Long Street", "buyer1@example.test", "Cup 4", "1490"),
        )


async def test_nobody_reads_or_changes_what_is_somebody_elses(world: World) -> None:
    before = await world.content()
    leaks: list[str] = []
    for each in TRIES:
        for caller, identity in CALLERS.items():
            if caller in each.may:
                continue
            variables = {name: value for name, value in world.owned.items() if f"${name}:" in each.document}
            answer = await world.services[each.service].answer(each.document, variables, by=identity)
            leaks += [f"{each.name} shows {secret} to {caller}" for secret in world.secrets if secret in str(answer)]
            if "Success" in str(answer):
                leaks.append(f"{each.name} succeeds for {caller}: {answer}")
    assert leaks == []
    after = await world.content()
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


async def test_the_tries_are_good_ones_their_owner_has_an_answer(world: World) -> None:
    """A try that is refused for another reason, such as a misspelt field, would prove nothing."""
    refused: list[str] = []
    for each in TRIES:
        variables = {name: value for name, value in world.owned.items() if f"${name}:" in each.document}
        for caller in each.may or {"admin"}:
            identity = CALLERS.get(caller, account("admin-1", "ADMIN"))
            answer = await world.services[each.service].answer(each.document, variables, by=identity)
            data = next(iter((answer.get("data") or {}).values()), None)
            if data is None or data.get("code") in {"NOT_FOUND", "FORBIDDEN"}:
                refused.append(f"{each.name} by {caller}: {answer}")
    assert refused == []


def test_every_public_operation_with_an_id_is_tried_or_left_out_for_a_reason() -> None:
    schema = build_schema(API.read_text(), assume_valid=True)
    with_ids = {
        f"{root.name}.{name}"
        for root in (schema.query_type, schema.mutation_type)
        if root is not None
        for name, root_field in root.fields.items()
        if _takes_an_id(root_field, schema)
    }
    assert with_ids == {each.name for each in TRIES} | ELSEWHERE.keys()


def _takes_an_id(root_field: GraphQLField, schema: GraphQLSchema) -> bool:
    waiting, seen = [get_named_type(each.type) for each in root_field.args.values()], set()
    while waiting:
        kind = waiting.pop()
        if kind.name == "ID":
            return True
        if isinstance(kind, GraphQLInputObjectType) and kind.name not in seen:
            seen.add(kind.name)
            waiting += [get_named_type(each.type) for each in kind.fields.values()]
    return False
