"""What a sign-in opened: the session behind every token, and the tickets for streams."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models import Q
from django.db.models.expressions import RawSQL

from accounts.models.users import User
from core.ids import uuid7

RESOURCE_LENGTH = 200
START_STREAMS = """
WITH fresh AS (
    SELECT id FROM accounts_streamticket
    WHERE id = ANY(%s) AND started_at IS NULL AND startable_until > %s ORDER BY id FOR UPDATE
)
UPDATE accounts_streamticket AS ticket
SET started_at = %s, resumable_until = %s, resource = wanted.resource
FROM fresh JOIN unnest(%s::uuid[], %s::text[]) AS wanted (id, resource) USING (id)
WHERE ticket.id = fresh.id RETURNING ticket.id
"""

ENDED_SESSIONS = """
SELECT asked.id FROM unnest(%s::uuid[]) AS asked (id)
LEFT JOIN accounts_loginsession AS session
    ON session.id = asked.id AND session.ended_at IS NULL AND session.expires_at > %s
LEFT JOIN accounts_user AS person ON person.id = session.user_id AND person.is_active
WHERE person.id IS NULL
"""


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    def live(self, *, now: datetime) -> "LoginSessionQuerySet":
        return self.filter(ended_at__isnull=True, expires_at__gt=now)

    def of_browser(self, session_key: str | None) -> "LoginSessionQuerySet":
        return self.filter(browser_session_key=session_key) if session_key else self.none()

    def among(self, ids: Iterable[UUID]) -> "LoginSessionQuerySet":
        """One parameter for all: an `IN` of thousands holds the interpreter while it is built."""
        found = RawSQL("accounts_loginsession.id = ANY(%s)", [list(ids)], models.BooleanField())
        return self.filter(found)

    def ended(self, ids: Iterable[UUID], *, now: datetime) -> set[UUID]:
        """Those that are over, or whose person is not active. They are few, of thousands asked."""
        with connection.cursor() as cursor:
            cursor.execute(ENDED_SESSIONS, [list(ids), now])
            return {session_id for (session_id,) in cursor.fetchall()}

    def with_readers(self, ids: Iterable[UUID | None]) -> "dict[UUID | None, LoginSession]":
        """By id, with what decides who may read: one query, and no other column."""
        few = self.select_related("user").only(
            "ended_at", "expires_at", "user__is_active", "user__is_staff"
        )
        return {session.id: session for session in few.among(i for i in ids if i)}

    def rotate(
        self, session_id: UUID, *, old: str, new: str, expires_at: datetime, now: datetime
    ) -> bool:
        """Exchange the refresh token's id; False when `old` is not the current one."""
        current = self.live(now=now).filter(id=session_id, refresh_jti=old)
        return bool(current.update(refresh_jti=new, expires_at=expires_at))


class LoginSession(models.Model):
    """One sign-in. Every token names it (`sid`), so ending it ends all of them at once.

    Only the newest refresh token's id (`refresh_jti`) is kept and no token itself, which
    is why simplejwt's blacklist, whose table stores whole tokens, is not used.
    """

    class EndReason(models.TextChoices):
        SIGNED_OUT = "signed_out"
        REFRESH_REUSED = "refresh_reused"
        REVOKED = "revoked"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="login_sessions")
    refresh_jti = models.CharField(max_length=64)
    browser_session_key = models.CharField(max_length=40, blank=True, db_index=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=20, blank=True, choices=EndReason.choices)

    objects = LoginSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="")
                | Q(ended_at__isnull=False) & ~Q(end_reason=""),
                name="login_session_ends_with_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"session {self.id}"

    def is_live(self, *, now: datetime) -> bool:
        return self.ended_at is None and self.expires_at > now

    def bind_browser(self, session_key: str) -> None:
        """This sign-in and that Django session end together."""
        self.browser_session_key = session_key
        self.save(update_fields=["browser_session_key"])

    def end(self, reason: EndReason, *, now: datetime) -> None:
        """Revoke every token of this session and the browser session; ending twice changes nothing."""
        mine = LoginSession.objects.filter(id=self.id, ended_at__isnull=True)
        mine.update(ended_at=now, end_reason=reason)
        if self.browser_session_key:
            Session.objects.filter(session_key=self.browser_session_key).delete()


class StreamTicketQuerySet(models.QuerySet["StreamTicket"]):
    def by_hash(self, hashes: Iterable[str]) -> "dict[str, StreamTicket]":
        rows = self.select_related("user", "session").filter(ticket_hash__in=list(hashes))
        return {row.ticket_hash: row for row in rows}

    def start(
        self, resources: Mapping[UUID, str], *, resumable_until: datetime, now: datetime
    ) -> set[UUID]:
        """Those of these tickets whose stream the caller starts: of many callers exactly one.

        The rows are locked in the order of their ids, so that two batches with the same
        tickets do not wait for each other.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                START_STREAMS,
                [list(resources), now, now, resumable_until, [*resources], [*resources.values()]],
            )
            return {ticket_id for (ticket_id,) in cursor.fetchall()}


class StreamTicket(models.Model):
    """Opens one stream where no header can be sent; `id` is also the id of that stream."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="stream_tickets")
    session = models.ForeignKey(LoginSession, models.CASCADE, null=True, blank=True)
    ticket_hash = models.CharField(max_length=64, unique=True)
    resource = models.CharField(max_length=RESOURCE_LENGTH, blank=True)
    created_at = models.DateTimeField()
    startable_until = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    resumable_until = models.DateTimeField(null=True, blank=True)

    objects = StreamTicketQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(started_at__isnull=True, resumable_until__isnull=True)
                | Q(started_at__isnull=False, resumable_until__isnull=False),
                name="stream_ticket_started_is_resumable",
            )
        ]

    def __str__(self) -> str:
        return f"ticket {self.id}"
