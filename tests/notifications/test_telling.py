"""From events to the inbox: once each, in the member's words, and heard in every browser."""

from importlib import import_module

import pytest
from django.apps import apps

from badges.models import BadgeDefinition
from events.catalogue import event_types, schema_for
from events.groups import group_named
from events.models import Event, GroupCursor
from events.replay import replay_in_place
from events.selection import Selection
from notifications.kinds import KINDS, LANGUAGES
from notifications.models import (
    Channel,
    Delivery,
    Notification,
    Preference,
    Recipient,
)
from notifications.services.notifying import notify
from notifications.wording import NONE, complaints, values_of
from tests.badges.parts import define
from tests.events.test_schemas import PROMISED
from tests.notifications.parts import (
    NOW,
    activate,
    earn,
    inbox,
    new_user,
    reachable,
    settle,
    template,
    told,
)

pytestmark = pytest.mark.django_db
OURS = {"notification_created", "notifications_read"}


def test_every_event_for_a_person_has_texts_in_every_language_that_its_data_can_fill() -> None:
    personal = {name for name in event_types() if schema_for(name).audience == "user"}
    assert set(KINDS) == personal - OURS
    for name, kind in KINDS.items():
        said = "".join(f"{text.title} {text.message} " for text in kind.texts.values())
        assert set(kind.texts) == set(LANGUAGES)
        assert complaints(said + kind.link, kind.placeholders) == [], name
        for placeholder in kind.placeholders.values():
            found = PROMISED[name][2]
            found = found | {"badgeName": "Early bird"} if "badgeId" in found else found
            for part in placeholder.path.split("."):
                assert part in found, (name, placeholder)
                found = found[part]


def test_an_event_is_told_once_with_title_message_priority_and_link() -> None:
    user = new_user()
    event = earn(user)
    settle()
    [row] = inbox(user)
    assert (row.type, row.priority, row.link) == ("badge_earned", "normal", "/badges")
    assert row.title == "New badge: First Steps"
    assert row.message == "You earned the badge “First Steps”. Traded."
    assert (row.event_id, row.read_at) == (event.event_id, None)


def test_a_badge_is_called_by_its_name_and_one_that_is_gone_by_its_slug() -> None:
    define("first-steps")
    user = new_user()
    activate(user)
    settle()
    BadgeDefinition.objects.all().delete()
    activate(user)
    settle()
    assert [row.message for row in inbox(user)] == [
        f"Your badge “{name}” is active and counts for your next tier."
        for name in ("first-steps", "First-Steps")
    ]


def test_texts_of_a_badge_that_nobody_edited_take_its_name() -> None:
    move = import_module("notifications.migrations.0004_badges_by_name")
    texts = template("badge_revoked").texts
    old = KINDS["badge_revoked"].texts["de"].message.replace("„$badgeName“", "$badgeId")
    texts.filter(language="de").update(message=old)
    texts.filter(language="en").update(message="Gone: $badgeId")
    move.rename(apps, None)
    assert dict(texts.values_list("language", "message")) == {
        "de": KINDS["badge_revoked"].texts["de"].message,
        "en": "Gone: $badgeId",
    }


@pytest.mark.parametrize(("language", "none"), [("en", "none"), ("de", "keine")])
def test_a_list_of_nothing_is_said_in_a_word(language: str, none: str) -> None:
    kind = KINDS["tier_qualification_changed"]
    assert values_of(kind, {"currentQualifications": []}, language) == {"levels": none}
    assert values_of(kind, {"currentQualifications": [1, 2]}, language) == {"levels": "1, 2"}
    assert set(NONE) == set(LANGUAGES)


def test_a_browser_hears_of_it_at_once_and_that_causes_no_further_notification() -> None:
    user = new_user()
    event = earn(user)
    settle()
    settle()
    [row] = inbox(user)
    assert told(user, "notification_created") == [
        {
            "notificationId": str(row.id),
            "notificationType": "badge_earned",
            "title": row.title,
            "text": row.message,
            "priority": "normal",
            "link": "/badges",
            "causedBy": str(event.event_id),
        }
    ]
    heard = Event.objects.get(type="notification_created")
    assert heard.correlation_id == event.correlation_id


def test_the_same_event_a_second_time_has_no_effect() -> None:
    user = new_user()
    reachable(user)
    event = earn(user)
    notify(events=[event], now=NOW)
    assert notify(events=[event], now=NOW) == []
    assert len(inbox(user)) == len(told(user, "notification_created")) == 1
    assert Delivery.objects.count() <= 1


@pytest.mark.django_db(transaction=True)
def test_a_replay_fills_what_is_missing_and_tells_nobody(settings) -> None:
    settings.EMAIL_ENABLED = True
    user = new_user()
    reachable(user)
    kept, lost = earn(user), earn(user, "Steady Hand")
    settle()
    Notification.objects.filter(event_id=lost.event_id).delete()
    before = Event.objects.count()
    assert replay_in_place(group=group_named("notifications"), selection=Selection()) == 2
    assert {row.event_id for row in inbox(user)} == {kept.event_id, lost.event_id}
    assert Event.objects.count() == before
    assert Delivery.objects.count() == 1  # of the one that was there all the time
    assert GroupCursor.objects.get(name="notifications").stopped_at is None


def test_a_member_reads_their_own_language_and_the_operators_words() -> None:
    ada, bob = new_user(), new_user()
    Recipient.objects.create(user_id=ada.id, language="de")
    template("badge_earned").texts.filter(language="en").update(title="Hooray: $badgeName")
    earn(ada)
    earn(bob)
    settle()
    assert inbox(ada)[0].title == "Neues Abzeichen: First Steps"
    assert inbox(bob)[0].title == "Hooray: First Steps"


def test_values_are_text_and_nothing_of_them_is_run_or_reaches_the_link() -> None:
    template("badge_earned", link="/badges/$badgeName")
    user = new_user()
    earn(user, name="$badgeId {0.__class__} ../x?y")
    settle()
    [row] = inbox(user)
    assert "$badgeId {0.__class__}" in row.title
    assert row.link == "/badges/%24badgeId%20%7B0.__class__%7D%20..%2Fx%3Fy"


def test_a_type_that_operators_switched_off_is_told_to_nobody() -> None:
    template("badge_earned", is_active=False)
    user = new_user()
    earn(user)
    settle()
    assert inbox(user) == []


def test_a_member_who_wants_a_type_by_mail_only_finds_none_in_the_inbox(settings) -> None:
    settings.EMAIL_ENABLED = True
    user = new_user()
    reachable(user)
    Preference.objects.keep(user.id, {("badge_earned", Channel.IN_APP): False})
    earn(user)
    activate(user)
    settle()
    assert [row.type for row in inbox(user)] == ["badge_activated"]
    assert [row["notificationType"] for row in told(user, "notification_created")] == [
        "badge_activated"
    ]
    assert Delivery.objects.get(notification__type="badge_earned").channel == Channel.EMAIL
    assert Delivery.objects.count() == 1
