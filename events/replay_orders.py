"""Replays in the background, asked for in the admin and run by a worker."""

import logging
from collections.abc import Sequence

from core.errors import Conflict, DomainError, InvalidInput
from core.jobs import enqueue
from events.faults import cause_of
from events.groups import ConsumerGroup, group_named, group_names, is_outside
from events.models import ReplayOrder
from events.replay import check_that_it_can_be, replay_in_place, replay_into_shadow
from events.selection import Selection, selection_of

logger = logging.getLogger(__name__)


def order_replay(
    *, group: str, start: str, end: str, types: Sequence[str], user: str, into: str, asked_by: str
) -> ReplayOrder:
    """Write the order down and send it to a worker. Raises InvalidInput for one that cannot be."""
    selection = selection_of(start=start, end=end, types=types, user=user)
    check_that_it_can_be(_known(group), selection, into)
    order = ReplayOrder.objects.create(
        group=group, start=start, end=end, types=list(types), user=user, into=into,
        asked_by=asked_by,
    )  # fmt: skip
    enqueue("events.replay", order.pk)
    return order


def send_orders_again() -> None:
    """The next order of each group, in case its message, or its worker, was lost."""
    for order in ReplayOrder.objects.next_of_each_group():
        enqueue("events.replay", order.pk)


def run_order(*, order_id: int) -> None:
    """Do what was ordered, unless it is done, runs elsewhere, or has to wait for an older one.

    What a worker began and did not end is done again from the start, which is what a replay
    allows. A fault outside leaves the order as it is; any other one ends it.
    """
    turn = {order.pk: order for order in ReplayOrder.objects.next_of_each_group()}
    order = turn.get(order_id)
    if order is None:
        return
    try:
        events = _run(order)
    except Conflict as error:
        logger.info("%s waits: %s", order, error.message)
    except DomainError as error:
        order.finish(error=error.message)
    except Exception as error:
        cause = cause_of(error)
        logger.warning("%s: %s", order, cause, exc_info=error)
        if is_outside(error):
            order.postpone(cause)
        else:
            order.finish(error=cause)
    else:
        logger.info("%s: %d events", order, events)
        order.finish(events=events)


def _run(order: ReplayOrder) -> int:
    group = _known(order.group)
    selection = _selection(order)
    if order.into == ReplayOrder.Into.LIVE:
        return replay_in_place(group=group, selection=selection, on_begin=order.begin)
    swap = order.into == ReplayOrder.Into.SWAP
    return replay_into_shadow(group=group, selection=selection, swap=swap, on_begin=order.begin)


def _selection(order: ReplayOrder) -> Selection:
    return selection_of(start=order.start, end=order.end, types=order.types, user=order.user)


def _known(group: str) -> ConsumerGroup:
    if group not in group_names():
        raise InvalidInput("UNKNOWN_GROUP", f"There is no group {group!r} here.")
    return group_named(group)
