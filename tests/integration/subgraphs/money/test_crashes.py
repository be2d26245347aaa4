"""A process that ends before or after any commit of order, payment, catalog and their workers costs no money, stock or event.

CRASH_AT=payment.commands._finish python -m pytest tests/integration/subgraphs/money/test_crashes.py

plays that commit alone.
"""

import os

import pytest

from tests.laboratory.crashes import commits_of
from tests.laboratory.money_crashes import STORIES, play
from tests.laboratory.money_driver import Market

CRASH_AT = os.environ.get("CRASH_AT", "")


def test_there_is_a_story_for_each_commit() -> None:
    assert sorted(STORIES) == commits_of("money")


@pytest.mark.parametrize("redis_port", ["embedded"], indirect=True)
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("of", ["catalog", "order", "payment", "workers"])
def test_nothing_is_lost_or_doubled_when_a_process_ends_at_a_commit(market: Market, of: str, is_after: bool) -> None:
    wrong: dict[str, str] = {}
    for at in commits_of("money"):
        if not at.startswith(f"{of}.") or CRASH_AT not in {"", at}:
            continue
        try:
            market.do(play(market, at, is_after=is_after))
        except AssertionError as error:
            wrong[at] = str(error).partition("\n")[0]
    assert not wrong
