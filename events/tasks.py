"""Jobs of this app."""

import logging

from celery import shared_task

from core.errors import DomainError
from events.groups import group_named, group_names
from events.replay import replay_in_place, replay_into_shadow
from events.selection import selection_of

logger = logging.getLogger(__name__)
AN_HOUR = 3600


@shared_task(name="events.replay", time_limit=AN_HOUR, soft_time_limit=AN_HOUR - 10)
def replay(group: str, start: str, end: str, types: str, user: str, into: str) -> None:
    """Asked for in the admin. `types` has commas; `into` is live, shadow or swap."""
    if group not in group_names():
        logger.error("No replay: there is no group %s", group)
        return
    named = group_named(group)
    try:
        selection = selection_of(
            start=start, end=end, types=types.split(",") if types else [], user=user
        )
        if into == "live":
            count = replay_in_place(group=named, selection=selection)
        else:
            count = replay_into_shadow(group=named, selection=selection, swap=into == "swap")
    except DomainError as error:
        logger.error("No replay of %s: %s", group, error.message)
    else:
        logger.info("%d events replayed for %s, into %s", count, group, into)
