"""The rules of accounts."""

import pytest

from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.user import model


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("ann@example.org", "ann@example.org"),
        (" ANN@Example.ORG ", "ann@example.org"),
        ("ann+shop@example.org", "ann+shop@example.org"),
        ("buyer@yarmarka.test", "buyer@yarmarka.test"),
        ("ann@m\u00fcller.example.org", "ann@xn--mller-kva.example.org"),
        ("ann@mu\u0308ller.example.org", "ann@xn--mller-kva.example.org"),
        ("ann@xn--mller-kva.example.org", "ann@xn--mller-kva.example.org"),
    ],
)
def test_an_address_has_one_form(given: str, stored: str) -> None:
    assert model.email_of(given) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "x,victim@example.org",
        "ann@example.org,victim@example.org",
        "ann(comment)@example.org",
        '"ann"@example.org',
        "Ann <ann@example.org>",
        "\u0438\u0432\u0430\u043d@example.org",
        "ann@localhost",
        "ann@[192.0.2.1]",
        "ann..lee@example.org",
        "ann@example.org\r\nBcc: victim@example.org",
        "ann@exa\u200bmple.org",
        "a" * 65 + "@example.org",
        "ann@" + "a." * 125 + "org",
    ],
)
def test_what_mail_servers_read_in_several_ways_is_no_address(text: str) -> None:
    with pytest.raises(InvalidInput):
        model.email_of(text)


def test_a_password_is_measured_in_the_form_that_is_hashed() -> None:
    assert model.password_of("cafe\u0301 creme") == "caf\u00e9 creme"
    with pytest.raises(InvalidInput):
        model.password_of("e\u0301" * 4)
    with pytest.raises(InvalidInput):
        model.password_of("x" * 129)
    with pytest.raises(InvalidInput):
        model.password_of("\ufdfa" * 128)


@pytest.mark.parametrize(("given", "kept"), [(None, None), ("", None), ("  ", None), (" two ", "two")])
def test_an_optional_text_is_kept_or_absent(given: str | None, kept: str | None) -> None:
    assert model.optional_of(given, "input", "about", limit=10) == kept
