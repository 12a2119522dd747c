"""Signing the head of the log, at an interval and when somebody exports it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit.models import Anchor, Checkpoint, Head
from audit.notes import Checkpoint as Statement
from audit.notes import NoteSigner


def log_signers() -> list[NoteSigner]:
    """Of every version of the key, the one that signs last."""
    keys = sorted(settings.AUDIT_SIGNING_KEYS.items())
    return [NoteSigner(settings.AUDIT_LOG_NAME, seed) for _, seed in keys]


def sign_when_due(*, now: datetime, every: timedelta) -> bool:
    """Sign the head unless it has grown by nothing, or the last checkpoint is younger than
    `every`. Whether it did."""
    last = Checkpoint.objects.order_by("-size").first()
    if last is not None and last.signed_at > now - every:
        return False
    head = Head.objects.get(id=1)
    if head.size <= (last.size if last is not None else 0):
        return False
    sign_head(head=head, now=now)
    return True


@transaction.atomic
def sign_head(*, head: Head, now: datetime) -> None:
    """One checkpoint a size, whoever comes first; it asks to be anchored."""
    root = head.load().root()
    statement = Statement(settings.AUDIT_LOG_NAME, head.size, root)
    note = log_signers()[-1].sign(statement.text())
    row = Checkpoint(size=head.size, root=root, note=note, signed_at=now)
    Checkpoint.objects.bulk_create([row], ignore_conflicts=True)
    anchor = Anchor(size=head.size, memo=anchor_memo(statement), created_at=now)
    Anchor.objects.bulk_create([anchor], ignore_conflicts=True)


def anchor_memo(statement: Statement) -> str:
    return f"aiw3-audit:1:{statement.origin}:{statement.size}:{statement.root.hex()}"
