from typing import Any

import pytest

from subgraphs.config.conditions import Subject, both, compiled
from subgraphs.kit.runtime.refusals import InvalidInput

IOS = Subject("ios", "2.10.1", locale="de-DE", account_id="a", roles=frozenset({"SELLER"}))


def on(attribute: str, op: str, value: Any) -> dict[str, Any]:
    return {"attribute": attribute, "op": op, "value": value}


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        (on("platform", "eq", "ios"), True),
        (on("platform", "ne", "ios"), False),
        (on("platform", "in", ["android", "ios"]), True),
        (on("locale", "startsWith", "de"), True),
        (on("appVersion", "gte", "2.9"), True),
        (on("appVersion", "gte", "2.10.2"), False),
        (on("appVersion", "lt", "2.11"), True),
        (on("roles", "contains", "SELLER"), True),
        (on("anonymousId", "eq", "x"), False),
        (on("anonymousId", "ne", "x"), True),
        ({"not": on("platform", "eq", "ios")}, False),
        ({"all": [on("platform", "eq", "ios"), on("locale", "eq", "en")]}, False),
        ({"any": [on("platform", "eq", "ios"), on("locale", "eq", "en")]}, True),
        ({"all": []}, True),
        ({"any": []}, False),
    ],
)
def test_a_condition_means_what_it_says(written: dict[str, Any], holds: bool) -> None:
    assert compiled(written)(IOS) is holds


@pytest.mark.parametrize(
    "written",
    [
        [],
        "ios",
        {"platform": "ios"},
        on("shoe_size", "eq", "43"),
        on("platform", "matches", ".*"),
        on("platform", "in", "ios"),
        on("platform", "eq", ["ios"]),
        on("roles", "eq", "SELLER"),
        {**on("platform", "eq", "ios"), "extra": 1},
        {"all": [{}] * 51},
        {"all": [{"any": [on("platform", "eq", "ios")] * 50}] * 5},
        on("platform", "in", [1]),
        on("platform", "in", ["a"] * 501),
        on("platform", "eq", "a" * 201),
        on("appVersion", "gte", "9" * 5_000),
        on("appVersion", "gte", "1.2.3.4.5"),
        on("appVersion", "lt", "latest"),
        on("appVersion", "lt", "\u0661"),
    ],
)
def test_what_is_not_of_the_language_is_refused(written: Any) -> None:
    with pytest.raises(InvalidInput):
        compiled(written)


def test_a_deep_condition_is_refused_before_it_costs_anything() -> None:
    written: dict[str, Any] = on("platform", "eq", "ios")
    for _ in range(5_000):
        written = {"not": written}
    with pytest.raises(InvalidInput):
        compiled(written)


@pytest.mark.parametrize(
    "sent",
    ["9" * 5_000, "1." + "9" * 5_000, "." * 5_000, "\u0669" * 5_000, "", "-", "1" * 11, "latest"],
    ids=["digits", "second", "dots", "arabic", "empty", "dash", "eleven", "word"],
)
def test_whatever_version_a_client_sends_is_compared(sent: str) -> None:
    at_least, below = (compiled(on("appVersion", op, "999999999.2")) for op in ("gte", "lt"))
    subject = Subject("web", sent)
    assert at_least(subject) is not below(subject)
    assert at_least(subject) is (sent[:1] in {"9", "\u0669"} or sent == "1" * 11)


def test_a_segment_and_a_condition_hold_both() -> None:
    predicate = both("sellers", on("platform", "eq", "ios"))
    assert predicate is not None
    assert predicate(IOS)
    assert not predicate(Subject("ios", "1"))
    assert both(None, None) is None
    with pytest.raises(InvalidInput):
        both("moonwalkers", None)
