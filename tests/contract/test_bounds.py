"""Every text that comes in and every text that is kept is bounded, and both bounds are one where they meet."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from graphql import build_ast_schema, get_named_type, parse
from sqlalchemy import Column
from sqlalchemy import String as AnyString
from sqlalchemy.types import TypeDecorator

from subgraphs import DATABASES, SERVICES
from subgraphs.catalog import model as catalog
from subgraphs.catalog.model import ATTRIBUTE_TEXT, MAX_STOCK
from subgraphs.feed import model as feed
from subgraphs.kit.graph.connections import PageSize
from subgraphs.kit.graph.described_limits import limits_of
from subgraphs.kit.graph.export import sdl
from subgraphs.kit.graph.input_checks import rules_of
from subgraphs.kit.graph.inputs import inputs_of
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import Stated
from subgraphs.kit.storage.pagination import MAX_PAGE_SIZE, InvalidPage, PageRequest
from subgraphs.kit.storage.types import LongText, String
from subgraphs.order import model as order
from subgraphs.order.graph.inputs import MAX_LINES
from subgraphs.order.model import MAX_QUANTITY
from subgraphs.order.quote import Line
from subgraphs.recommendation import model as recommendation
from subgraphs.user.model import NAME
from tests.support.subgraph_schemas import schema_of

PAGE = next(each for each in get_args(PageSize) if isinstance(each, Stated))
TABLES = [database.replace("_", ".") for database in DATABASES]

WITHOUT_A_RULE = {
    # One bad event is rejected by `feed.model.refusal_of`; a rule would refuse its whole batch.
    "BehaviourEventInput.id",
    "BehaviourEventInput.productId",
    "BehaviourEventInput.trackingToken",
    # Compared with what is there: any number that is not the current version is refused.
    "FlagInput.expectedVersion",
    "Mutation.cancelOrder(expectedVersion:)",
    "Mutation.confirmDelivery(expectedVersion:)",
    "Mutation.markShipped(expectedVersion:)",
    "Mutation.rollbackFlag(toVersion:)",
    "Mutation.updateProduct(expectedVersion:)",
    "UpdateBuyerProfileInput.expectedVersion",
}

MEET = {
    "user": {
        "SignUpInput.email": "accounts.email",
        "SignUpInput.displayName": "buyers.display_name",
        "SignUpInput.locale": "buyers.locale",
        "UpdateBuyerProfileInput.displayName": "buyers.display_name",
        "UpdateBuyerProfileInput.locale": "buyers.locale",
        "AddressInput.line1": "addresses.line1",
        "AddressInput.line2": "addresses.line2",
        "AddressInput.city": "addresses.city",
        "AddressInput.postalCode": "addresses.postal_code",
        "AddressInput.country": "addresses.country",
        "RegisterSellerInput.displayName": "sellers.display_name",
        "RegisterSellerInput.slug": "sellers.slug",
        "RegisterSellerInput.about": "sellers.about",
        "Query.seller(slug:)": "sellers.slug",
        "Query.account(id:)": "accounts.id",
        "Mutation.setRoles(accountId:)": "accounts.id",
    },
    "catalog": {
        "ProductInput.title": "products.title",
        "ProductInput.description": "products.description",
        "ProductInput.categoryId": "categories.id",
        "ProductPatch.title": "products.title",
        "ProductPatch.description": "products.description",
        "ProductPatch.categoryId": "categories.id",
        "AttributeValueInput.code": "attribute_definitions.code",
        "AttributeValueInput.text": "product_attributes.text",
        "AttributeFilter.code": "attribute_definitions.code",
        "AttributeFilter.in": "product_attributes.text",
        "Query.product(id:)": "products.id",
        "Query.product(slug:)": "products.slug",
        "Query.category(slug:)": "categories.slug",
        "Mutation.reserveStock(orderId:)": "reservations.order_id",
    },
    "recommendation": {
        "Query.rankedSlate(slateId:)": "slates.id",
        "Query.rankedSlate(categoryId:)": "slates.category_id",
    },
    "order": {
        "Query.order(id:)": "orders.id",
        "Query.order(number:)": "orders.number",
        "Mutation.cancelOrder(reason:)": "order_changes.reason",
        "Mutation.markShipped(trackingNumber:)": "order_items.tracking_number",
        "PlaceOrderInput.idempotencyKey": "idempotency_keys.key",
        "PaymentResultInput.paymentId": "orders.payment_id",
    },
    "payment": {
        "StartPaymentInput.idempotencyKey": "idempotency_keys.key",
        "StartPaymentInput.orderId": "payments.order_id",
        "StartPaymentInput.method": "payments.method",
        "StartPaymentInput.returnUrl": "payments.return_url",
        "Mutation.refundPayment(idempotencyKey:)": "idempotency_keys.key",
    },
    "notification": {
        "TemplateInput.key": "templates.key",
        "TemplateInput.locale": "templates.locale",
        "TemplateInput.subject": "templates.subject",
        "TemplateInput.body": "templates.body",
        "Mutation.registerPushDevice(token:)": "push_devices.token",
        "Mutation.registerPushDevice(platform:)": "push_devices.platform",
        "Mutation.markNotificationsRead(ids:)": "notifications.id",
    },
    "config": {
        "FlagInput.key": "flags.key",
        "FlagInput.description": "flags.description",
        "FlagInput.owner": "flags.owner",
        "FlagInput.defaultVariant": "flags.default_variant",
        "FlagInput.offVariant": "flags.off_variant",
        "FlagInput.schemaJson": "flags.schema_json",
        "Mutation.killFlag(reason:)": "flag_changes.comment",
        "Mutation.reviveFlag(reason:)": "flag_changes.comment",
    },
}


def _text_columns(name: str) -> Iterator[tuple[str, Column[str]]]:
    metadata = import_module(f"subgraphs.{name}.tables").Base.metadata
    for table in metadata.tables.values():
        for column in table.columns:
            type_ = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
            if isinstance(type_, AnyString):
                yield f"{table.name}.{column.name}", column


@pytest.mark.parametrize("name", SERVICES)
def test_every_text_id_and_number_that_comes_in_has_a_rule(name: str) -> None:
    stated = list(rules_of(schema_of(name)._schema))
    assert stated
    assert [coordinate for coordinate, _, rule in stated if rule is None and coordinate not in WITHOUT_A_RULE] == []


@pytest.mark.parametrize("name", TABLES)
def test_every_text_column_has_a_length_that_both_databases_enforce(name: str) -> None:
    columns = dict(_text_columns(name))
    assert columns
    assert [where for where, column in columns.items() if not isinstance(column.type, String | LongText)] == []


@pytest.mark.parametrize("name", MEET)
def test_an_input_and_its_column_have_the_same_bound(name: str) -> None:
    inputs = {coordinate: getattr(rule, "most", None) for coordinate, _, rule in rules_of(schema_of(name)._schema)}
    columns = {where: getattr(column.type, "most", None) for where, column in _text_columns(name)}
    different = {
        (coordinate, where): (inputs[coordinate], columns[where])
        for coordinate, where in MEET[name].items()
        if inputs[coordinate] != columns[where]
    }
    assert different == {}


@pytest.mark.parametrize("name", SERVICES)
def test_what_may_be_sent_is_described_where_a_client_reads_it(name: str) -> None:
    schema = schema_of(name)
    published = build_ast_schema(parse(sdl(schema)), assume_valid=True)
    described = {coordinate: given.description or "" for coordinate, given in inputs_of(published)}
    bounded = {coordinate: limits_of(given) for coordinate, given in inputs_of(schema._schema)}
    assert any(bounded.values())
    missing = {
        coordinate: limits
        for coordinate, limits in bounded.items()
        if not all(limit in described[coordinate] for limit in limits)
    }
    assert missing == {}


def test_clients_are_told_every_limit_that_is_checked() -> None:
    api = build_ast_schema(parse(Path("schema/api.graphql").read_text()), assume_valid=True)
    told = {coordinate: given.description for coordinate, given in inputs_of(api)}
    assert told["SignUpInput.displayName"] == f"{NAME.least} to {NAME.most} characters"
    assert told["PlaceOrderInput.lines"] == f"At most {MAX_LINES} items"
    assert told["CheckoutLineInput.quantity"] == f"From 1 to {MAX_QUANTITY}"
    assert told["Query.products(first:)"] == f"From 0 to {MAX_PAGE_SIZE}"
    assert told["AttributeFilter.in"] == f"At most 50 items. Each: 1 to {ATTRIBUTE_TEXT.most} characters"
    assert (told["ProductPatch.stock"] or "").endswith(f"From 0 to {MAX_STOCK}")
    texts = {coordinate: each.type for coordinate, each in inputs_of(api)}
    names = {"String", "ID", "Int"}
    untold = {where for where, type_ in texts.items() if get_named_type(type_).name in names and not told[where]}
    assert untold == WITHOUT_A_RULE


@pytest.mark.parametrize(
    ("stated", "least", "most", "check"),
    [
        (PAGE, 0, MAX_PAGE_SIZE, lambda n: PageRequest(first=n).size),
        (catalog.STOCK, 0, catalog.MAX_STOCK, catalog.check_stock),
        (catalog.PRICE, 1, catalog.MAX_PRICE, catalog.check_price),
        (catalog.RESERVED_QUANTITY, 1, catalog.MAX_QUANTITY, lambda n: catalog.check_reservation({"p": n})),
        (order.QUANTITY, 1, order.MAX_QUANTITY, lambda n: order.check_lines([Line("p", n)])),
        (recommendation.SIZE, 1, recommendation.MAX_SIZE, recommendation.check_size),
        (feed.PAGE_SIZE, 1, feed.MAX_PAGE_SIZE, feed.check_page),
    ],
    ids=["page", "stock", "price", "reserved", "quantity", "slate", "feed"],
)
def test_a_bound_that_is_stated_is_the_one_that_a_command_checks(
    stated: Stated, least: int, most: int, check: Callable[[int], object]
) -> None:
    assert stated.description.startswith(f"From {least} to {most}")
    for taken in (least, most):
        check(taken)
    for refused in (least - 1, most + 1):
        with pytest.raises((InvalidInput, InvalidPage)):
            check(refused)
