"""Closing an account for good: nobody gets in any more, and it names nobody."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import LoginSession, SignInNonce, StreamTicket, User
from accounts.services.sessions import revoke_login_sessions
from core.errors import Conflict, NotFound
from core.models import IdempotencyKey


@transaction.atomic
def close_account(*, user_id: UUID, keep_wallet: bool, now: datetime) -> User:
    """The row stays, because what they traded and held refers to it; again changes nothing.

    Raises NotFound, Conflict for staff, whose deeds must stay theirs.
    """
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise NotFound("USER_NOT_FOUND", "There is no such user.")
    if user.is_staff or user.is_superuser:
        raise Conflict("IS_STAFF", "This is one of the staff. Take that away first.")
    _forget_sign_ins(user, now)
    user.username = f"erased-{user.id.hex}"  # a row has a wallet or a name
    user.is_active = False
    user.last_login = None
    if not keep_wallet:
        user.wallet_address = None
    user.save(update_fields=["username", "is_active", "last_login", "wallet_address"])
    return user


def _forget_sign_ins(user: User, now: datetime) -> None:
    sessions = LoginSession.objects.filter(user=user)
    revoke_login_sessions(sessions=sessions.live(now=now), now=now)  # their tabs and tokens end
    sessions.delete()
    StreamTicket.objects.filter(user=user).delete()
    if user.wallet_address:
        SignInNonce.objects.filter(wallet_address=user.wallet_address).delete()
    IdempotencyKey.objects.filter(scope=user.caller_scope).delete()
