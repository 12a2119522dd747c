"""Sign in, stay signed in, sign out."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import serializers
from accounts.authentication import signed_in_user
from accounts.models import LoginSession
from accounts.services import (
    SignedIn,
    bind_browser_session,
    end_login_session,
    issue_nonce,
    issue_stream_ticket,
    refresh_tokens,
    session_of_refresh_token,
    sign_in,
)
from accounts.throttles import AuthThrottle, NonceThrottle
from core.errors import NotSignedIn
from core.throttling import network_of

BROWSER_COOKIE = "siws_browser"
BAD_PROOF = OpenApiResponse(description="The signature, nonce or token is not valid any more")
CLOSED = OpenApiResponse(description="USER_INACTIVE: this account is closed")
BACKEND = "django.contrib.auth.backends.ModelBackend"


class UncachedView(APIView):
    """Answers with secrets in them, which no cache may keep."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class PublicView(UncachedView):
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [AuthThrottle]


class NonceView(PublicView):
    throttle_classes = [NonceThrottle]

    @extend_schema(
        tags=["auth"],
        responses={
            200: serializers.NonceSerializer,
            400: OpenApiResponse(description="INVALID_WALLET"),
        },
    )
    def get(self, request: Request, address: str) -> Response:
        """A Sign-In-With-Solana message for this wallet to sign, good once, for five minutes."""
        browser_secret = request.COOKIES.get(BROWSER_COOKIE) or secrets.token_urlsafe(32)
        nonce = issue_nonce(
            wallet_address=address,
            requester=network_of(request),
            browser_secret=browser_secret,
            now=timezone.now(),
        )
        response = Response(serializers.NonceSerializer(nonce).data)
        response.set_cookie(
            BROWSER_COOKIE,
            browser_secret,
            path="/api/auth/",
            max_age=settings.SIWS_NONCE_TTL,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
        return response


class VerifyView(PublicView):
    @extend_schema(
        tags=["auth"],
        request=serializers.SignInInput,
        responses={200: serializers.SignedInSerializer, 401: BAD_PROOF, 403: CLOSED},
    )
    def post(self, request: Request) -> Response:
        """Exchange a signed message for tokens."""
        return _signed_in(_sign_in(request, browser_secret=None))


class LoginView(PublicView):
    @extend_schema(
        tags=["auth"],
        request=serializers.SignInInput,
        responses={200: serializers.SignedInSerializer, 401: BAD_PROOF, 403: CLOSED},
    )
    def post(self, request: Request) -> Response:
        """The same, and a browser session; only in the browser that asked for the nonce."""
        done = _sign_in(request, browser_secret=request.COOKIES.get(BROWSER_COOKIE, ""))
        replaced = request.session.session_key
        login(request, done.user, backend=BACKEND)
        request.session.cycle_key()  # Django keeps the key of a user who was signed in already
        bind_browser_session(
            session=done.session,
            session_key=request.session.session_key or "",
            replaces=replaced,
            now=timezone.now(),
        )
        response = _signed_in(done)
        response.delete_cookie(BROWSER_COOKIE, path="/api/auth/")
        return response


class RefreshView(PublicView):
    @extend_schema(
        tags=["auth"],
        request=serializers.RefreshInput,
        responses={200: serializers.TokensSerializer, 401: BAD_PROOF},
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token, once, for a new pair; a second time ends the session."""
        given = serializers.RefreshInput(data=request.data)
        given.is_valid(raise_exception=True)
        tokens = refresh_tokens(refresh=given.validated_data["refresh"], now=timezone.now())
        return Response(serializers.TokensSerializer(tokens).data)


class LogoutView(UncachedView):
    permission_classes = [AllowAny]

    @extend_schema(
        tags=["auth"],
        request=serializers.SignOutInput,
        responses={204: OpenApiResponse(description="Signed out"), 401: BAD_PROOF},
    )
    def post(self, request: Request) -> Response:
        """End the session of this token, browser or `refresh`, with every token of it."""
        given = serializers.SignOutInput(data=request.data)
        given.is_valid(raise_exception=True)
        sessions = _sessions_of(request, given.validated_data.get("refresh"))
        if not sessions and not request.user.is_authenticated:
            raise NotSignedIn("NOT_SIGNED_IN", "Sign in first, or send the refresh token.")
        for session in sessions:
            end_login_session(session=session, now=timezone.now())
        logout(request)
        return Response(status=204)


class StreamTicketView(UncachedView):
    permission_classes = [IsAuthenticated]

    @extend_schema(tags=["auth"], request=None, responses=serializers.TicketSerializer)
    def post(self, request: Request) -> Response:
        """A ticket for `?ticket=`: starts one stream in 30 s, may resume it for 10 min."""
        issued = issue_stream_ticket(
            user=signed_in_user(request), session=_current_session(request), now=timezone.now()
        )
        return Response(serializers.TicketSerializer(issued).data)


class MeView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(tags=["auth"], responses=serializers.UserSerializer)
    def get(self, request: Request) -> Response:
        """The signed-in user."""
        return Response(serializers.UserSerializer(signed_in_user(request)).data)


def _sign_in(request: Request, *, browser_secret: str | None) -> SignedIn:
    given = serializers.SignInInput(data=request.data)
    given.is_valid(raise_exception=True)
    return sign_in(
        wallet_address=given.validated_data["address"],
        message=given.validated_data["message"],
        signature=given.validated_data["signature"],
        browser_secret=browser_secret,
        now=timezone.now(),
    )


def _signed_in(done: SignedIn) -> Response:
    return Response(serializers.SignedInSerializer(done).data)


def _current_session(request: Request) -> LoginSession | None:
    """None for staff who signed in with a password."""
    if isinstance(request.auth, LoginSession):
        return request.auth
    return LoginSession.objects.of_browser(request.session.session_key).first()


def _sessions_of(request: Request, refresh: str | None) -> list[LoginSession]:
    found = [_current_session(request)]
    if refresh is not None:
        found.append(session_of_refresh_token(refresh=refresh))
    return [session for session in found if session is not None]
