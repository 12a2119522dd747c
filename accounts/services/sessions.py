"""Tokens and the sign-in session behind them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.models import LoginSession, User
from core.errors import NotSignedIn
from core.ids import uuid7

SESSION_CLAIM = "sid"
EndReason = LoginSession.EndReason


@dataclass(frozen=True, repr=False)
class Tokens:
    """A pair for one session, encoded; without a repr, so that no log shows it."""

    access: str
    refresh: str


def open_login_session(*, user: User, now: datetime) -> tuple[LoginSession, Tokens]:
    """Called inside the transaction that consumes what proved the user."""
    session_id = uuid7()
    token = _refresh_token(user.id, session_id)
    session = LoginSession.objects.create(
        id=session_id,
        user=user,
        refresh_jti=token["jti"],
        created_at=now,
        expires_at=now + api_settings.REFRESH_TOKEN_LIFETIME,
    )
    return session, _encode(token)


def refresh_tokens(*, refresh: str, now: datetime) -> Tokens:
    """Exchange a refresh token for a new pair; it is then used up.

    A token that comes back after its exchange was stolen, or its successor was: the whole
    session ends (RFC 9700, 4.14.2). Raises NotSignedIn.
    """
    old = _read(RefreshToken, refresh)
    with transaction.atomic():
        session = _session_of(old)
        refuse_unusable(session, now=now)
        new = _refresh_token(session.user_id, session.id)
        rotated = LoginSession.objects.rotate(
            session.id,
            old=old["jti"],
            new=new["jti"],
            expires_at=now + api_settings.REFRESH_TOKEN_LIFETIME,
            now=now,
        )
        if not rotated:
            session.end(EndReason.REFRESH_REUSED, now=now)
    if not rotated:
        raise NotSignedIn("REFRESH_REUSED", "This token was used before; sign in again.")
    return _encode(new)


def authenticate_access_token(*, token: str, now: datetime) -> LoginSession:
    """The live session, with its active user: one indexed lookup. Raises NotSignedIn."""
    return refuse_unusable(_session_of(_read(AccessToken, token)), now=now)


def session_of_refresh_token(*, refresh: str) -> LoginSession:
    """The session, ended or not, that a genuine refresh token belongs to. Raises NotSignedIn."""
    return _session_of(_read(RefreshToken, refresh))


@transaction.atomic
def end_login_session(*, session: LoginSession, now: datetime) -> None:
    """Sign out: every token of the session and its browser session stop working."""
    session.end(EndReason.SIGNED_OUT, now=now)


@transaction.atomic
def revoke_login_sessions(*, sessions: QuerySet[LoginSession], now: datetime) -> None:
    """Staff end these sign-ins."""
    for session in sessions:
        session.end(EndReason.REVOKED, now=now)


@transaction.atomic
def bind_browser_session(
    *, session: LoginSession, session_key: str, replaces: str | None, now: datetime
) -> None:
    """Tie the sign-in to its Django session; the sign-in that this browser had before ends."""
    for older in LoginSession.objects.of_browser(replaces).live(now=now):
        older.end(EndReason.SIGNED_OUT, now=now)
    session.bind_browser(session_key)


def ended_sessions(*, session_ids: Iterable[UUID], now: datetime) -> set[UUID]:
    """Which of these sessions may read no longer; one query for any number of streams."""
    return LoginSession.objects.ended(session_ids, now=now)


@dataclass(frozen=True)
class AccessClaims:
    """What a genuine access token says; whether the session still lives only the table knows."""

    session_id: UUID | None
    expires_at: datetime


def read_access_token(token: str) -> AccessClaims:
    """Raises NotSignedIn."""
    read = _read(AccessToken, token)
    try:
        session_id = UUID(read[SESSION_CLAIM])
    except (KeyError, ValueError):
        session_id = None
    return AccessClaims(session_id, datetime.fromtimestamp(read["exp"], tz=UTC))


def _refresh_token(user_id: UUID, session_id: UUID) -> RefreshToken:
    token = RefreshToken()
    token[api_settings.USER_ID_CLAIM] = str(user_id)
    token[SESSION_CLAIM] = str(session_id)
    return token


def _encode(token: RefreshToken) -> Tokens:
    return Tokens(access=str(token.access_token), refresh=str(token))


def _read(kind: type[Token], encoded: str) -> Token:
    try:
        return kind(encoded)  # type: ignore[arg-type]  # its annotation forgets encoded tokens
    except ExpiredTokenError:
        raise NotSignedIn("TOKEN_EXPIRED", "The token has expired.") from None
    except TokenError:
        raise NotSignedIn("TOKEN_INVALID", "The token is not valid.") from None


def refuse_unusable(session: LoginSession | None, *, now: datetime) -> LoginSession:
    """The session, if it is there, lives, and its user is active. Raises NotSignedIn."""
    if session is None or not session.is_live(now=now):
        raise NotSignedIn("SESSION_ENDED", "You have signed out; sign in again.")
    if not session.user.is_active:
        raise NotSignedIn("USER_INACTIVE", "This account is closed.")
    return session


def _session_of(token: Token) -> LoginSession:
    session = (
        LoginSession.objects.select_related("user").filter(id=token.get(SESSION_CLAIM)).first()
    )
    if session is None:
        raise NotSignedIn("SESSION_ENDED", "You have signed out; sign in again.")
    return session
