"""Who is due for a heartbeat."""

from realtime.beats import Beats


def test_each_is_due_a_period_after_it_came_and_again() -> None:
    now = 0.0
    beats: Beats[str] = Beats(30, clock=lambda: now)
    beats.add("early")
    now = 10.0
    beats.add("late")
    assert beats.take(10) == []
    now = 30.0
    assert (beats.take(10), beats.take(10)) == (["early"], [])
    now = 40.0
    assert beats.take(10) == ["late"]
    now = 60.0
    assert beats.take(10) == ["early"]


def test_a_crowd_that_came_at_once_is_taken_in_slices_and_nobody_twice() -> None:
    now = 0.0
    beats: Beats[int] = Beats(30, clock=lambda: now)
    for number in range(5):
        beats.add(number)
    now = 31.0
    assert [beats.take(2), beats.take(2), beats.take(2), beats.take(2)] == [[0, 1], [2, 3], [4], []]


def test_who_has_left_is_never_due() -> None:
    now = 0.0
    beats: Beats[str] = Beats(30, clock=lambda: now)
    beats.add("gone")
    beats.remove("gone")
    beats.remove("gone")
    now = 31.0
    assert beats.take(10) == []
