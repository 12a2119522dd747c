"""Retention: what records say about people goes after a time, unless a legal hold keeps it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit.models import Record
from audit.services.forgetting import erase
from audit.services.holding import held_records
from audit.working import because

BATCH = 5000


def apply_retention(*, now: datetime) -> int:
    """Erase the personal fields of records older than AUDIT_RETENTION; how many. None: no limit."""
    kept_for: timedelta | None = settings.AUDIT_RETENTION
    if kept_for is None:
        return 0
    erased, reason = 0, f"older than {kept_for.days} days"
    while count := _erase_batch(before=now - kept_for, reason=reason):
        erased += count
    return erased


@transaction.atomic
def _erase_batch(*, before: datetime, reason: str) -> int:
    whole = Record.objects.filter(at__lt=before, salts__10__isnull=False)
    free = whole.exclude(held_records()).exclude(what="audit.erased")
    indexes = list(free.values_list("index", flat=True)[:BATCH])
    if indexes:
        with because(reason):
            erase(personal=indexes, acted=[])
    return len(indexes)
