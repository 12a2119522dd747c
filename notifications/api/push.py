"""My browsers, for Web Push."""

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller_scope, signed_in_user
from core.errors import NotFound
from core.idempotency import Receipt, respond_once
from core.openapi import IDEMPOTENCY_KEY
from notifications.api.serializers import (
    EndpointSerializer,
    PublicKeySerializer,
    PushSubscriptionSerializer,
    SubscribeSerializer,
)
from notifications.models import PushSubscription
from notifications.services.subscribing import BrowserKeys, subscribe, unsubscribe_browser

TAG = "notifications"


class PublicKeyView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="push_public_key",
        tags=[TAG],
        auth=[],
        responses={
            200: PublicKeySerializer,
            404: OpenApiResponse(description="PUSH_OFF: this site sends no push messages"),
        },
    )
    def get(self, request: Request) -> Response:
        """What a browser subscribes with (VAPID)."""
        if settings.VAPID_KEY is None:
            raise NotFound("PUSH_OFF", "This site sends no push messages.")
        return Response({"publicKey": settings.VAPID_KEY.public_key})


class PushSubscriptionsView(generics.ListAPIView[PushSubscription]):
    serializer_class = PushSubscriptionSerializer
    queryset = PushSubscription.objects.none()

    def get_queryset(self) -> QuerySet[PushSubscription]:
        return PushSubscription.objects.filter(user_id=signed_in_user(self.request).id)

    @extend_schema(operation_id="push_subscriptions_list", tags=[TAG])
    def get(self, request: Request) -> Response:
        """My browsers, newest first; their endpoints are not shown."""
        return self.list(request)

    @extend_schema(
        operation_id="push_subscribe",
        tags=[TAG],
        parameters=[IDEMPOTENCY_KEY],
        request=SubscribeSerializer,
        responses={
            201: PushSubscriptionSerializer,
            200: OpenApiResponse(PushSubscriptionSerializer, description="It was known already."),
            409: OpenApiResponse(description="PUSH_OFF"),
        },
    )
    def post(self, request: Request) -> Response:
        """Push to this browser from now on. It is mine alone, whoever had it before."""
        user_id = signed_in_user(request).id

        def work(receipt: Receipt) -> Response:
            given = SubscribeSerializer(data=request.data)
            given.is_valid(raise_exception=True)
            fields = given.validated_data
            with transaction.atomic():
                row, is_new = subscribe(
                    user_id=user_id,
                    endpoint=fields["endpoint"],
                    keys=BrowserKeys(**fields["keys"]),
                    now=timezone.now(),
                )
                status, body = 201 if is_new else 200, PushSubscriptionSerializer(row).data
                receipt.keep(body, status=status)
            return Response(body, status=status)

        return respond_once(
            request, scope=caller_scope(request), route="push-subscriptions", work=work
        )

    @extend_schema(
        operation_id="push_unsubscribe",
        tags=[TAG],
        request=EndpointSerializer,
        responses={204: None, 404: OpenApiResponse(description="SUBSCRIPTION_NOT_FOUND")},
    )
    def delete(self, request: Request) -> Response:
        """Push to this browser no more."""
        given = EndpointSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        unsubscribe_browser(
            user_id=signed_in_user(request).id, endpoint=given.validated_data["endpoint"]
        )
        return Response(status=204)
