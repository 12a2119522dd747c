"""A member's settings: what is said of each type and channel, language, time zone, quiet hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from uuid import UUID

from django.db import transaction

from notifications.kinds import KINDS, LANGUAGES
from notifications.models import Channel, Preference, Recipient
from notifications.models.templates import words_by_type
from notifications.services.wishes import Wishes


@dataclass(frozen=True)
class Settings:
    """`types` by type and channel, as it would be if every channel were on."""

    person: Recipient
    channels: Mapping[str, bool]
    types: Mapping[str, Mapping[str, bool]]
    priorities: Mapping[str, str]


@dataclass(frozen=True)
class Changes:
    """What is to be another way; None leaves it. `wishes` by (type or EVERY_TYPE, channel)."""

    language: str | None = None
    time_zone: str | None = None
    quiet: tuple[time, time] | None = None
    no_quiet: bool = False
    wishes: Mapping[tuple[str, str], bool] = field(default_factory=dict)


def settings_of(*, user_id: UUID) -> Settings:
    person = Recipient.objects.filter(user_id=user_id).first() or Recipient(user_id=user_id)
    wishes, words = Wishes([user_id]), words_by_type()
    return Settings(
        person=person,
        channels={it: wishes.wants_channel(user_id, it) for it in Channel.values},
        types={
            kind: {
                channel: wishes.says(user_id, kind, channel, priority=words[kind].priority)
                for channel in Channel.values
            }
            for kind in sorted(KINDS)
            if words[kind].is_active
        },
        priorities={kind: words[kind].priority for kind in KINDS},
    )


def adopt_language(*, user_id: UUID, language: str) -> None:
    """Of a member without settings, who has not chosen any: the one that they read our pages in."""
    if language in LANGUAGES:
        Recipient.objects.get_or_create(user_id=user_id, defaults={"language": language})


@transaction.atomic
def change_settings(*, user_id: UUID, changes: Changes) -> Settings:
    """All of the changes, or none."""
    Recipient.objects.get_or_create(user_id=user_id)
    person = Recipient.objects.select_for_update().get(user_id=user_id)
    person.language = changes.language or person.language
    person.time_zone = changes.time_zone or person.time_zone
    if changes.quiet or changes.no_quiet:
        person.quiet_from, person.quiet_until = changes.quiet or (None, None)
    person.save(update_fields=["language", "time_zone", "quiet_from", "quiet_until"])
    Preference.objects.keep(user_id, dict(changes.wishes))
    return settings_of(user_id=user_id)
