"""Optimistic locking: a row changes only if it is still as it was read."""

from typing import Any

from django.db import models
from django.db.models import F


def update_if_unchanged(row: Any, **changes: Any) -> bool:
    """Write `changes` where (id, status, version) are still those of `row`; it then follows.

    One statement, without reading the row back: it holds exactly what was written. False,
    and nothing changed, when somebody else was faster.
    """
    model: type[models.Model] = type(row)
    mine = model._default_manager.filter(id=row.pk, status=row.status, version=row.version)
    if not mine.update(version=F("version") + 1, **changes):
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    row.version += 1
    return True
