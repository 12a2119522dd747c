"""Erasing a person: values and salts go, commitments stay, and every proof remains valid."""

import json
from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from audit.models import ChainTransaction, Record
from audit.services.appending import append_pending
from audit.services.holding import held_records
from audit.working import because, who
from core.errors import Conflict, InvalidInput

ERASE = "SELECT audit.erase(%s::bigint[], %s::bigint[], %s::jsonb)"


def erase_person(*, user_id: UUID, reason: str) -> int:
    """Erase what the log says about them and that they did it; how many records.

    `reason` stays for ever, so it must not name them (a ticket's number will do). Raises
    InvalidInput without one, Conflict while a legal hold keeps any of it.
    """
    if not reason.strip():
        raise InvalidInput("REASON_MISSING", "Say why: it is recorded. Do not name the person.")
    append_pending()
    with transaction.atomic(), because(reason):
        theirs = Record.objects.of_user(user_id)
        if theirs.filter(held_records()).exists():
            raise Conflict("HELD", "A legal hold keeps records about this person.")
        personal = list(theirs.filter(subject=user_id).values_list("index", flat=True))
        acted = list(theirs.exclude(subject=user_id).values_list("index", flat=True))
        if personal or acted:
            erase(personal=personal, acted=acted)
        ChainTransaction.objects.filter(user_id=user_id).update(user_id=None, signer="")
    append_pending()
    return len(personal) + len(acted)


def erase(*, personal: Sequence[int], acted: Sequence[int]) -> None:
    """In the caller's transaction; the database notes it together with the erasure."""
    with connection.cursor() as cursor:
        cursor.execute(ERASE, [list(personal), list(acted), json.dumps(who())])
