"""What I want to hear, where, and when not; my mail address."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import signed_in_user
from notifications.api.serializers import (
    MailAddressSerializer,
    PreferencesSerializer,
    changes_of,
    preferences_json,
)
from notifications.services.addressing import give_address, remove_address
from notifications.services.preferring import change_settings, settings_of
from notifications.throttles import MailAddressThrottle

TAG = "notifications"


class PreferencesView(APIView):
    @extend_schema(
        operation_id="notification_preferences", tags=[TAG], responses=PreferencesSerializer
    )
    def get(self, request: Request) -> Response:
        """What counts for me, defaults included."""
        return Response(preferences_json(settings_of(user_id=signed_in_user(request).id)))

    @extend_schema(
        operation_id="notification_preferences_change",
        tags=[TAG],
        request=PreferencesSerializer,
        responses=PreferencesSerializer,
    )
    def put(self, request: Request) -> Response:
        """Change what is given; a field that is left out stays as it is."""
        given = PreferencesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        settings = change_settings(
            user_id=signed_in_user(request).id, changes=changes_of(given.validated_data)
        )
        return Response(preferences_json(settings))


class MailAddressView(APIView):
    throttle_classes = [MailAddressThrottle]

    @extend_schema(
        operation_id="notification_email_give",
        tags=[TAG],
        request=MailAddressSerializer,
        responses={
            202: MailAddressSerializer,
            409: OpenApiResponse(description="EMAIL_OFF: this site sends no mail"),
            429: OpenApiResponse(description="TOO_MANY_LETTERS"),
        },
    )
    def put(self, request: Request) -> Response:
        """Where mail should go. A letter asks that address first; its link lives 24 hours."""
        given = MailAddressSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = give_address(
            user_id=signed_in_user(request).id,
            address=given.validated_data["address"],
            now=timezone.now(),
        )
        body = {"address": person.email, "verified": bool(person.mail_address)}
        return Response(body, status=202)

    @extend_schema(operation_id="notification_email_remove", tags=[TAG], responses={204: None})
    def delete(self, request: Request) -> Response:
        """Forget my address; no more mail."""
        remove_address(user_id=signed_in_user(request).id)
        return Response(status=204)
