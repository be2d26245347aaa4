"""What is believed of an origin's answers: the shortest of the last windows decides whether a request is hopeless."""

from gateway.execution.transport.answer_times import WINDOW_SECONDS, AnswerTimes


def with_answers(*answers: tuple[float, float]) -> AnswerTimes:
    times = AnswerTimes(0.0)
    for now, seconds in answers:
        times.note(seconds, now)
    return times


def test_nothing_is_hopeless_before_a_window_is_over() -> None:
    times = with_answers((1.0, 0.5), (2.0, 0.4))
    assert not times.is_hopeless(0.001, 3.0)


def test_no_time_at_all_is_hopeless_always() -> None:
    assert AnswerTimes(0.0).is_hopeless(0.0, 1.0)
    assert AnswerTimes(0.0).is_hopeless(-1.0, 1.0)


def test_less_than_any_answer_of_two_windows_took_is_hopeless() -> None:
    times = with_answers((1.0, 0.5), (WINDOW_SECONDS, 0.4), (WINDOW_SECONDS + 1, 0.3))
    assert times.is_hopeless(0.3, WINDOW_SECONDS + 2)
    assert not times.is_hopeless(0.31, WINDOW_SECONDS + 2)


def test_one_fast_answer_gives_hope_again() -> None:
    times = with_answers((1.0, 0.5), (WINDOW_SECONDS, 0.4), (WINDOW_SECONDS + 1, 0.002))
    assert not times.is_hopeless(0.1, WINDOW_SECONDS + 2)


def test_after_a_silence_nothing_is_known() -> None:
    times = with_answers((1.0, 0.5), (WINDOW_SECONDS, 0.4))
    assert times.is_hopeless(0.1, WINDOW_SECONDS + 1)
    assert not times.is_hopeless(0.1, 2 * WINDOW_SECONDS)
    times.note(0.5, 4 * WINDOW_SECONDS)
    assert not times.is_hopeless(0.1, 4 * WINDOW_SECONDS)


def test_the_mean_follows_the_newest() -> None:
    times = with_answers(*((float(n), 1.0) for n in range(100)))
    assert 0.99 < times.mean_seconds <= 1.0
