import pytest

from workers.features.neighbours import MAX_BASKET, Neighbours, neighbours_of, no_neighbours


def test_three_shared_baskets_of_four_and_nine_are_a_similarity_of_three_tenths() -> None:
    baskets = [[0, 1]] * 3 + [[0]] + [[1]] * 6
    near = neighbours_of(baskets, count=2, k=5)
    assert near.rows[:, 0].tolist() == [1, 0]
    assert near.weights[:, 0].tolist() == pytest.approx([0.3, 0.3])


def test_the_nearest_come_first_and_only_k_are_kept() -> None:
    baskets = [[0, 1]] * 5 + [[0, 2]] * 3 + [[0, 3]]
    near = neighbours_of(baskets, count=4, k=2)
    assert [row for row, _ in near.of(0, 10)] == [1, 2]


def test_a_product_is_no_neighbour_of_itself() -> None:
    near = neighbours_of([[0, 0, 1], [0, 1, 1]], count=2, k=3)
    assert [row for row, _ in near.of(0, 3)] == [1]


def test_a_popular_product_is_not_everybodys_neighbour() -> None:
    baskets = [[0, 9], [0, 9], [0, 9], [0, 1], [0, 1], [0, 1], *[[9]] * 40]
    near = neighbours_of(baskets, count=10, k=5)
    assert [row for row, _ in near.of(0, 5)] == [1, 9]


def test_a_robots_basket_is_cut() -> None:
    near = neighbours_of([list(range(MAX_BASKET + 40))], count=MAX_BASKET + 40, k=MAX_BASKET + 40)
    assert len(near.of(0, 500)) == MAX_BASKET - 1
    assert near.of(MAX_BASKET + 10, 500) == []


def test_no_baskets_are_no_neighbours() -> None:
    assert neighbours_of([], count=3, k=2).of(1, 2) == []
    assert no_neighbours(3).of(2, 2) == []


def test_json_survives_another_order_of_the_catalogue_and_a_product_less() -> None:
    near = neighbours_of([[0, 1]] * 3 + [[0, 2]] * 2, count=3, k=2)
    again = Neighbours.from_json(near.to_json(["a", "b", "c"]), {"c": 0, "a": 1})
    assert [row for row, _ in again.of(1, 5)] == [0]
    assert [row for row, _ in again.of(0, 5)] == [1]
    assert again.weights[0, 0] == pytest.approx(near.weights[2, 0], abs=1e-5)
