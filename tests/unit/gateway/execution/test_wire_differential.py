"""Our HTTP client beside h11 on the same bytes: what ours takes for an answer is one for h11, and no connection is used again that
h11 would not use again. Where they differ, ours refuses more.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laboratory.wire_answers import answers, judged_by_h11, judged_by_us
from tests.support.examples import examples

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"


@examples(1_500)
@given(pieces=answers(), is_closed=st.booleans())
def test_what_is_an_answer_for_us_is_the_same_one_for_h11(pieces: list[bytes], is_closed: bool) -> None:
    ours, oracle = judged_by_us(pieces, is_closed=is_closed), judged_by_h11(b"".join(pieces), is_closed=is_closed)
    if ours.kind == "whole":
        assert (oracle.kind, oracle.status, oracle.body) == ("whole", ours.status, ours.body)
    # h11 keeps no connection to HTTP/1.0, which may ask for it.
    if ours.is_reusable and b"HTTP/1.0" not in b"".join(pieces):
        assert oracle.is_reusable


@examples(500)
@given(pieces=answers())
def test_how_an_answer_is_cut_into_pieces_changes_nothing(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    in_bytes = judged_by_us([whole[at : at + 1] for at in range(len(whole))], is_closed=True)
    at_once = judged_by_us([whole], is_closed=True)
    assert (in_bytes.kind, in_bytes.status, in_bytes.body) == (at_once.kind, at_once.status, at_once.body)


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
        OK + b"Transfer-Encoding: ,chunked\r\n\r\n" + CHUNKS,
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
        OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNKS,
        OK + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
        OK + b'Transfer-Encoding: "chunked"\r\n\r\n' + CHUNKS,
        OK + b"Transfer-Encoding: identity\r\n\r\n{}",
    ],
)
def test_a_transfer_coding_other_than_chunked_is_refused(answer: bytes) -> None:
    assert judged_by_us([answer], is_closed=True).kind == "refused"
    assert judged_by_h11(answer, is_closed=True).kind == "refused"


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Length: 2, 2\r\n\r\n{}",
        OK + b"X: a\r\n folded\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n",
    ],
)
def test_what_h11_lets_pass_is_refused(answer: bytes) -> None:
    assert judged_by_h11(answer, is_closed=False).kind == "whole"
    assert judged_by_us([answer], is_closed=False).kind == "refused"


@pytest.mark.parametrize(
    "surplus",
    [b"x", b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.1 200 OK\r\nConte", OK + b"Content-Length: 2\r\n\r\n[]"],
)
def test_a_connection_with_more_than_its_answer_carries_nothing_more(surplus: bytes) -> None:
    verdict = judged_by_us([OK + b"Content-Length: 2\r\n\r\n{}" + surplus], is_closed=False)
    assert (verdict.kind, verdict.body, verdict.is_reusable) == ("whole", b"{}", False)
