"""Rows that have served."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from accounts.models import LoginSession, SignInNonce, StreamTicket
from core.models import IdempotencyKey

ENDED_SESSIONS_KEPT = timedelta(days=30)
TICKETS_KEPT = timedelta(days=1)


def purge_expired(*, now: datetime) -> int:
    """Delete expired nonces, tickets, sessions and idempotency keys; returns how many rows went."""
    done = (
        SignInNonce.objects.purgeable(now=now),
        StreamTicket.objects.filter(startable_until__lte=now - TICKETS_KEPT),
        LoginSession.objects.filter(expires_at__lte=now - ENDED_SESSIONS_KEPT),
        Session.objects.filter(expire_date__lte=now),
        IdempotencyKey.objects.expired(now=now),
    )
    return sum(rows.delete()[0] for rows in done)
