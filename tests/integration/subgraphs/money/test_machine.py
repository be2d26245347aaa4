"""The state machine over the services of orders and money, on both databases, with few examples that are the same in every run.

    MONEY_EXAMPLES=500 MONEY_STEPS=40 python -m pytest tests/integration/subgraphs/money/test_machine.py
    CRASH_AT=payment.commands._finish MONEY_EXAMPLES=50 python -m pytest tests/integration/subgraphs/money/test_machine.py
    python -m tests.seeded

The first draws that many others, the second ends processes at one commit only, and the third makes bugs and has the machine find them.
A failing example is printed as the steps that lead to it.
"""

import os

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.laboratory.money_driver import Market
from tests.laboratory.money_machine import MoneyMachine, machine_market, profile

PROFILE = profile(examples=int(os.environ.get("MONEY_EXAMPLES", "0")), steps=int(os.environ.get("MONEY_STEPS", "0")))


@pytest.mark.parametrize("redis_port", ["embedded"], indirect=True)
def test_money_stock_and_histories_are_right_whatever_happens_in_whatever_order(market: Market) -> None:
    with machine_market(market):
        run_state_machine_as_test(MoneyMachine, settings=PROFILE)
