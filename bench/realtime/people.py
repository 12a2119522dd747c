"""Who reads: users with a sign-in each, and what they ask for."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import LoginSession, StreamTicket, User
from accounts.secret_hash import hash_secret
from accounts.services.sessions import SESSION_CLAIM
from core.ids import uuid7

USER_FEED = "/api/v1/user/nft-events"
SYSTEM_FEED = "/api/v1/admin/events"
SOCKETS = "/ws/nft-events/"
LONGER_THAN_A_RUN = timedelta(hours=6)


class People:
    """`count` users; staff may read the system's feed too."""

    def __init__(self, count: int, *, staff: bool = False) -> None:
        kind = "staff" if staff else "member"
        users = [User(wallet_address=f"{kind}-{n}", is_staff=staff) for n in range(count)]
        now = timezone.now()
        self._sessions = [
            LoginSession(
                user=user, refresh_jti=str(user.id), created_at=now,
                expires_at=now + LONGER_THAN_A_RUN,
            )
            for user in users
        ]  # fmt: skip
        User.objects.bulk_create(users, batch_size=1000)
        LoginSession.objects.bulk_create(self._sessions, batch_size=1000)
        self._tokens = [_token(session) for session in self._sessions]

    @property
    def ids(self) -> list[UUID]:
        return [session.user_id for session in self._sessions]

    def by_token(self, feed: str, *, last: Mapping[UUID, int] | None = None) -> list[str]:
        """`last` is the number of the last event that each of them has."""
        asked = [f"{feed}\tAuthorization: Bearer {token}" for token in self._tokens]
        if last is None:
            return asked
        resumed = zip(asked, self.ids, strict=True)
        return [f"{request}\tLast-Event-ID: {last[user]}" for request, user in resumed]

    def by_ticket(self, feed: str) -> list[str]:
        """New tickets, not used yet."""
        names = [f"bench-{uuid7()}" for _ in self._sessions]
        now = timezone.now()
        StreamTicket.objects.bulk_create(
            (
                StreamTicket(
                    user_id=session.user_id, session=session, ticket_hash=hash_secret(name),
                    created_at=now, startable_until=now + LONGER_THAN_A_RUN,
                )
                for session, name in zip(self._sessions, names, strict=True)
            ),
            batch_size=1000,
        )  # fmt: skip
        return [f"{feed}?ticket={name}" for name in names]

    def by_name(self, feed: str) -> list[str]:
        """For the baseline, which believes whoever asks; the request is as long as ours."""
        asked = zip(self.by_token(feed), self.ids, strict=True)
        return [request.replace("\t", f"?user={user}\t", 1) for request, user in asked]


def _token(session: LoginSession) -> str:
    token = AccessToken()
    token["sub"] = str(session.user_id)
    token[SESSION_CLAIM] = str(session.id)
    token.set_exp(lifetime=LONGER_THAN_A_RUN)
    return str(token)
