"""Letters, to a real SMTP server: what is in them, once, and what happens when it refuses.

Asked here: a crash after the server took it? two workers? the server down, then up? refused for
good, refused for now? nobody there any more?
"""

import logging
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.conf import settings as project
from django.core import mail

from notifications.models import Channel, Delivery, Outcome, Preference, Provider, Recipient
from notifications.models.deliveries import LEASE
from notifications.services.delivering import _claim, deliver
from notifications.services.outcomes import Claimed
from notifications.services.redriving import resend
from tests.notifications.parts import (
    NOW,
    SOON,
    attempt,
    earn,
    new_user,
    reachable,
    settle,
)
from tests.notifications.receivers import PostOffice
from tests.together import run_together

pytestmark = pytest.mark.django_db
ADDRESS = "ada@example.org"


def planned(**person: object) -> Delivery:
    """A letter that waits to be sent to a member."""
    user = new_user()
    reachable(user, ADDRESS, **person)
    earn(user)
    settle()
    delivery = Delivery.objects.get(user_id=user.id)
    Delivery.objects.update(next_run_at=NOW, expires_at=NOW + timedelta(hours=48))
    delivery.refresh_from_db()
    return delivery


def part(letter: EmailMessage, kind: str) -> str:
    found = letter.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text


def outcomes(delivery: Delivery) -> list[str]:
    return list(delivery.log.order_by("id").values_list("outcome", flat=True))


def test_a_letter_is_html_and_text_and_names_how_to_leave(office: PostOffice) -> None:
    delivery = attempt(planned(), now=NOW)
    [letter] = office.letters
    assert (delivery.status, delivery.sent_at, outcomes(delivery)) == ("sent", NOW, ["sent"])
    assert (letter["To"], letter["Subject"]) == (ADDRESS, "New badge: First Steps")
    assert letter["Message-ID"] == f"<{delivery.id.hex}.0@127.0.0.1>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = letter["List-Unsubscribe"].strip("<> ")
    for kind in ("plain", "html"):
        assert "“First Steps”" in part(letter, kind)
        assert one_click in part(letter, kind)
        assert f"{project.PUBLIC_BASE_URL}/badges" in part(letter, kind)


def test_html_in_a_value_stays_text(office: PostOffice) -> None:
    user = new_user()
    reachable(user)
    earn(user, name="<script>x</script>\r\nBcc: all@example.org")
    settle()
    attempt(Delivery.objects.get(), now=Delivery.objects.get().next_run_at)
    [letter] = office.letters
    assert "<script>" not in part(letter, "html")
    assert "<script>" in part(letter, "plain")
    assert letter["Bcc"] is None


def test_a_crash_after_the_server_took_it_sends_the_same_letter_again(office: PostOffice) -> None:
    delivery = planned()
    claimed = _claim(delivery.id, NOW)
    assert isinstance(claimed, Claimed)
    claimed.parcel.send()  # and here the worker dies
    assert deliver(delivery_id=delivery.id, now=NOW + LEASE / 2) is None
    assert len(office.letters) == 1
    delivery = attempt(delivery, now=NOW + LEASE + SOON)
    first, second = office.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert (delivery.status, outcomes(delivery)) == ("sent", ["started", "sent"])


def test_a_delivery_that_kills_its_workers_is_given_up(office: PostOffice) -> None:
    delivery, now = planned(), NOW
    for _ in range(5):
        assert _claim(delivery.id, now) is not None
        now += LEASE + SOON
    delivery = attempt(delivery, now=now)
    assert (delivery.status, office.letters) == ("dead", [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_letter(office: PostOffice) -> None:
    delivery = planned()
    run_together([lambda: deliver(delivery_id=delivery.id, now=NOW)] * 4)
    assert len(office.letters) == 1
    assert outcomes(delivery) == ["sent"]


def test_while_the_server_is_away_letters_wait_and_then_go(office: PostOffice) -> None:
    first, second = planned(), planned()
    office.close()
    assert attempt(first, now=NOW).status == "waiting"
    # Known to be away: the others do not even try.
    assert outcomes(attempt(second, now=NOW + SOON)) == []
    later = NOW
    for _ in range(10):
        paused_until = Provider.objects.get(name="email").paused_until
        assert paused_until is not None
        later = paused_until + SOON
        assert attempt(first, now=max(later, first.next_run_at)).status == "waiting"
    assert later - NOW > timedelta(minutes=30)  # longer than refusals are borne
    office.open()
    for number, delivery in enumerate((first, second)):
        attempt(delivery, now=later + timedelta(minutes=11 + number))
    assert len(office.letters) == 2
    assert Provider.objects.get(name="email").failures == 0


def test_a_letter_refused_for_good_is_dead_and_can_be_sent_again(office: PostOffice) -> None:
    office.answers = ["550 no such mailbox"]
    delivery = attempt(planned(), now=NOW)
    assert (delivery.status, delivery.reason) == ("dead", "SMTPRecipientsRefused 550")
    assert deliver(delivery_id=delivery.id, now=NOW + SOON) is None
    assert resend(delivery_ids=[delivery.id], now=NOW + SOON) == 1
    delivery = attempt(delivery, now=NOW + SOON)
    assert delivery.status == "sent"
    assert office.letters[0]["Message-ID"] == f"<{delivery.id.hex}.1@127.0.0.1>"


def test_a_letter_refused_for_now_is_tried_with_growing_pauses_and_then_given_up(
    office: PostOffice,
) -> None:
    office.answers = ["451 later"] * 8
    delivery, now, pauses = planned(), NOW, []
    while (delivery := attempt(delivery, now=now)).status == "waiting":
        pauses.append((delivery.next_run_at - now).total_seconds())
        now = delivery.next_run_at
    assert (delivery.status, len(pauses)) == ("dead", 7)
    assert 12 <= pauses[0] <= 18
    assert pauses[-1] > 600
    assert office.letters == []


def test_nothing_of_the_address_is_in_the_log(office: PostOffice, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    office.answers = [f"550 no {ADDRESS} here"]
    delivery = attempt(planned(), now=NOW)
    claimed = _claim(planned().id, NOW)
    ours = "".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert "ada@" not in ours + delivery.reason + delivery.log.get().detail
    assert "ada@" not in repr(claimed)


def test_what_changed_since_it_was_planned_counts(office: PostOffice) -> None:
    unwanted, gone, old = planned(), planned(), planned()
    Preference.objects.keep(unwanted.user_id, {("badge_earned", Channel.EMAIL): False})
    Recipient.objects.filter(user_id=gone.user_id).update(
        email="new@example.org", email_verified_at=None
    )
    assert attempt(unwanted, now=NOW).reason == "not wanted any more"
    assert attempt(gone, now=NOW).status == "skipped"
    assert attempt(old, now=NOW + timedelta(hours=49)).status == "dead"
    assert office.letters == []


def test_letters_keep_to_the_rate_of_their_provider(office: PostOffice, settings) -> None:
    settings.NOTIFICATION_RATES = {"email": "6/min"}
    letters = [planned() for _ in range(3)]
    for delivery in letters:
        attempt(delivery, now=NOW)
    assert len(office.letters) == 1
    slots = [
        row.next_run_at for row in Delivery.objects.filter(status="waiting").order_by("next_run_at")
    ]
    assert slots == [NOW + timedelta(seconds=10), NOW + timedelta(seconds=20)]
    for delivery in letters[1:]:  # a place in the queue is kept
        assert attempt(delivery, now=delivery.next_run_at + timedelta(seconds=30)).status == "sent"


def test_a_backend_of_anymail_is_a_setting(settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_ENABLED = "anymail.backends.test.EmailBackend", True
    delivery = attempt(planned(), now=NOW)
    assert delivery.status == "sent", delivery.reason
    [letter] = mail.outbox
    assert letter.extra_headers["Message-ID"] == f"<{delivery.id.hex}.0@127.0.0.1>"


def test_a_provider_behind_anymail_is_told_apart_by_its_answers() -> None:
    from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused

    from notifications.channels.email import _judged

    silent = AnymailAPIError(status_code=503)
    assert _judged(silent).outcome == Outcome.SILENT
    assert _judged(AnymailAPIError(status_code=429)).outcome == Outcome.BUSY
    assert _judged(AnymailAPIError(status_code=400)).outcome == Outcome.REFUSED
    assert _judged(AnymailRecipientsRefused()).outcome == Outcome.REFUSED
