"""Rules read what clients send: canonical, bounded, visible; see `kit.runtime.rules`."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit.runtime.json_values import check_json, parse_json
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import ID, MalformedId, RangeRule, TextRule, TokenRule

NAME = TextRule(10, least=1)
STORY = TextRule(40, has_lines=True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  Anna ", "Anna"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("\u0646\u06cc\u200c\u0634", "\u0646\u06cc\u200c\u0634"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("a\u00a0b", "a\u00a0b"),
    ],
    ids=["trimmed", "composed", "hangul", "persian", "family", "flag", "no-break space"],
)
def test_a_name_is_read_in_its_canonical_form(written: str, read: str) -> None:
    assert NAME.read(written) == read


@pytest.mark.parametrize(
    "written",
    ["", "   ", "a" * 11, "a\0b", "a\nb", "a\x85b", "a\u202eb", "a\u200bb", "\u200d", "\u3164", "\u0301", "a\ud800", "a\u2028b",
     "\ue000", "x\u200d", "\U000e0041"],
    ids=["empty", "blank", "long", "NUL", "line", "C1", "override", "zero width", "joiner", "filler", "mark", "surrogate",
         "separator", "private", "joiner at the end", "tag alone"],
)  # fmt: skip
def test_a_name_that_cannot_be_kept_or_seen_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput):
        NAME.read(written)


def test_text_of_several_lines_keeps_lines_and_marks_and_has_one_kind_of_line_end() -> None:
    assert STORY.read("one\r\ntwo\rthree\t\u200e.") == "one\ntwo\nthree\t\u200e."
    for refused in ("a\0", "a\u202e", "a\x1b[2J", "\ud83d"):
        with pytest.raises(InvalidInput):
            STORY.read(refused)


def test_text_is_measured_after_it_is_normalised_and_a_huge_one_before() -> None:
    assert NAME.read("e\u0301" * 10) == "\u00e9" * 10
    with pytest.raises(InvalidInput):
        NAME.read("\u0958" * 6)  # its normal form is two characters long
    with pytest.raises(InvalidInput):
        NAME.read("e\u0301" * 1_000_000)


@given(st.text(max_size=60))
def test_what_a_rule_reads_is_stored_and_read_again_as_it_is(written: str) -> None:
    for rule in (NAME, STORY, TextRule(20, is_trimmed=False), TokenRule(20), ID):
        try:
            read = rule.read(written)
        except InvalidInput:
            continue
        assert rule.read(read) == read
        assert len(read) <= rule.most
        assert "\0" not in read
        assert read.encode().decode() == read == unicodedata.normalize("NFC", read)


def test_an_id_has_one_form_and_what_is_no_uuid_names_nothing() -> None:
    assert ID.read("0192F0C1-2D3E-7A4B-8C5D-6E7F8A9B0C1D") == "0192f0c1-2d3e-7a4b-8c5d-6e7f8a9b0c1d"
    assert ID.read("p-1") == "p-1"
    for malformed in ("", "a" * 37, "a\0", "\u00e9", "a b"):
        with pytest.raises(MalformedId):
            ID.read(malformed)


def test_tokens_and_numbers_have_their_bounds() -> None:
    assert TokenRule(3).read("a~1") == "a~1"
    for wrong in ("abcd", "a b", "\u00e9", "a\n"):
        with pytest.raises(InvalidInput):
            TokenRule(3).read(wrong)
    assert RangeRule(0, 100).read(100) == 100
    for number in (-1, 101):
        with pytest.raises(InvalidInput):
            RangeRule(0, 100).read(number)


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**64), float("inf"), float("nan"), "a\0", "\ud800", {"\0": 1}, ["x" * 30_000], [0] * 1_001],
    ids=["53 bits", "64 bits", "infinite", "no number", "NUL", "surrogate", "key", "long", "many"],
)
def test_json_that_a_client_or_a_database_cannot_take_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput):
        check_json(value)


def test_json_is_nested_only_so_deep() -> None:
    assert parse_json('{"a": [1, 2.5, true, null, "x"]}', "value") == {"a": [1, 2.5, True, None, "x"]}
    for text in ("[" * 18 + "]" * 18, "[" * 5_000 + "]" * 5_000, "{", '"\ud800"', "1" * 30_000):
        with pytest.raises(InvalidInput):
            parse_json(text, "value")
