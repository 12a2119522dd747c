"""What readers had in hand when they ended without a word: killed, out of memory, crashed.

An exception is caught and counted by the reader itself. An event whose handling ends the whole
process leaves nobody to count, and would end every successor too: so the successors count here.
A reader that lets go as it should writes nothing into this table while it works.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from django.db import Error, connection, models

DEATHS = 3  # ends in a row at one place, before its events are taken one by one, and again alone
THE_LOG = -1  # the partition of a group that reads the log itself

TAKE = """
INSERT INTO events_crashmark AS m (reader, partition, owner, place, deaths, alone)
VALUES (%(reader)s, %(partition)s, %(owner)s, %(place)s, %(died)s::int, 0)
ON CONFLICT (reader, partition) DO UPDATE SET
    deaths = CASE WHEN m.place = excluded.place THEN m.deaths ELSE 0 END
        + (%(died)s OR m.owner NOT IN ('', excluded.owner))::int,
    alone = CASE WHEN m.place = excluded.place THEN m.alone ELSE 0 END,
    place = excluded.place, owner = excluded.owner
RETURNING deaths
"""
BEGIN = """
INSERT INTO events_crashmark AS m (reader, partition, owner, place, deaths, alone)
VALUES (%(reader)s, %(partition)s, %(owner)s, %(place)s, %(deaths)s, 1)
ON CONFLICT (reader, partition) DO UPDATE SET
    deaths = CASE WHEN m.place = excluded.place THEN m.deaths ELSE excluded.deaths END,
    alone = CASE WHEN m.place = excluded.place THEN m.alone ELSE 0 END + 1,
    place = excluded.place
WHERE m.owner = excluded.owner
RETURNING alone
"""


class Deadly(Exception):
    """Readers ended, one after the other, while they handled this event alone."""


class CrashMarkQuerySet(models.QuerySet["CrashMark"]):
    def take(
        self, reader: str, *, place: int, partition: int = THE_LOG, owner: str = "",
        died: bool = False,
    ) -> int:  # fmt: skip
        """Begin to read at `place`; return how many readers in a row ended there without a word.

        That the one before ended so is known by `died`, or because its name still stands here.
        """
        values = {
            "reader": reader, "partition": partition, "owner": owner, "place": place, "died": died,
        }  # fmt: skip
        return self._number(TAKE, values) or 0

    def begin(self, reader: str, *, place: int, partition: int, owner: str) -> int | None:
        """Note that one event is handled alone; return how many readers have begun it so.

        None when the partition has been taken by another reader.
        """
        values = {
            "reader": reader, "partition": partition, "owner": owner, "place": place,
            "deaths": DEATHS,
        }  # fmt: skip
        return self._number(BEGIN, values)

    def survived(self, reader: str, *, place: int, partition: int, owner: str) -> None:
        """The reader that began the event lives, whatever came of it."""
        own = self.filter(reader=reader, partition=partition, owner=owner, place=place)
        own.filter(alone__gt=0).update(alone=models.F("alone") - 1)

    def let_go(self, reader: str, *, partitions: Iterable[int], owner: str) -> None:
        own = self.filter(reader=reader, partition__in=list(partitions), owner=owner)
        own.update(owner="")

    def _number(self, statement: str, values: Mapping[str, Any]) -> int | None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row = cursor.fetchone()
            return None if row is None else int(row[0])


class CrashMark(models.Model):
    """One row for each reader (a group or inbound topic) and partition (-1: the log itself).

    `place` is the position or offset that was next; `owner` the member of Kafka's group that
    has not let go of the partition.
    """

    reader = models.CharField(max_length=64)
    partition = models.IntegerField()
    owner = models.CharField(max_length=120, blank=True, default="")
    place = models.BigIntegerField()
    deaths = models.IntegerField(default=0)
    alone = models.IntegerField(default=0)

    objects = CrashMarkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reader", "partition"], name="crash_mark_once")
        ]

    def __str__(self) -> str:
        return f"{self.reader}[{self.partition}] at {self.place}: {self.deaths}, {self.alone}"


@contextmanager
def handled_alone(
    reader: str, *, place: int, partition: int = THE_LOG, owner: str = ""
) -> Iterator[None]:
    """Handle one event that may end the process. Raises Deadly instead, once it has done so
    to `DEATHS` readers."""
    own: dict[str, Any] = {"place": place, "partition": partition, "owner": owner}
    begun = CrashMark.objects.begin(reader, **own)
    if begun is not None and begun > DEATHS:
        raise Deadly(f"{DEATHS} processes ended while they handled this event")
    try:
        yield
    except Exception:
        with suppress(Error):  # counts once too often, at worst
            CrashMark.objects.survived(reader, **own)
        raise
