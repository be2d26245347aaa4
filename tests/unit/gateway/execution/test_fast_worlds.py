"""Random worlds once more, with every plan compiled: the fast path answers as one schema over the same data would."""

import asyncio

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.execution import executor as executor_module
from gateway.execution.executor import Executable, Executor
from gateway.operation.model import Operation
from gateway.planning.plan import Plan
from tests.laboratory.worlds.trials import run_trials
from tests.support.examples import examples


@settings(examples(30), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_compiled_plans_answer_as_one_schema_would(seed: int) -> None:
    prepare = Executor.prepare

    def prepare_and_compile(executor: Executor, plan: Plan, operation: Operation) -> Executable:
        executable = prepare(executor, plan, operation)
        executable.compile()
        return executable

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor_module.Executor, "prepare", prepare_and_compile)
        for trial in asyncio.run(run_trials(seed)):
            assert trial.answered == trial.expected, trial.shown
