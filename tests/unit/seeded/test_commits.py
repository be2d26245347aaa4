"""The commits at which a process of a test of money ends."""

from tests.support.money_faults import LEFT_OUT, commits


def test_each_commit_has_a_name_of_its_own() -> None:
    names = list(commits().values())
    assert len(names) == len(set(names)) > 40
    assert {"order.placing.finish/1", "order.placing.finish/2", "payment.commands._finish/1"} <= set(names)


def test_no_commit_of_the_left_out_is_named() -> None:
    assert not [name for name in commits().values() if any(name.startswith(left_out) for left_out in LEFT_OUT)]
