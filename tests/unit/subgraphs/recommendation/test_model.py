"""The rules of slates and models, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.recommendation import model
from subgraphs.recommendation.errors import BelowBaseline
from subgraphs.recommendation.model import Question, filled_up, viewer_of

NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)
TREE = [("home", None), ("cups", "home"), ("mugs", "cups"), ("paper", None)]


def test_a_viewer_is_the_account_or_else_the_device_or_else_nobody() -> None:
    assert viewer_of("ann", "phone") == "account:ann"
    assert viewer_of(None, "phone") == viewer_of("", "phone") == "device:phone"
    assert viewer_of(None, None) == viewer_of("", "") == "nobody"
    accounts = [Question(viewer, None).account_id for viewer in ("account:ann", "device:account", "nobody")]
    assert accounts == ["ann", None, None]


def test_a_slate_says_when_it_was_made_and_is_fresh_for_half_an_hour() -> None:
    slate_id = uuid7(NOW)
    assert model.made_at(slate_id) == NOW
    assert model.is_fresh(slate_id, now=NOW + model.FRESH_FOR - timedelta(seconds=1))
    assert not model.is_fresh(slate_id, now=NOW + model.FRESH_FOR)


def test_a_model_serves_only_if_it_is_better_than_the_baseline() -> None:
    model.check_gate(0.51, 0.5)
    for worse in (0.5, 0.49, 0.0):
        with pytest.raises(BelowBaseline) as refused:
            model.check_gate(worse, 0.5)
        assert (refused.value.metric, refused.value.candidate, refused.value.baseline) == ("NDCG@10", worse, 0.5)


def test_a_subtree_is_the_category_and_all_below_it() -> None:
    assert model.subtree("home", TREE) == {"home", "cups", "mugs"}
    assert model.subtree("mugs", TREE) == {"mugs"}
    assert model.subtree("unknown", TREE) == {"unknown"}


@pytest.mark.parametrize("size", [0, -1, 501])
def test_a_slate_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(InvalidInput):
        model.check_size(size)


def test_sizes_within_their_bounds_are_what_is_asked_for() -> None:
    assert [model.check_size(size) for size in (1, 500)] == [1, 500]
    assert [model.NEIGHBOURS.read(first) for first in (0, 40)] == [0, 40]
    for wrong in (-1, 41):
        with pytest.raises(InvalidInput):
            model.NEIGHBOURS.read(wrong)


def test_a_device_whose_viewer_no_database_can_keep_is_none() -> None:
    assert len(model.viewer_of(None, model.DEVICE_ID.read("a" * 64))) <= 80
    for wrong in ("a" * 65, "a\0", "a\nb", ""):
        with pytest.raises(InvalidInput):
            model.DEVICE_ID.read(wrong)


@given(
    near=st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=8),
    market=st.permutations("abcdefghij"),
    size=st.integers(0, 12),
)
def test_one_more_of_the_category_than_wanted_is_enough_to_fill_up(
    near: list[str], market: list[str], size: int
) -> None:
    filled = filled_up(near, market[: size + 1], product_id="a", size=size)
    assert filled == filled_up(near, market, product_id="a", size=size)
    own = [each for each in near if each != "a"]
    assert filled[: len(own)] == own[:size]
    assert len(filled) == len(set(filled)) == min(size, 9)
    assert "a" not in filled
