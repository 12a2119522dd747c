"""Badges over HTTP: what exists, what is mine, activating, awarding."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import generics
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ServiceKeyAuthentication, caller_scope, signed_in_user
from accounts.permissions import HasScope
from accounts.services import get_or_create_user
from badges.api.serializers import (
    AwardSerializer,
    BadgeDefinitionSerializer,
    EarnedBadgeSerializer,
    RevokeSerializer,
)
from badges.models import BadgeDefinition, EarnedBadge
from badges.services import activate_badge, award_badge, revoke_badge_of_wallet
from core.api import CursorPagination
from core.idempotency import Receipt, respond_once
from core.openapi import IDEMPOTENCY_KEY


class InDisplayOrder(CursorPagination):
    ordering = ("position", "slug")


@extend_schema_view(get=extend_schema(operation_id="badges_list", tags=["badges"], auth=[]))
class BadgeListView(generics.ListAPIView[BadgeDefinition]):
    """The badges that can be earned."""

    authentication_classes = []
    permission_classes = [AllowAny]
    serializer_class = BadgeDefinitionSerializer
    pagination_class = InDisplayOrder
    queryset = BadgeDefinition.objects.listed()


@extend_schema_view(get=extend_schema(operation_id="user_badges_list", tags=["badges"]))
class MyBadgeListView(generics.ListAPIView[EarnedBadge]):
    """The badges that I hold or held, newest first."""

    serializer_class = EarnedBadgeSerializer
    queryset = EarnedBadge.objects.none()

    def get_queryset(self) -> QuerySet[EarnedBadge]:
        return EarnedBadge.objects.of_user(signed_in_user(self.request).id)


class ActivateView(APIView):
    @extend_schema(
        operation_id="user_badge_activate",
        tags=["badges"],
        request=None,
        responses={
            200: EarnedBadgeSerializer,
            404: OpenApiResponse(description="BADGE_NOT_FOUND"),
            409: OpenApiResponse(description="BADGE_STATUS"),
        },
    )
    def post(self, request: Request, badge_id: UUID) -> Response:
        """Activate one of my badges; again changes nothing."""
        badge = activate_badge(user=signed_in_user(request), badge_id=badge_id, now=timezone.now())
        return Response(EarnedBadgeSerializer(badge).data)


class AwardView(APIView):
    authentication_classes = [ServiceKeyAuthentication]
    permission_classes = [HasScope("badges:award")]

    @extend_schema(
        operation_id="badge_award",
        tags=["badges"],
        parameters=[IDEMPOTENCY_KEY],
        request=AwardSerializer,
        responses={
            201: EarnedBadgeSerializer,
            200: OpenApiResponse(EarnedBadgeSerializer, description="It was held already."),
            404: OpenApiResponse(description="BADGE_NOT_FOUND"),
            409: OpenApiResponse(description="BADGE_NOT_GIVEN"),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Give a badge to a wallet, once; an unknown wallet becomes a user."""
        scope = caller_scope(request)

        def award(receipt: Receipt) -> Response:
            wish = AwardSerializer(data=request.data)
            wish.is_valid(raise_exception=True)
            with transaction.atomic():
                user = get_or_create_user(wallet_address=wish.validated_data["walletAddress"])
                badge = award_badge(user=user, slug=slug, now=timezone.now(), source=scope)
                status, body = 201 if badge.is_new else 200, EarnedBadgeSerializer(badge).data
                receipt.keep(body, status=status)
            return Response(body, status=status)

        return respond_once(request, scope=scope, route=f"badges/award/{slug}", work=award)


class RevokeView(APIView):
    authentication_classes = [ServiceKeyAuthentication]
    permission_classes = [HasScope("badges:award")]

    @extend_schema(
        operation_id="badge_revoke",
        tags=["badges"],
        request=RevokeSerializer,
        responses={
            200: EarnedBadgeSerializer,
            404: OpenApiResponse(description="BADGE_NOT_FOUND: this wallet does not have it"),
            409: OpenApiResponse(description="BADGE_STATUS: it is reserved or consumed"),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take a badge back from a wallet; again changes nothing."""
        wish = RevokeSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        badge = revoke_badge_of_wallet(
            wallet_address=wish.validated_data["walletAddress"],
            slug=slug,
            reason=wish.validated_data["reason"],
            now=timezone.now(),
            source=caller_scope(request),
        )
        return Response(EarnedBadgeSerializer(badge).data)
