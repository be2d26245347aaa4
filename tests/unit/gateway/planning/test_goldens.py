"""Plans of hard cases, as printed; each query's file name says what its plan must show."""

import pytest

from tests.support.planning import Golden, goldens


@pytest.mark.parametrize("golden", goldens(), ids=lambda golden: golden.name)
def test_plan_is_as_agreed(golden: Golden) -> None:
    assert golden.printed() == golden.expected.read_text(encoding="utf-8")


def test_every_golden_plan_has_its_query() -> None:
    assert goldens()
    folder = goldens()[0].query.parents[1]
    orphans = set(folder.glob("*/*.plan.txt")) - {golden.expected for golden in goldens()}
    assert not orphans
