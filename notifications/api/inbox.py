"""The inbox over HTTP."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import signed_in_user
from core.errors import InvalidInput
from notifications.api.serializers import NotificationSerializer, UnreadCountSerializer
from notifications.models import Notification
from notifications.services.reading import count_unread, mark_all_read, mark_read

TAG = "notifications"
UNREAD = OpenApiParameter("unread", bool, description="true: only those that are not read")


@extend_schema_view(
    get=extend_schema(operation_id="notifications_list", tags=[TAG], parameters=[UNREAD])
)
class InboxView(generics.ListAPIView[Notification]):
    """What I was told, newest first."""

    serializer_class = NotificationSerializer
    queryset = Notification.objects.none()

    def get_queryset(self) -> QuerySet[Notification]:
        inbox = Notification.objects.inbox_of(signed_in_user(self.request).id)
        return inbox.unread() if _only_unread(self.request) else inbox


def _only_unread(request: Request) -> bool:
    value = request.query_params.get("unread", "false")
    if value not in {"true", "false"}:
        raise InvalidInput("INVALID_INPUT", "unread is true or false.")
    return value == "true"


class UnreadCountView(APIView):
    @extend_schema(
        operation_id="notifications_unread_count", tags=[TAG], responses=UnreadCountSerializer
    )
    def get(self, request: Request) -> Response:
        """How many I have not read."""
        return Response({"unreadCount": count_unread(user_id=signed_in_user(request).id)})


class ReadView(APIView):
    @extend_schema(
        operation_id="notification_read",
        tags=[TAG],
        request=None,
        responses={
            200: NotificationSerializer,
            404: OpenApiResponse(description="NOTIFICATION_NOT_FOUND"),
        },
    )
    def post(self, request: Request, notification_id: UUID) -> Response:
        """I have read it; again changes nothing. My other tabs hear of it."""
        row = mark_read(
            user_id=signed_in_user(request).id,
            notification_id=notification_id,
            now=timezone.now(),
        )
        return Response(NotificationSerializer(row).data)


class ReadAllView(APIView):
    @extend_schema(
        operation_id="notifications_read_all",
        tags=[TAG],
        request=None,
        responses=UnreadCountSerializer,
    )
    def post(self, request: Request) -> Response:
        """I have read everything that is there."""
        user_id = signed_in_user(request).id
        mark_all_read(user_id=user_id, now=timezone.now())
        return Response({"unreadCount": count_unread(user_id=user_id)})
