"""The letters that we write: HTML and text, in the member's language."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from notifications.mail_words import MAIL_WORDS
from notifications.models import EVERY_TYPE, Delivery, Notification, Recipient
from notifications.tokens import unsubscribe_token, verification_token

PREFERENCES = "/notifications"


def notification_letter(
    delivery: Delivery, notification: Notification, person: Recipient
) -> EmailMultiAlternatives:
    """With one-click unsubscription from this type (RFC 8058)."""
    this_type = _unsubscribe_link(person, notification.type)
    context = {
        "title": notification.title,
        "message": notification.message,
        "link": settings.PUBLIC_BASE_URL + notification.link,
        "unsubscribe": this_type,
        "unsubscribe_all": _unsubscribe_link(person, EVERY_TYPE),
        "preferences": settings.PUBLIC_BASE_URL + PREFERENCES,
    }
    headers = {
        "List-Unsubscribe": f"<{this_type}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{notification.type}.{_host()}>",
    }
    return _letter("notification", notification.title, delivery, person, context, headers)


def verification_letter(delivery: Delivery, person: Recipient) -> EmailMultiAlternatives:
    token = verification_token(person.user_id, person.email)
    link = settings.PUBLIC_BASE_URL + reverse("mail-verify", args=[token])
    subject = MAIL_WORDS[person.language]["verify_subject"]
    return _letter("verification", subject, delivery, person, {"link": link}, {})


def _unsubscribe_link(person: Recipient, kind: str) -> str:
    token = unsubscribe_token(person.user_id, kind)
    return settings.PUBLIC_BASE_URL + reverse("mail-unsubscribe", args=[token])


def _letter(
    template: str,
    subject: str,
    delivery: Delivery,
    person: Recipient,
    context: dict[str, Any],
    headers: dict[str, str],
) -> EmailMultiAlternatives:
    """The Message-ID is the delivery's, so that a letter that comes twice can be told."""
    context |= {"words": MAIL_WORDS[person.language], "language": person.language}
    letter = EmailMultiAlternatives(
        subject=" ".join(subject.split()),  # a line break would be a header of its own
        body=render_to_string(f"notifications/{template}.txt", context),
        to=[person.email],
        headers={
            "Message-ID": f"<{delivery.key}@{_host()}>",
            "Auto-Submitted": "auto-generated",
            **headers,
        },
    )
    html = render_to_string(f"notifications/{template}.html", context)
    letter.attach_alternative(html, "text/html")
    return letter


def _host() -> str:
    return urlsplit(settings.PUBLIC_BASE_URL).hostname or "localhost"
