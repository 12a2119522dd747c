"""Who calls: DRF authentication by bearer token, browser session or service key."""

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework import authentication
from rest_framework.request import Request

from accounts.models import LoginSession, ServiceKey, User
from accounts.services import authenticate_access_token, authenticate_service_key
from core.callers import caller_of
from core.errors import NotSignedIn

REALM = 'realm="aiw3-nft"'


def read_authorization(request: Request, keyword: str) -> str | None:
    """What follows `keyword` in the Authorization header; None for another scheme or none."""
    scheme, _, credentials = request.headers.get("Authorization", "").strip().partition(" ")
    return credentials.strip() if scheme.lower() == keyword.lower() else None


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <access token>`; `request.auth` is the LoginSession."""

    def authenticate(self, request: Request) -> tuple[User, LoginSession] | None:
        token = read_authorization(request, "Bearer")
        if token is None:
            return None
        session = authenticate_access_token(token=token, now=timezone.now())
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return f"Bearer {REALM}"


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser session, CSRF enforced. `request.auth` is None."""

    def authenticate_header(self, request: Request) -> str:
        return f"Bearer {REALM}"


class ServiceKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Api-Key <key>`; `request.auth` is the ServiceKey, the user anonymous."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ServiceKey] | None:
        readable = read_authorization(request, "Api-Key")
        if readable is None:
            return None
        key = authenticate_service_key(readable=readable, now=timezone.now())
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return f"Api-Key {REALM}"


def signed_in_user(request: Request) -> User:
    """The member or staff behind the call. Raises NotSignedIn for anybody else."""
    if not isinstance(request.user, User):
        raise NotSignedIn("NOT_SIGNED_IN", "Sign in first.")
    return request.user


def caller_scope(request: Request) -> str:
    """`user:{id}` or `key:{id}`, as `core.idempotency` wants it. Raises NotSignedIn."""
    caller = caller_of(request)
    if caller is None:
        raise NotSignedIn("NOT_SIGNED_IN", "Sign in first.")
    return caller
