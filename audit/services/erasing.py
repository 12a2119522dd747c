"""Erasing a person: values and salts go, commitments stay, and every proof remains valid."""

from uuid import UUID

from django.db import transaction

from audit.models import ChainTransaction, ErasedPerson, Record
from audit.services.appending import append_pending
from audit.services.forgetting import erase, is_held
from audit.working import because
from core.errors import Conflict, InvalidInput


def erase_person(*, user_id: UUID, reason: str) -> int:
    """Erase what the log says about them and that they did it; how many records.

    Events that the log has still to record are recorded without them. `reason` stays for ever,
    so it must not name them (a ticket's number will do). Raises InvalidInput without one,
    Conflict while a legal hold keeps any of it.
    """
    if not reason.strip():
        raise InvalidInput("REASON_MISSING", "Say why: it is recorded. Do not name the person.")
    append_pending()
    erased = _erase_what_there_is(user_id, reason)
    append_pending()
    # Once more: an appender may have looked who was erased before that was committed.
    erased += _erase_what_there_is(user_id, reason)
    append_pending()
    return erased


@transaction.atomic
def _erase_what_there_is(user_id: UUID, reason: str) -> int:
    demand_not_held(user_id=user_id)
    ErasedPerson.objects.get_or_create(user_id=user_id)
    theirs = Record.objects.of_user(user_id)
    personal = list(theirs.filter(subject=user_id).values_list("index", flat=True))
    acted = list(theirs.exclude(subject=user_id).values_list("index", flat=True))
    if personal or acted:
        with because(reason):
            erase(personal=personal, acted=acted)
    ChainTransaction.objects.forget(user_id)
    return len(personal) + len(acted)


def demand_not_held(*, user_id: UUID) -> None:
    """Raises Conflict."""
    if is_held(user_id):
        raise Conflict("HELD", "A legal hold keeps records about this person.")
