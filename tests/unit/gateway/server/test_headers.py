"""Repeated header lines: joined where a header is a list, refused where it has one value."""

import pytest

from gateway.errors import ClientError
from gateway.server.headers import SINGLETONS, combine_headers, refuse_repeated


def test_the_lines_of_a_list_are_joined_in_order() -> None:
    lines = [(b"accept", b"text/html"), (b"host", b"x"), (b"accept", b"application/json")]
    assert combine_headers(lines) == {b"accept": b"text/html, application/json", b"host": b"x"}
    refuse_repeated(lines, SINGLETONS)


@pytest.mark.parametrize("name", sorted(SINGLETONS))
def test_a_header_with_one_value_is_not_repeated(name: bytes) -> None:
    with pytest.raises(ClientError) as refused:
        refuse_repeated([(name, b"1"), (b"accept", b"*/*"), (name, b"1")], SINGLETONS)
    assert refused.value.code == "REPEATED_HEADER"
