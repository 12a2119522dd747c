"""Legal holds: placed, released, and asked before anything is erased."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from audit.models import HoldScope, LegalHold
from audit.working import because
from core.errors import Conflict, InvalidInput, NotFound


def place_hold(*, scope: str, value: str, reason: str, by: str, now: datetime) -> LegalHold:
    """Raises InvalidInput without a value or a reason, Conflict when it is held already."""
    if scope not in HoldScope.values or not value.strip() or not reason.strip():
        raise InvalidInput("HOLD_INCOMPLETE", "A hold needs a scope, a value and a reason.")
    if scope == HoldScope.USER:
        value = _user_id(value)
    try:
        with transaction.atomic(), because(reason):
            return LegalHold.objects.create(
                scope=scope, value=value, reason=reason, placed_by=by, placed_at=now
            )
    except IntegrityError:
        raise Conflict("HELD_ALREADY", "There is such a hold already.") from None


def _user_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise InvalidInput("NOT_AN_ID", "A user is held by their id.") from None


def release_hold(*, hold_id: int, reason: str, by: str, now: datetime) -> None:
    """Raises NotFound unless it is in force."""
    with transaction.atomic(), because(reason):
        mine = LegalHold.objects.in_force().filter(id=hold_id)
        if not mine.update(released_by=by, released_at=now):
            raise NotFound("HOLD_NOT_FOUND", "No such hold is in force.")


def held_records() -> Q:
    """The records that a hold in force keeps, as a condition."""
    held: dict[str, list[str]] = {scope: [] for scope in HoldScope.values}
    for hold in LegalHold.objects.in_force():
        held[hold.scope].append(hold.value)
    users = held[HoldScope.USER]
    return (
        Q(subject__in=users)
        | Q(actor__in=[f"user:{user}" for user in users])
        | Q(object__in=held[HoldScope.OBJECT])
        | Q(correlation__in=held[HoldScope.CORRELATION])
    )
