from datetime import UTC, datetime
from typing import Any

import pytest

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.notification.events import notice_of
from subgraphs.notification.model import Channel, Topic, check_choice, preferences
from subgraphs.notification.templates import STARTING_TEXTS, Text, check_text, render


def changed(after: str) -> Envelope:
    data: dict[str, Any] = {"after": after, "buyer_id": "b", "order_id": "o", "number": "YM-1"}
    return Envelope(
        id="e",
        type="order.status_changed",
        version=1,
        source="order",
        subject="o",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        data=data,
    )


def test_every_preference_is_listed_once_with_its_default() -> None:
    listed = {(each.topic, each.channel): each for each in preferences({})}
    assert len(listed) == len(Topic) * len(Channel)
    assert listed[Topic.ORDER, Channel.EMAIL].enabled
    assert not listed[Topic.MARKETING, Channel.EMAIL].enabled


def test_a_locked_preference_stays_as_it_is_whatever_was_chosen() -> None:
    listed = {(each.topic, each.channel): each for each in preferences({(Topic.SECURITY, Channel.EMAIL): False})}
    assert listed[Topic.SECURITY, Channel.EMAIL].enabled
    assert listed[Topic.SECURITY, Channel.EMAIL].locked
    with pytest.raises(InvalidInput):
        check_choice(Topic.SECURITY, Channel.EMAIL, enabled=False)
    check_choice(Topic.SECURITY, Channel.EMAIL, enabled=True)


@pytest.mark.parametrize(
    ("status", "template"),
    [("AWAITING_PAYMENT", "order.placed"), ("PAID", "order.paid"), ("CANCELLED", "order.cancelled")],
)
def test_the_buyer_is_told_of_a_status(status: str, template: str) -> None:
    notice = notice_of(changed(status))
    assert notice is not None
    assert (notice.template, notice.account_id, notice.order_number) == (template, "b", "YM-1")


def test_nobody_is_told_of_what_concerns_nobody() -> None:
    assert notice_of(changed("FULFILLING")) is None
    assert notice_of(changed("PAID").model_copy(update={"type": "order.placed"})) is None


def test_every_starting_text_renders_with_what_it_is_given() -> None:
    for (key, channel), text in STARTING_TEXTS.items():
        rendered = render(text, {"order_number": "YM-1", "name": "Ann"})
        assert rendered.missing == (), (key, channel)
        assert rendered.subject
        assert "YM-1" in rendered.subject


def test_a_missing_variable_is_named_and_never_a_hole() -> None:
    rendered = render(Text("{{ a }}", "{{ a }} and {{ b }}"), {"a": 1})
    assert (rendered.subject, rendered.body, rendered.missing) == ("1", "1 and {b}", ("b",))


@pytest.mark.parametrize("body", ["", "{{ a", "x" * 20_001])
def test_what_is_no_template_is_refused(body: str) -> None:
    with pytest.raises(InvalidInput):
        check_text(Text("s", body))


@pytest.mark.parametrize("body", ["{{ ''.__class__.__mro__ }}", "{{ a.__init__.__globals__ }}"])
def test_the_sandbox_keeps_python_out(body: str) -> None:
    with pytest.raises(InvalidInput):
        render(Text("s", body), {"a": 1})
