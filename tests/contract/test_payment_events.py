"""The events of payment are what their committed schemas say."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from subgraphs.kit.messaging.schemas import schema_text
from subgraphs.payment.events import PaymentCaptured, envelope, schemas

COMMITTED = Path(__file__).parents[2] / "schema" / "events"


@pytest.mark.parametrize("event_type", ["payment.captured", "payment.failed", "payment.refunded"])
def test_the_committed_schema_is_what_the_code_says(event_type: str) -> None:
    assert (COMMITTED / f"{event_type}.json").read_bytes() == schema_text(schemas()[event_type])


def test_an_event_has_the_parts_that_its_schema_requires() -> None:
    event = PaymentCaptured(
        payment_id="p", payment_version=2, order_id="o", buyer_id="b", status="CAPTURED", currency="EUR", amount=1
    )
    sent = json.loads(envelope(event, occurred_at=datetime(2026, 5, 1, tzinfo=UTC)).model_dump_json())
    schema = schemas()["payment.captured"]
    assert set(schema["required"]) <= set(sent) == set(schema["properties"])
    assert set(schema["properties"]["data"]["required"]) == set(sent["data"])
    assert (sent["type"], sent["source"], sent["subject"]) == ("payment.captured", "payment", "o")
