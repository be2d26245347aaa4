"""Both forms of `task faults` name each fault once, and play on a database what it has."""

import pytest

from tests.faults.injection import PROCESSES
from tests.faults.plan import Fault, long_form, short_form


def forms() -> list[list[Fault]]:
    both = (short_form(is_sqlite=each) for each in (True, False))
    return [*both, *(long_form(is_sqlite=each, hold_seconds=30) for each in (True, False))]


@pytest.mark.parametrize("number", range(4))
def test_no_two_faults_have_one_name(number: int) -> None:
    names = [fault.name for fault in forms()[number]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("is_sqlite", [True, False], ids=["sqlite", "postgresql"])
def test_the_long_form_kills_every_process_and_plays_what_the_short_form_plays(is_sqlite: bool) -> None:
    played = {fault.name for fault in long_form(is_sqlite=is_sqlite, hold_seconds=30)}
    assert {f"kill -9 {process}" for process in PROCESSES} <= played
    assert {fault.name for fault in short_form(is_sqlite=is_sqlite)} <= played
    assert any("postgresql" in name for name in played) is not is_sqlite
