from datetime import UTC, datetime
from typing import Any

import pytest

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.notification.events import notice_of
from subgraphs.notification.model import STATUS_TEMPLATES, VERIFY_EMAIL, Channel, Topic, check_choice, preferences
from subgraphs.notification.templates import (
    STARTING_TEXTS,
    Text,
    check_text,
    first_rendered,
    problem_of,
    render,
    samples_of,
)
from subgraphs.order.model import OrderStatus

PAID = ("order.paid", Channel.EMAIL)


def changed(after: str, *, before: str = "AWAITING_PAYMENT") -> Envelope:
    data: dict[str, Any] = {"before": before, "after": after, "buyer_id": "b", "order_id": "o", "number": "YM-1"}
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


@pytest.mark.parametrize("status", ["CANCELLED", "EXPIRED"])
def test_a_buyer_who_never_placed_an_order_is_told_nothing_of_its_end(status: str) -> None:
    assert notice_of(changed(status, before="PENDING")) is None
    assert notice_of(changed(status, before="AWAITING_PAYMENT")) is not None


@pytest.mark.parametrize("channel", ["PUSH", "EMAIL"])
def test_a_notice_of_a_cancellation_says_what_happens_to_the_money(channel: str) -> None:
    said = {}
    for before in ("AWAITING_PAYMENT", "PAID"):
        notice = notice_of(changed("CANCELLED", before=before))
        assert notice is not None
        said[before] = render(STARTING_TEXTS["order.cancelled", channel], {**notice.variables, "name": "Ann"}).body
    assert "comes back" in said["PAID"]
    assert "owe nothing" not in said["PAID"]
    assert "owe nothing" in said["AWAITING_PAYMENT"]
    assert "comes back" not in said["AWAITING_PAYMENT"]


def test_every_starting_text_renders_with_what_it_is_given() -> None:
    for (key, channel), text in STARTING_TEXTS.items():
        given = {
            "order_number": "YM-1",
            "name": "Ann",
            "was_paid": True,
            "verification_link": "https://a.test/#token=b",
        }
        rendered = render(text, given)
        assert rendered.missing == (), (key, channel)
        assert rendered.subject
        assert ("YM-1" in rendered.subject) == key.startswith("order.")


def test_every_starting_text_can_be_saved_again() -> None:
    problems = {place: problem_of(text, place[0], Channel(place[1])) for place, text in STARTING_TEXTS.items()}
    assert set(problems.values()) == {None}


@pytest.mark.parametrize("before", ["AWAITING_PAYMENT", "PAID"])
def test_the_samples_of_a_key_are_the_variables_of_its_notices(before: str) -> None:
    notices = [notice for status in OrderStatus if (notice := notice_of(changed(status.value, before=before)))]
    assert {notice.template for notice in notices} == STATUS_TEMPLATES
    for notice in notices:
        assert samples_of(notice.template, Channel.PUSH).keys() == notice.variables.keys()
        assert samples_of(notice.template, Channel.EMAIL).keys() == {*notice.variables, "name"}


@pytest.mark.parametrize(
    ("key", "channel", "variable", "is_given"),
    [
        ("order.paid", Channel.EMAIL, "was_paid", False),
        ("order.cancelled", Channel.EMAIL, "was_paid", True),
        ("order.paid", Channel.EMAIL, "verification_link", False),
        (VERIFY_EMAIL, Channel.EMAIL, "verification_link", True),
        (VERIFY_EMAIL, Channel.EMAIL, "order_number", False),
        (VERIFY_EMAIL, Channel.PUSH, "verification_link", False),
        ("order.paid", Channel.PUSH, "name", False),
        ("order.paid", Channel.SMS, "name", True),
        ("sale.begins", Channel.EMAIL, "order_number", False),
        ("sale.begins", Channel.EMAIL, "name", True),
    ],
)
def test_a_text_has_the_variables_of_its_own_keys_notices(
    key: str, channel: Channel, variable: str, is_given: bool
) -> None:
    for text in (Text("s", f"{{{{ {variable} }}}}"), Text(f"{{{{ {variable} }}}}", "b")):
        assert (problem_of(text, key, channel) is None) is is_given


def test_a_missing_variable_is_named_and_never_a_hole() -> None:
    rendered = render(Text("{{ a }}", "{{ a }} and {{ b }}"), {"a": 1})
    assert (rendered.subject, rendered.body, rendered.missing) == ("1", "1 and {b}", ("b",))


@pytest.mark.parametrize("body", ["", "{{ a", "x" * 20_001])
def test_what_is_no_template_is_refused(body: str) -> None:
    with pytest.raises(InvalidInput):
        check_text(Text("s", body), *PAID)


@pytest.mark.parametrize(
    "body",
    [
        "{{ 1 / 0 }}", "{{ 'a' * 1000000000 }}", "{{ 10 ** 100000 }}", "{{ name.upper() }}", "{% for a in range(100000) %}a{% endfor %}",
        "{% for a in name %}{% for b in name %}x{% endfor %}{% endfor %}", "{% set a = name %}{{ a }}", "{{ name|center(1000000) }}",
        "{{ name|replace('a', 'aaaa') }}", "{% macro m() %}{% endmacro %}", "{% include 'x' %}", "{{ '%1000000000d' % 1 }}",
        "{{ name ~ name }}", "(" * 3 + "{{ " + "(" * 5_000 + "}}", "{% if name %}" * 100 + "{% endif %}" * 100, "{{ name.missing.more }}",
        "a\0b", "a\u202eb",
    ],
)  # fmt: skip
def test_what_may_fail_or_grow_without_bound_is_refused_before_it_is_saved(body: str) -> None:
    with pytest.raises(InvalidInput):
        check_text(Text("s", body), *PAID)


@pytest.mark.parametrize("subject", ["Order\n{{ order_number }}", "Order\r\nBcc: victim@example.test", "x" * 301, " "])
def test_a_subject_that_is_no_single_line_is_refused(subject: str) -> None:
    with pytest.raises(InvalidInput):
        check_text(Text(subject, "b"), *PAID)


def test_conditions_filters_and_a_loop_over_data_are_templates() -> None:
    text = Text(
        "{{ name|upper }}",
        "{% if lines %}{% for line in lines %}{{ line.title|title }}; {% endfor %}{% else %}none{% endif %}",
    )
    check_text(Text(text.subject, "{% if name == 'Ann' %}you{% else %}{{ name|default('x') }}{% endif %}"), *PAID)
    assert render(text, {"name": "ann", "lines": [{"title": "red cup"}, {"title": "pan"}]}).body == "Red Cup; Pan; "


def test_a_rendered_subject_is_one_line_and_fits_the_inbox_and_a_body_is_bounded() -> None:
    rendered = render(Text("Hello {{ name }}", "b"), {"name": "Ann\r\nBcc: x@example.test " + "y" * 400})
    assert rendered.subject is not None
    assert "\n" not in rendered.subject
    assert "\r" not in rendered.subject
    assert len(rendered.subject) == 300
    with pytest.raises(InvalidInput):
        render(Text("s", "{{ name }}" * 100), {"name": "y" * 1_000})


def test_a_version_that_cannot_be_rendered_is_passed_over_for_an_older_one() -> None:
    texts = [Text("s", "{{ 1/0 }}"), Text("s", "{{ unknown }}"), Text("s", "{{ name }}"), Text("s", "older")]
    assert first_rendered(texts, {"name": "Ann"}) == (2, render(texts[2], {"name": "Ann"}))
    assert first_rendered(texts[:2], {"name": "Ann"}) is None
    assert [problem_of(text, *PAID) is None for text in texts] == [False, False, True, True]


@pytest.mark.parametrize("body", ["{{ ''.__class__.__mro__ }}", "{{ a.__init__.__globals__ }}"])
def test_the_sandbox_keeps_python_out(body: str) -> None:
    with pytest.raises(InvalidInput):
        render(Text("s", body), {"a": 1})
