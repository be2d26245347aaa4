"""Random worlds: the gateway over a split schema answers as one schema over the same data would."""

import asyncio
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.worlds import run_trials

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "60"))
"""Worlds, with four operations each. The hour's run is `python -m tests.property.run --seconds 3600`."""


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_answer_is_that_of_one_schema(seed: int) -> None:
    for trial in asyncio.run(run_trials(seed)):
        assert trial.answered == trial.expected, trial.shown
