"""Which checkpoints prove a record: the first that holds it, and the first of those on the chain.

There is one a minute, so they are looked up in indexes and never read through.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, models

from audit.models import Checkpoint
from core.errors import NotFound

COVERING = """
SELECT asked.size, signed.size, final.size, final.signature
FROM unnest(%s::bigint[]) AS asked (size)
LEFT JOIN LATERAL (
    SELECT size FROM audit.checkpoint WHERE size >= asked.size ORDER BY size LIMIT 1
) AS signed ON true
LEFT JOIN LATERAL (
    SELECT size, signature FROM audit_anchor
    WHERE size >= asked.size AND status = 'finalized' ORDER BY size LIMIT 1
) AS final ON true
"""


@dataclass(frozen=True)
class Cover:
    """Of the records before a place; None where it is not signed, or not on the chain yet."""

    signed: int | None
    anchored: int | None
    signature: str


def covers_of(sizes: Iterable[int]) -> dict[int, Cover]:
    """By size: what shows that the log had so many records."""
    with connection.cursor() as cursor:
        cursor.execute(COVERING, [sorted(set(sizes))])
        return {
            size: Cover(signed, anchored, signature or "")
            for size, signed, anchored, signature in cursor.fetchall()
        }


def checkpoints_up_to(last: Checkpoint) -> models.QuerySet[Checkpoint]:
    """A log that goes on under a new name is verified under that one."""
    origin = last.note.split("\n", 1)[0]
    return Checkpoint.objects.filter(note__startswith=f"{origin}\n", size__lte=last.size)


def needed_checkpoints(
    *, ends: Iterable[int], seen: Iterable[int], last: Checkpoint
) -> models.QuerySet[Checkpoint]:
    """For the records before each of `ends`, what the reader has `seen`, and the last.

    Raises NotFound when the log has none of a size that was seen.
    """
    named = checkpoints_up_to(last)
    kept = set(named.filter(size__in=list(seen)).values_list("size", flat=True))
    for size in seen:
        if size not in kept:
            raise NotFound("NO_CHECKPOINT", f"The log has no checkpoint of size {size}.")
    first = named.order_by("size").values_list("size", flat=True)[0]
    covers = covers_of(max(end, first) for end in ends).values()
    wanted = {it.signed for it in covers} | {it.anchored for it in covers} | kept | {last.size}
    return named.filter(size__in=[size for size in wanted if size is not None])
