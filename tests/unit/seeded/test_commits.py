"""The commits at which a process of a test ends."""

from tests.laboratory.crashes import AREAS, LEFT_OUT, commits, commits_of, written


def test_commits_have_the_names_of_their_functions_and_those_of_the_kit_of_their_callers() -> None:
    assert {
        "order.payment_results.record",
        "notification.delivering._send#2",
        "workers.actors.orders.deliver_event > work_off > give_back > write_outcome",
        "kit.storage.leases.renew",
    } <= commits()


def test_each_commit_is_played_by_one_test() -> None:
    played = [name for area in AREAS for name in commits_of(area)]
    assert sorted(played) == sorted(commits())


def test_each_reason_to_leave_a_commit_out_has_its_commit() -> None:
    assert [start for start in LEFT_OUT if not any(name.startswith(start) for name in written())] == []
