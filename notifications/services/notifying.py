"""From events to notifications, a batch at a time: written, told to browsers, planned to go out.

Runs inside the consumer group's transaction, which lets an event pass once. The row's unique
`event_id` holds that promise on its own too, through replays and any other path.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from badges.models import BadgeDefinition
from core.correlation import set_correlation_id
from events.events import to_the_millisecond
from events.models import Event
from events.services import publish_all
from notifications.events import NotificationCreated
from notifications.kinds import DEFAULT_LANGUAGE, KINDS
from notifications.models import Channel, Notification, Recipient
from notifications.models.templates import Words, words_by_type
from notifications.services.erasing import wait_for_erasures
from notifications.services.planning import plan_deliveries
from notifications.services.wishes import Wishes
from notifications.wording import values_of


def notify(*, events: Sequence[Event], now: datetime) -> list[Notification]:
    """Tell each event to whom it concerns: the inbox, their browsers, mail and push.

    Returns what is new; an event that was told before has no effect.
    """
    wishes, people = _who(events)
    fresh = _write(events, wishes, people)
    publish_all(_facts(fresh))
    plan_deliveries(notifications=fresh, wishes=wishes, people=people, now=now)
    return fresh


def notify_again(*, events: Sequence[Event]) -> list[Notification]:
    """Write what is missing, as a replay does: nothing is sent and nothing published."""
    wishes, people = _who(events)
    return _write(events, wishes, people)


def _who(events: Sequence[Event]) -> tuple[Wishes, dict[UUID, Recipient]]:
    wait_for_erasures()
    ids = {event.user_id for event in events if event.user_id is not None}
    return Wishes(ids), Recipient.objects.in_bulk(ids)


def _write(
    events: Sequence[Event], wishes: Wishes, people: dict[UUID, Recipient]
) -> list[Notification]:
    words = words_by_type()
    rows = list(_notifications(events, words, wishes, people, _badge_names(events)))
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    # Only those whose ids are ours were not there before.
    written = set(
        Notification.objects.filter(id__in=[row.id for row in rows]).values_list("id", flat=True)
    )
    return [row for row in rows if row.id in written]


def _notifications(
    events: Sequence[Event],
    words: dict[str, Words],
    wishes: Wishes,
    people: dict[UUID, Recipient],
    badges: Mapping[str, str],
) -> Iterator[Notification]:
    for event in events:
        said = words.get(event.type)
        if said is None or event.user_id is None or not said.is_active:
            continue
        person = people.get(event.user_id)
        if person is not None and person.erased_at is not None:
            continue
        language = person.language if person else DEFAULT_LANGUAGE
        values = values_of(KINDS[event.type], _with_badge_name(event.data, badges), language)
        wording = said.say(language, values)
        yield Notification(
            event_id=event.event_id,
            user_id=event.user_id,
            type=event.type,
            priority=said.priority,
            title=wording.title,
            message=wording.message,
            link=wording.link,
            in_inbox=wishes.wants(
                event.user_id, event.type, Channel.IN_APP, priority=said.priority
            ),
            correlation_id=event.correlation_id,
            created_at=to_the_millisecond(event.created_at),
        )


def _badge_names(events: Sequence[Event]) -> dict[str, str]:
    """By slug, which is all that most events say of a badge."""
    slugs = {event.data["badgeId"] for event in events if "badgeId" in event.data}
    return dict(BadgeDefinition.objects.filter(slug__in=slugs).values_list("slug", "name"))


def _with_badge_name(data: Mapping[str, Any], badges: Mapping[str, str]) -> Mapping[str, Any]:
    slug = data.get("badgeId")
    return data if slug is None else {"badgeName": badges.get(slug, slug), **data}


def _facts(notifications: Sequence[Notification]) -> Iterator[NotificationCreated]:
    """One by one, so that each is written under the correlation id of its own cause."""
    for row in notifications:
        if not row.in_inbox:
            continue
        set_correlation_id(row.correlation_id)
        yield NotificationCreated(
            user_id=row.user_id,
            notification_id=row.id,
            notification_type=row.type,
            title=row.title,
            text=row.message,
            priority=row.priority,
            link=row.link,
            caused_by=row.event_id,
        )
    set_correlation_id("")
