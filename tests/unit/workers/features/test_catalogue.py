import math

import numpy as np
import pytest

from tests.support.ranking import CATEGORIES, product, tiny
from workers.features.catalogue import catalogue_of


def test_a_price_level_is_the_distance_to_the_median_of_the_leaf() -> None:
    levels = tiny().price_levels[:3]
    assert levels == pytest.approx([-math.log(2), 0.0, math.log(2)])


def test_a_short_branch_repeats_its_leaf() -> None:
    facts = tiny().facts_of("pen-blue")
    assert facts is not None
    assert facts.path == ("paper", "pens", "pens")


def test_a_category_holds_what_is_below_it() -> None:
    catalogue = tiny()
    assert [catalogue.ids[row] for row in catalogue.rows_in_category("kitchen")] == [
        "kettle-10",
        "kettle-20",
        "kettle-40",
        "pan",
    ]
    assert len(catalogue.rows_in_category("unknown")) == 0


def test_an_unknown_product_has_no_facts() -> None:
    assert tiny().facts_of("nothing") is None


def test_a_product_of_an_unknown_category_is_refused() -> None:
    with pytest.raises(KeyError):
        catalogue_of([product("x", "no-such-category")], CATEGORIES)


def test_an_empty_catalogue_is_a_catalogue() -> None:
    empty = catalogue_of([], CATEGORIES)
    assert len(empty) == 0
    assert empty.paths.shape == (0, 3)
    assert np.array_equal(empty.rows_in_category("home"), np.empty(0, dtype=np.intp))
