"""Who may open a stream: by token, by browser session, or by a ticket in the URL."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from accounts.models import LoginSession, StreamTicket, User
from accounts.secret_hash import hash_secret
from accounts.services.sessions import ended_sessions
from core.errors import NotSignedIn
from core.ids import uuid7


@dataclass(frozen=True)
class StreamGrant:
    """Leave to read until `expires_at`; the same ticket always gives the same `stream_id`.

    `session_id` is the sign-in it came from, None for staff who signed in with a password;
    `browser_session` the key of Django's session, None for who sent no cookie. `ended_grants()`
    looks at both.
    """

    user_id: UUID
    is_admin: bool
    expires_at: datetime
    stream_id: str
    session_id: UUID | None = None
    browser_session: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class IssuedTicket:
    """`expires_in`: whole seconds in which the stream must start."""

    ticket: str = field(repr=False)
    expires_in: int


def issue_stream_ticket(*, user: User, session: LoginSession | None, now: datetime) -> IssuedTicket:
    ticket = secrets.token_urlsafe(32)
    StreamTicket.objects.create(
        user=user,
        session=session,
        ticket_hash=hash_secret(ticket),
        created_at=now,
        startable_until=now + settings.STREAM_TICKET_START_TTL,
    )
    return IssuedTicket(ticket, int(settings.STREAM_TICKET_START_TTL.total_seconds()))


def grant_by_browser_session(session_key: str, *, now: datetime) -> StreamGrant:
    """Raises NotSignedIn."""
    known = Session.objects.filter(session_key=session_key, expire_date__gt=now)
    row = known.first() if session_key.isalnum() else None
    user = _user_of_browser_session(session_key) if row else None
    if row is None or user is None:
        raise NotSignedIn("SESSION_ENDED", "You have signed out; sign in again.")
    login = LoginSession.objects.of_browser(session_key).live(now=now).first()
    return StreamGrant(
        user_id=user.id,
        is_admin=user.is_admin_reader,
        expires_at=row.expire_date,
        stream_id=str(uuid7()),
        session_id=login.id if login else None,
        browser_session=session_key,
    )


def ended_grants(*, grants: Collection[StreamGrant], now: datetime) -> set[str]:
    """The `stream_id` of each that may read no longer; a few queries for any number of them.

    Its person signed out, was deactivated, or is no longer staff and reads what is for staff.
    Asked of thousands every few seconds: each query names those who may not, as a rule nobody.
    """
    gone = ended_sessions(session_ids=[g.session_id for g in grants if g.session_id], now=now)
    keys = {grant.browser_session for grant in grants if grant.browser_session}
    gone_keys = _ended_browser_sessions(keys, now=now) if keys else set()
    without_session = [g.user_id for g in grants if not (g.session_id or g.is_admin)]
    inactive = User.objects.unfit(without_session, staff=False)
    no_staff = User.objects.unfit([g.user_id for g in grants if g.is_admin], staff=True)
    if not (gone or gone_keys or inactive or no_staff):
        return set()

    def has_ended(grant: StreamGrant) -> bool:
        if grant.session_id in gone or grant.browser_session in gone_keys:
            return True
        if grant.is_admin:
            return grant.user_id in no_staff
        return not grant.session_id and grant.user_id in inactive

    return {grant.stream_id for grant in grants if has_ended(grant)}


def _ended_browser_sessions(keys: set[str], *, now: datetime) -> set[str]:
    live = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
    return keys - set(live.values_list("session_key", flat=True))


def _user_of_browser_session(session_key: str) -> User | None:
    """As Django's middleware would: the session's hash checked, inactive users refused."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    if SESSION_KEY not in request.session:
        return None
    user = get_user(request)
    return user if isinstance(user, User) else None
