import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.training.metrics import mean_ndcg, ndcg, recall


def test_ndcg_by_hand() -> None:
    gains, scores = np.array([1.0, 0.0, 4.0]), np.array([3.0, 2.0, 1.0])
    ranked = 1.0 / 1.0 + 0.0 + 4.0 / math.log2(4)
    ideal = 4.0 / 1.0 + 1.0 / math.log2(3)
    assert ndcg(gains, scores, k=10) == pytest.approx(ranked / ideal)


def test_ndcg_looks_at_the_first_k_only() -> None:
    gains, scores = np.array([0.0, 0.0, 1.0]), np.array([3.0, 2.0, 1.0])
    assert ndcg(gains, scores, k=2) == 0.0
    assert ndcg(gains, -scores, k=2) == 1.0


def test_nothing_to_gain_has_no_ndcg_and_is_left_out_of_the_mean() -> None:
    gains, scores = np.array([0.0, 0.0, 1.0, 0.0]), np.array([1.0, 2.0, 2.0, 1.0])
    assert math.isnan(ndcg(gains[:2], scores[:2], k=10))
    assert mean_ndcg(gains, scores, np.array([2, 2], dtype=np.int32), k=10) == 1.0
    assert math.isnan(mean_ndcg(gains[:2], scores[:2], np.array([2], dtype=np.int32), k=10))


@given(st.lists(st.floats(0, 4), min_size=1, max_size=30), st.integers(1, 12), st.randoms())
def test_ndcg_is_between_0_and_1_and_the_right_order_reaches_1(listed: list[float], k: int, chance: object) -> None:
    gains = np.array(listed)
    scores = np.array([chance.random() for _ in listed])  # type: ignore[attr-defined]
    if gains.max() < 1e-6:
        return
    assert 0.0 <= ndcg(gains, scores, k=k) <= 1.0 + 1e-9
    assert ndcg(gains, gains, k=k) == pytest.approx(1.0)


def test_recall_by_hand() -> None:
    shown = ["a", "b", "c", "d"]
    assert recall(shown, {"b", "d", "x", "y"}, k=3) == pytest.approx(1 / 3)
    assert recall(shown, {"b"}, k=3) == 1.0
    assert math.isnan(recall(shown, set(), k=3))
