"""Leaderboards: a score for each member, board and period."""

from datetime import UTC, date, datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Floor


class Board(models.TextChoices):
    VOLUME = "volume"  # US cents traded
    LEVEL = "level"  # the highest tier level: held now, or reached in the period
    BADGES = "badges"  # badges earned, without those that were revoked
    UPGRADES = "upgrades"  # upgrades completed


class Period(models.TextChoices):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


BEGINNING = date(1970, 1, 1)


def period_start(period: str, moment: datetime) -> date:
    """The first day (UTC) of the period around the moment; weeks begin on Monday."""
    today = moment.astimezone(UTC).date()
    if period == Period.DAY:
        return today
    if period == Period.WEEK:
        return today - timedelta(days=today.weekday())
    if period == Period.MONTH:
        return today.replace(day=1)
    return BEGINNING


class StandingQuerySet(models.QuerySet["Standing"]):
    def on(self, board: str, period: str, start: date) -> "StandingQuerySet":
        """Who is shown, first to last. No two are equal: each event has a place of its own."""
        own = self.filter(board=board, period=period, start=start, minus__lt=0)
        return own.order_by("minus", "position")

    def behind(self, minus: int, position: int) -> "StandingQuerySet":
        return self.filter(_compared(">", minus, position))

    def ahead_of(self, minus: int, position: int) -> "StandingQuerySet":
        return self.filter(_compared("<", minus, position))


def _compared(sign: str, minus: int, position: int) -> RawSQL:
    """As a row, which an index answers; two conditions would read all who have the same score."""
    row = f"(minus, position) {sign} (%s, %s)"
    return RawSQL(row, [minus, position], output_field=models.BooleanField())  # noqa: S611


class Standing(models.Model):
    """`points` are exact; whole points rank, as `minus` because the highest comes first.

    `position` breaks ties. It is the place in the log of the event by which the member came to
    these points, so that whoever was first is before those who came to the same score later.
    """

    board = models.CharField(max_length=8, choices=Board.choices)
    period = models.CharField(max_length=5, choices=Period.choices)
    start = models.DateField()
    user_id = models.UUIDField()
    points = models.DecimalField(max_digits=30, decimal_places=6)
    position = models.BigIntegerField()
    minus = models.GeneratedField(
        expression=Cast(-Floor(F("points")), models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    objects = StandingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["board", "period", "start", "minus", "position", "user_id"],
                condition=Q(minus__lt=0),
                name="standing_in_order",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["board", "period", "start", "user_id"], name="standing_once"
            ),
            models.CheckConstraint(
                condition=Q(board__in=Board.values, period__in=Period.values),
                name="standing_board_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.score} on {self.board}/{self.period}"

    @property
    def score(self) -> int:
        return -int(self.minus)


class BoardChange(models.Model):
    """A member's standings on a board that Redis has not been told of yet.

    Another change meanwhile raises `stamp`, so that the one who told Redis forgets nothing.
    """

    board = models.CharField(max_length=8, choices=Board.choices)
    user_id = models.UUIDField()
    stamp = models.BigIntegerField()

    class Meta:
        db_table = "analytics_board_change"
        constraints = [
            models.UniqueConstraint(fields=["board", "user_id"], name="board_change_once")
        ]

    def __str__(self) -> str:
        return f"{self.board} of {self.user_id}"
