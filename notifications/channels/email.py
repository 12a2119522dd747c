"""E-mail by Django's backends: SMTP by default, any provider of django-anymail by its setting."""

import smtplib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from notifications.channels.base import NotDelivered, Parcel
from notifications.channels.letters import notification_letter, verification_letter
from notifications.channels.timed_smtp import TimedBackend
from notifications.models import Channel, Delivery, Outcome, Purpose, Recipient
from notifications.models.recipients import address_mark

# Answers that blame our account or the server, not this letter: the next one would fare alike.
OURS = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPNotSupportedError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPServerDisconnected,
)


class EmailChannel:
    name = Channel.EMAIL.value

    def is_on(self) -> bool:
        return bool(settings.EMAIL_ENABLED)

    def targets(self, user_ids: Collection[UUID]) -> Mapping[UUID, Sequence[str]]:
        verified = Recipient.objects.filter(
            user_id__in=user_ids, email_verified_at__isnull=False
        ).values_list("user_id", flat=True)
        return {user_id: [""] for user_id in verified}

    def pack(self, delivery: Delivery) -> Parcel | None:
        person = Recipient.objects.filter(user_id=delivery.user_id).first()
        if person is None:
            return None
        if delivery.purpose == Purpose.VERIFICATION:
            is_asked = not person.mail_address and address_mark(person.email) == delivery.target
            return EmailParcel(verification_letter(delivery, person)) if is_asked else None
        if not person.mail_address or delivery.notification is None:
            return None
        return EmailParcel(notification_letter(delivery, delivery.notification, person))

    def forget(self, target: str) -> None:
        """Mail servers do not say for sure that somebody is gone."""


@dataclass(frozen=True)
class EmailParcel:
    """`packed` is by `time.monotonic`: the time for the letter begins with the claim."""

    letter: EmailMultiAlternatives = field(repr=False)
    provider: str = "email"
    packed: float = field(default_factory=time.monotonic)

    def send(self) -> None:
        try:
            _connection(self.packed).send_messages([self.letter])
        except Exception as error:  # noqa: BLE001 - each backend has its own
            raise _judged(error) from None  # the original names the address


def _connection(began: float) -> BaseEmailBackend:
    if settings.EMAIL_BACKEND == settings.SMTP_BACKEND:
        return TimedBackend(began=began)
    return get_connection()  # one call by HTTP, with a limit of its own


def _judged(error: Exception) -> NotDelivered:
    """What an error of the mail backend means for this letter and for the next ones."""
    # Not before there is an error: it loads requests, half a second for every process.
    from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused

    name = type(error).__name__
    if isinstance(error, OURS):
        return NotDelivered(Outcome.SILENT, name)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
        return _by_code(max(codes, default=450), name)
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, name)
    if isinstance(error, AnymailRecipientsRefused):
        return NotDelivered(Outcome.REFUSED, name)
    if isinstance(error, AnymailAPIError):
        return _by_status(error.status_code, name)
    if isinstance(error, OSError):  # SMTPException among them
        return NotDelivered(Outcome.SILENT, name)
    return NotDelivered(Outcome.DEFERRED, name)


def _by_code(code: int, name: str) -> NotDelivered:
    """SMTP: 5xx is for good, 4xx for now (RFC 5321, 4.2.1)."""
    outcome = Outcome.REFUSED if code >= 500 else Outcome.DEFERRED
    return NotDelivered(outcome, f"{name} {code}")


def _by_status(status: int | None, name: str) -> NotDelivered:
    """HTTP, of a provider behind django-anymail."""
    if status == 429:
        return NotDelivered(Outcome.BUSY, f"{name} 429")
    if status is None or status >= 500 or status in {401, 403}:
        return NotDelivered(Outcome.SILENT, f"{name} {status}")
    return NotDelivered(Outcome.REFUSED, f"{name} {status}")
