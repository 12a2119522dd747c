"""Operators edit texts, see what they will look like, read the log and send again."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from notifications.kinds import KINDS
from notifications.models import Delivery, NotificationTemplate, PushSubscription
from tests.notifications.parts import NOW, attempt, earn, new_user, reachable, settle, template
from tests.notifications.receivers import PostOffice, PushService

pytestmark = pytest.mark.django_db
HOME = "/admin/notifications"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "a long pass phrase"))
    return client


def form_of(row: NotificationTemplate, **changes: str) -> dict[str, Any]:
    """The change page as a browser sends it; `changes` of the English text, or of the link."""
    form: dict[str, Any] = {
        "priority": row.priority, "link": changes.pop("link", row.link), "is_active": "on", "reason": "clearer",
        "texts-TOTAL_FORMS": 2, "texts-INITIAL_FORMS": 2,
    }  # fmt: skip
    for number, text in enumerate(row.texts.order_by("id")):
        fields = {"language": text.language, "title": text.title, "message": text.message}
        fields |= changes if text.language == "en" else {}
        fields |= {"id": str(text.id), "template": str(row.id)}
        form |= {f"texts-{number}-{name}": value for name, value in fields.items()}
    return form


def test_a_text_is_edited_and_shown_as_members_will_read_it(admin: Client) -> None:
    row = template("badge_earned")
    page = f"{HOME}/notificationtemplate/{row.id}/change/"
    assert "$badgeName" in admin.get(page).content.decode()
    answer = admin.post(page, form_of(row, title="Yes & hooray: $badgeName"))
    assert answer.status_code == 302, answer.content
    assert "Yes &amp; hooray: First Steps" in admin.get(page).content.decode()
    letter = admin.get(f"{HOME}/notificationtemplate/{row.id}/letter/en/")
    assert "Yes &amp; hooray: First Steps" in letter.content.decode()
    assert "sandbox" in letter.headers["Content-Security-Policy"]
    assert admin.get(f"{HOME}/notificationtemplate/{row.id}/letter/xx/").status_code == 404
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": "Hello $nobody"}, "There is no $nobody here. Known: $badgeId"),
        ({"message": "Only 5$"}, "Write $$ for a dollar sign"),
        ({"message": "${badgeName.__class__}"}, "Write $$ for a dollar sign"),
        ({"link": "https://evil.example"}, "A path of this site begins with one slash."),
        ({"link": "//evil.example"}, "A path of this site begins with one slash."),
        ({"link": "/badges/$password"}, "There is no $password here."),
    ],
)
def test_a_text_that_cannot_be_filled_is_refused(
    admin: Client, change: dict[str, str], says: str
) -> None:
    row = template("badge_earned")
    page = f"{HOME}/notificationtemplate/{row.id}/change/"
    answer = admin.post(page, form_of(row, **change))
    assert answer.status_code == 200
    assert says in answer.content.decode().replace("&#x27;", "'")
    row.refresh_from_db()
    texts = KINDS["badge_earned"].texts
    assert row.link == "/badges"
    assert {(it.language, it.title) for it in row.texts.all()} == {
        (language, text.title) for language, text in texts.items()
    }


def test_the_log_of_a_notification_shows_each_attempt_and_a_dead_one_is_sent_again(
    admin: Client, office: PostOffice
) -> None:
    user = new_user()
    reachable(user)
    earn(user)
    settle()
    delivery = Delivery.objects.get()
    office.answers = ["550 no"]
    attempt(delivery, now=delivery.next_run_at)
    told = admin.get(f"{HOME}/notification/{delivery.notification_id}/change/").content.decode()
    assert "SMTPRecipientsRefused 550" in told
    page = f"{HOME}/delivery/{delivery.id}/change/"
    assert "refused" in admin.get(page).content.decode()
    form = {
        "action": "send_again", "_selected_action": [str(delivery.id)],
        "confirmed": "1", "reason": "the mailbox is back",
    }  # fmt: skip
    said = admin.post(f"{HOME}/delivery/", form, follow=True).content.decode()
    assert "1 of 1 are sent again" in said
    delivery.refresh_from_db()
    attempt(delivery, now=delivery.next_run_at)
    assert len(office.letters) == 1


def test_who_may_only_look_sends_nothing_again(office: PostOffice) -> None:
    from django.contrib.auth.models import Permission

    looker = User.objects.create_superuser("looker", "a long pass phrase")
    User.objects.filter(id=looker.id).update(is_superuser=False)
    looker.user_permissions.set(Permission.objects.filter(codename="view_delivery"))
    reachable(user := new_user())
    earn(user)
    settle()
    delivery = Delivery.objects.get()
    Delivery.objects.update(status="dead")
    client = Client()
    client.force_login(User.objects.get(id=looker.id))
    page = client.get(f"{HOME}/delivery/")
    assert page.status_code == 200
    assert "send_again" not in page.content.decode()
    client.post(
        f"{HOME}/delivery/",
        {
            "action": "send_again",
            "_selected_action": [delivery.id],
            "confirmed": "1",
            "reason": "x",
        },
    )
    delivery.refresh_from_db()
    assert (delivery.status, delivery.resends) == ("dead", 0)


def test_no_page_shows_an_address_an_endpoint_or_a_key(
    admin: Client, push_service: PushService
) -> None:
    user, browser = new_user(), push_service.browser()
    reachable(user, "ada.lovelace@example.org")
    row = PushSubscription.objects.create(
        user_id=user.id, endpoint=browser.endpoint, endpoint_hash="x", created_at=NOW,
        **browser.subscription["keys"],
    )  # fmt: skip
    secrets = ["ada.lovelace", browser.endpoint, *browser.subscription["keys"].values()]
    for path in ("recipient/", f"recipient/{user.id}/change/", "pushsubscription/",
                 f"pushsubscription/{row.id}/change/"):  # fmt: skip
        page = admin.get(f"{HOME}/{path}")
        assert page.status_code == 200
        assert [it for it in secrets if it in page.content.decode()] == []
