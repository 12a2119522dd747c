"""What a member wants to hear, and their address: asked, confirmed, left with one click.

Asked here: a stranger's address? a forged, old or foreign link? a scanner that opens links? many
wallets that ask the same address?
"""

import re
import time
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from notifications.models import Delivery, Preference, Recipient
from notifications.tokens import verification_token
from tests.notifications.parts import (
    attempt,
    earn,
    inbox,
    new_user,
    reachable,
    settle,
    signed_in,
)
from tests.notifications.receivers import PostOffice

pytestmark = pytest.mark.django_db
PREFERENCES = "/api/v1/user/notification-preferences"
EMAIL = "/api/v1/user/notification-email"


def put(client: Client, body: Any, path: str = PREFERENCES) -> Any:
    return client.put(path, body, content_type="application/json")


def give(client: Client, address: str | None) -> Any:
    return put(client, {"address": address}, EMAIL)


def deliver_all() -> None:
    """Each when it is due; the provider's rate may put one off."""
    for _ in range(10):
        for delivery in Delivery.objects.filter(status="waiting"):
            attempt(delivery, now=delivery.next_run_at)


def link_in(office: PostOffice) -> str:
    """The path of the one link in the last letter's text."""
    body = office.letters[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://[^/]+(/mail/verify/\S+)", body.get_content())
    assert found is not None
    return found[1]


def wanted(user: User) -> dict[str, bool]:
    [row] = [
        it
        for it in signed_in(user).get(PREFERENCES).json()["types"]
        if it["type"] == "badge_earned"
    ]
    return {name: row[name] for name in ("inApp", "email", "webPush")}


def test_the_defaults_are_shown_and_changes_stay() -> None:
    client = signed_in(new_user())
    shown = client.get(PREFERENCES).json()
    assert (shown["language"], shown["timeZone"], shown["quietHours"]) == ("en", "UTC", None)
    assert shown["email"] is None
    low = next(it for it in shown["types"] if it["type"] == "badge_activated")
    assert low == {
        "type": "badge_activated", "priority": "low", "inApp": True, "email": False, "webPush": False,
    }  # fmt: skip
    changes = {
        "language": "de",
        "timeZone": "Europe/Berlin",
        "quietHours": {"start": "22:00", "end": "07:00"},
        "channels": {"webPush": False},
        "types": [{"type": "badge_activated", "email": True}],
    }
    assert put(client, changes).status_code == 200
    after = put(client, {"channels": {"inApp": True}}).json()  # the rest stays as it was
    assert {name: after[name] for name in ("language", "timeZone", "quietHours")} == {
        name: changes[name] for name in ("language", "timeZone", "quietHours")
    }
    assert after["channels"] == {"inApp": True, "email": True, "webPush": False}
    low = next(it for it in after["types"] if it["type"] == "badge_activated")
    assert (low["email"], low["webPush"]) == (True, False)
    assert put(client, {"quietHours": None}).json()["quietHours"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "xx"},
        {"timeZone": "Mars/Olympus"},
        {"timeZone": "../../etc/passwd"},
        {"quietHours": {"start": "22:00"}},
        {"quietHours": {"start": "22:00", "end": "22:00"}},
        {"quietHours": {"start": "25:00", "end": "07:00"}},
        {"types": [{"type": "nonsense", "email": True}]},
        {"types": [{"type": "badge_earned", "email": "perhaps"}]},
        {"channels": {"email": None}},
        {"types": "all"},
    ],
)
def test_bad_input_changes_nothing(wrong: dict[str, Any]) -> None:
    user = new_user()
    answer = put(signed_in(user), {"language": "de", **wrong})
    assert answer.status_code == 400
    assert set(wrong) <= set(answer.json()["details"]["fields"])
    assert not Recipient.objects.filter(language="de").exists()
    assert not Preference.objects.exists()


def test_an_address_gets_mail_only_after_its_owner_pressed_the_button(office: PostOffice) -> None:
    user = new_user()
    client = signed_in(user)
    answer = give(client, "ada@example.org")
    assert (answer.status_code, answer.json()) == (
        202, {"address": "ada@example.org", "verified": False},
    )  # fmt: skip
    earn(user)
    settle()
    deliver_all()
    [letter] = office.letters
    assert letter["Subject"] == "Is this your address?"
    link = link_in(office)
    scanner = Client()
    assert scanner.get(link).status_code == 200
    assert client.get(PREFERENCES).json()["email"]["verified"] is False  # looking is not pressing
    for _ in range(2):
        assert b"confirmed" in scanner.post(link).content
    assert client.get(PREFERENCES).json()["email"]["verified"] is True
    earn(user)
    settle()
    deliver_all()
    assert office.letters[-1]["Subject"] == "New badge: First Steps"
    assert client.delete(EMAIL).status_code == 204
    earn(user)
    settle()
    assert not Delivery.objects.filter(status="waiting").exists()


def test_a_link_confirms_nothing_but_the_address_that_it_was_sent_to(office: PostOffice) -> None:
    user = new_user()
    client = signed_in(user)
    give(client, "old@example.org")
    deliver_all()
    old = link_in(office)
    give(client, "new@example.org")
    assert Client().post(old).status_code == 404
    for forged in ("/mail/verify/nonsense", old[:-2] + "xx", old.replace("verify", "unsubscribe")):
        assert Client().post(forged).status_code == 404
    assert Recipient.objects.get(user_id=user.id).email_verified_at is None


def test_an_old_link_confirms_nothing(settings, monkeypatch) -> None:
    user = new_user()
    Recipient.objects.create(user_id=user.id, email="ada@example.org")
    day_ago = time.time() - 24 * 3600 - 1
    monkeypatch.setattr("django.core.signing.time.time", lambda: day_ago)
    token = verification_token(user.id, "ada@example.org")
    monkeypatch.undo()
    assert Client().post(f"/mail/verify/{token}").status_code == 404
    assert Recipient.objects.get(user_id=user.id).email_verified_at is None


def test_an_address_that_was_replaced_gets_no_letter(office: PostOffice) -> None:
    client = signed_in(new_user())
    give(client, "mistyped@example.org")
    give(client, "right@example.org")
    deliver_all()
    assert [letter["To"] for letter in office.letters] == ["right@example.org"]


def test_many_wallets_cannot_flood_one_address(office: PostOffice) -> None:
    answers = [give(signed_in(new_user()), "victim@example.org") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert answers[3].json()["error_code"] == "TOO_MANY_LETTERS"
    assert give(signed_in(new_user()), "VICTIM@example.org").status_code == 429


def test_no_address_is_kept_that_is_none_or_where_there_is_no_mail(
    office: PostOffice, settings
) -> None:
    client = signed_in(new_user())
    for wrong in ("", "nobody", "a@b", "a@example.org\nBcc: x@example.org", None):
        assert give(client, wrong).status_code == 400
    settings.EMAIL_ENABLED = False
    assert give(client, "ada@example.org").json()["error_code"] == "EMAIL_OFF"
    assert not Recipient.objects.exclude(email="").exists()
    assert Client().put(EMAIL, {"address": "a@example.org"}).status_code == 401


def test_one_click_ends_letters_of_that_kind_and_looking_ends_none(office: PostOffice) -> None:
    user = new_user()
    reachable(user)
    earn(user)
    settle()
    deliver_all()
    address = office.letters[0]["List-Unsubscribe"].strip("<> ")
    path = "/mail/" + address.split("/mail/")[1]
    mailbox = Client(enforce_csrf_checks=True)
    assert mailbox.get(path).status_code == 200
    assert wanted(user)["email"] is True
    one_click = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        assert mailbox.post(path, one_click).status_code == 200
    assert wanted(user) == {"inApp": True, "email": False, "webPush": True}
    earn(user)
    settle()
    assert Delivery.objects.filter(status="waiting").count() == 0
    assert len(inbox(user)) == 2
    assert signed_in(user).get(PREFERENCES).json()["email"]["verified"] is True
