"""The state machine against one bug after the other. `python -m tests.seeded` runs it; by itself pytest does not collect it."""

from pathlib import Path

import orjson
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.laboratory.money_driver import Market
from tests.laboratory.money_machine import PROGRESS, MoneyMachine, machine_market, profile
from tests.seeded.bugs import BUGS


@pytest.mark.parametrize("redis_port", ["embedded"], indirect=True)
@pytest.mark.parametrize("name", BUGS)
def test_the_machine_finds(
    name: str, market: Market, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    drawn = settings(profile(examples=request.config.getoption("--seeded-examples")), phases=[Phase.generate])
    BUGS[name].seed(monkeypatch)
    PROGRESS.reset()
    with machine_market(market), Path(request.config.getoption("--seeded-report")).open("ab", buffering=0) as report:
        try:
            run_state_machine_as_test(MoneyMachine, settings=drawn)
        finally:
            report.write(
                orjson.dumps(
                    {
                        "name": name,
                        "found_after": PROGRESS.found_after,
                        "steps": PROGRESS.steps,
                        "check": PROGRESS.check,
                    }
                )
                + b"\n"
            )
