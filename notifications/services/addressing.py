"""A member's mail address: given, asked about by a letter, confirmed by its link, left."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from core.errors import Conflict, LimitExceeded
from core.jobs import enqueue
from notifications import jobs
from notifications.models import (
    Channel,
    Delivery,
    DeliveryStatus,
    Preference,
    Purpose,
    Recipient,
)
from notifications.models.recipients import address_mark
from notifications.tokens import VERIFICATION_LIVES, Unsubscription, Verification

# Letters in a day: wallets cost nothing, so strangers' addresses need a limit of their own.
LETTERS_TO_AN_ADDRESS, LETTERS_OF_A_MEMBER = 3, 10
DAY = timedelta(days=1)


@transaction.atomic
def give_address(*, user_id: UUID, address: str, now: datetime) -> Recipient:
    """Keep the address and ask it by letter; one that is verified already stays so.

    Raises Conflict where this installation sends no mail, LimitExceeded for too many letters.
    """
    if not settings.EMAIL_ENABLED:
        raise Conflict("EMAIL_OFF", "This site sends no mail.")
    person = _locked(user_id)
    if person.mail_address == address:
        return person
    mark = address_mark(address)
    _check_limits(user_id, mark, now)
    Delivery.objects.waiting_verifications(user_id).update(
        status=DeliveryStatus.SKIPPED, reason="replaced"
    )
    person.email, person.email_verified_at = address, None
    person.save(update_fields=["email", "email_verified_at"])
    letter = Delivery.objects.create(
        purpose=Purpose.VERIFICATION,
        user_id=user_id,
        channel=Channel.EMAIL,
        target=mark,
        created_at=now,
        next_run_at=now,
        expires_at=now + VERIFICATION_LIVES,
    )
    enqueue(jobs.DELIVER, letter.id)
    return person


def _check_limits(user_id: UUID, mark: str, now: datetime) -> None:
    today = Delivery.objects.filter(purpose=Purpose.VERIFICATION, created_at__gt=now - DAY)
    limits = (
        (today.filter(target=mark), LETTERS_TO_AN_ADDRESS),
        (today.filter(user_id=user_id), LETTERS_OF_A_MEMBER),
    )
    for letters, limit in limits:
        if letters.count() >= limit:
            raise LimitExceeded(
                "TOO_MANY_LETTERS",
                "This address was asked several times today. Try again tomorrow.",
                retry_after=int(DAY.total_seconds()),
            )


@transaction.atomic
def confirm_address(*, proof: Verification, now: datetime) -> bool:
    """False when the member has given another address since; again changes nothing."""
    asked = Recipient.objects.filter(user_id=proof.user_id, email=proof.address)
    asked.filter(email_verified_at__isnull=True).update(email_verified_at=now)
    return asked.exists()


@transaction.atomic
def remove_address(*, user_id: UUID) -> None:
    Recipient.objects.filter(user_id=user_id).update(email="", email_verified_at=None)
    Delivery.objects.waiting_verifications(user_id).update(
        status=DeliveryStatus.SKIPPED, reason="the address was removed"
    )


def unsubscribe(*, wish: Unsubscription) -> None:
    """No more mail of this type, or of any; again changes nothing."""
    Preference.objects.keep(wish.user_id, {(wish.kind, Channel.EMAIL): False})


def _locked(user_id: UUID) -> Recipient:
    Recipient.objects.get_or_create(user_id=user_id)
    return Recipient.objects.select_for_update().get(user_id=user_id)
