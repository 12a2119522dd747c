"""Quiet hours: past midnight, in any zone, on the days when the clock jumps."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.kinds import Priority
from notifications.models import Delivery, Notification
from notifications.quiet import QuietHours
from tests.notifications.parts import earn, new_user, reachable, settle, template

BERLIN = "Europe/Berlin"
NIGHT = QuietHours(time(22), time(7), BERLIN)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        (NIGHT, "2026-01-10T20:59", None),
        (NIGHT, "2026-01-10T21:00", "2026-01-11T06:00"),  # winter: an hour ahead of UTC
        (NIGHT, "2026-01-11T05:59", "2026-01-11T06:00"),
        (NIGHT, "2026-01-11T06:00", None),
        (NIGHT, "2026-07-10T20:30", "2026-07-11T05:00"),  # summer: two hours
        (NIGHT, "2026-03-28T23:00", "2026-03-29T05:00"),  # the short night
        (NIGHT, "2026-10-24T23:00", "2026-10-25T06:00"),  # the long one
        # 02:30 does not exist on this day: the quiet ends where the day goes on, at 03:30.
        (QuietHours(time(22), time(2, 30), BERLIN), "2026-03-29T00:30", "2026-03-29T01:30"),
        # 02:30 comes twice: at the second 02:10 the first one is over.
        (QuietHours(time(22), time(2, 30), BERLIN), "2026-10-25T00:10", "2026-10-25T00:30"),
        (QuietHours(time(22), time(2, 30), BERLIN), "2026-10-25T01:10", "2026-10-25T01:30"),
        (QuietHours(time(12), time(14), "Asia/Kolkata"), "2026-01-10T06:30", "2026-01-10T08:30"),
        (QuietHours(time(12), time(14), "Asia/Kolkata"), "2026-01-10T08:30", None),
    ],
)
def test_quiet_ends_when_the_members_clock_says_so(
    hours: QuietHours, now: str, until: str | None
) -> None:
    assert hours.until(utc(now)) == (utc(until) if until else None)


@given(
    start=st.times(), end=st.times(), minutes=st.integers(0, 366 * 24 * 60),
    zone=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]),
)  # fmt: skip
def test_quiet_always_ends_later_than_now_and_within_a_day(
    start: time, end: time, minutes: int, zone: str
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    until = QuietHours(start, end, zone).until(now)
    assert until is None or now < until <= now + timedelta(hours=25)


@pytest.mark.django_db
def test_a_letter_waits_for_the_morning_unless_it_is_urgent(settings) -> None:
    settings.EMAIL_ENABLED = True
    user = new_user()
    reachable(user, quiet_from=time(0), quiet_until=time(23, 59, 59))  # nearly all day
    event = earn(user)
    settle()
    delivery = Delivery.objects.get()
    assert delivery.next_run_at > event.created_at
    assert delivery.next_run_at.time() == time(23, 59, 59)
    template("badge_earned", priority=Priority.HIGH)
    earn(user)
    settle()
    urgent = Delivery.objects.get(notification__priority=Priority.HIGH)
    assert urgent.next_run_at == urgent.created_at
    assert Notification.objects.count() == 2  # the inbox makes no noise
