"""Every bug can be made: its place in the code is where `tests.seeded` looks for it."""

import pytest

from tests.seeded.bugs import BUGS


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_can_be_made_and_undone(name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        BUGS[name].seed(patch)
        assert patch._setattr, "it changes something"
