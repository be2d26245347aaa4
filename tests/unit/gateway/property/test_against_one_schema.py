"""Random worlds: the gateway over a split schema answers as one schema over the same data would."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.worlds.trials import run_trials


@examples(30)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_answer_is_that_of_one_schema(seed: int) -> None:
    """An example is a world with four operations."""
    for trial in asyncio.run(run_trials(seed)):
        assert trial.answered == trial.expected, trial.shown
