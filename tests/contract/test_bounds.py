"""Every text that comes in and every text that is kept is bounded, and both bounds are one where they meet."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from sqlalchemy import Column
from sqlalchemy import String as AnyString
from sqlalchemy.types import TypeDecorator

from subgraphs.kit.graph.input_checks import rules_of
from subgraphs.kit.storage.types import LongText, String
from tests.support.subgraph_schemas import SUBGRAPHS, schema_of

TABLES = ("user", "catalog", "recommendation", "order", "order.analytics", "payment", "notification", "config")

WITHOUT_A_RULE = {
    # One bad event is rejected by `feed.model.refusal_of`; a rule would refuse its whole batch.
    "BehaviourEventInput.id",
    "BehaviourEventInput.productId",
    "BehaviourEventInput.trackingToken",
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


@pytest.mark.parametrize("name", SUBGRAPHS)
def test_every_text_and_id_that_comes_in_has_a_rule(name: str) -> None:
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
