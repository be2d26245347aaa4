"""The commits at which a process of a test of money ends."""

from tests.support.money_faults import LEFT_OUT, commits


def test_the_commits_of_services_and_workers_have_names() -> None:
    names = set(commits().values())
    assert len(names) > 35
    assert {"order.payment_results.record", "payment.commands._finish", "kit.storage.outbox_work.work_off"} <= names


def test_no_commit_of_the_left_out_is_named() -> None:
    assert not [name for name in commits().values() if any(name.startswith(left_out) for left_out in LEFT_OUT)]
