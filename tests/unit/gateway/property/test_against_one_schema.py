"""Random worlds: the gateway over a split schema answers as one schema over the same data would."""

import asyncio

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.laboratory.worlds.trials import run_trials
from tests.support.examples import examples

AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking by Hypothesis: a smaller seed is no smaller world. A trial that fails makes its world and operation smaller itself."""


@settings(examples(250), phases=AS_DRAWN)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_answer_is_that_of_one_schema(seed: int) -> None:
    """An example is a world with eight operations: composing it costs as much as four of them."""
    for trial in asyncio.run(run_trials(seed)):
        assert trial.answered == trial.expected, trial.shown
