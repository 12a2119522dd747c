"""Quiet hours: two times of the day on the wall clock of a person's time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class QuietHours:
    """From `start` (included) to `end` (not); past midnight when `start` is the later one."""

    start: time
    end: time
    zone: str

    def until(self, now: datetime) -> datetime | None:
        """When the quiet that reigns at `now` is over (UTC); None when it is not quiet.

        The clock decides, also where it jumps: an end that a day skips is where the day goes
        on, and of an end that comes twice the one that lies ahead.
        """
        local = now.astimezone(ZoneInfo(self.zone))
        if not self._covers(local.time()):
            return None
        overnight = self.start > self.end and local.time() >= self.start
        day = local.date() + timedelta(days=1 if overnight else 0)
        ends = datetime.combine(day, self.end, tzinfo=local.tzinfo).astimezone(UTC)
        if ends <= now:
            ends = datetime.combine(day, self.end.replace(fold=1), tzinfo=local.tzinfo)
        return ends.astimezone(UTC)

    def _covers(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end
