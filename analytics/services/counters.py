"""The documented counters `nft:{type}:count` in Redis: events of each type, since the first one."""

from django.db.models import Sum

from analytics.models import Daily, Figure
from core.redis import redis_client


def counts() -> dict[str, int]:
    """By event type, from the truth."""
    totals = Daily.objects.filter(figure=Figure.EVENTS).values_list("key").annotate(Sum("value"))
    return {kind: int(total) for kind, total in totals.order_by("key")}


def write_counters() -> int:
    """How many; each is set to what it is, so that it does not matter what Redis lost.

    Raises RedisError.
    """
    found = {f"nft:{kind}:count": total for kind, total in counts().items()}
    if found:
        redis_client().mset(found)
    return len(found)
