"""A few calls that use what `core` gives every app."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.urls import path
from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import LimitExceeded
from core.idempotency import Receipt, respond_once
from core.throttling import RedisThrottle


class GroupThrottle(RedisThrottle):
    limit = "upgrade"
    idempotent_route = "groups"


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class GroupsView(generics.ListCreateAPIView):
    """Creates groups; a name that starts with `fail` fails after the row was written."""

    queryset = Group.objects.all()
    serializer_class = GroupSerializer

    def get_throttles(self) -> list[Any]:
        return [GroupThrottle()] if self.request.method == "POST" else []

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        def work(receipt: Receipt) -> Response:
            given = GroupSerializer(data=request.data)
            given.is_valid(raise_exception=True)
            return create_group(given, receipt)

        scope = f"user:{request.user.pk}"
        return respond_once(request, scope=scope, route="groups", work=work)


class EchoView(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        return Response(request.data)


class BrokenView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        raise RuntimeError("a bug")


class LimitedView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        raise LimitExceeded("TOO_MANY", "Slow down.", retry_after=7)


def create_group(given: GroupSerializer, receipt: Receipt) -> Response:
    with transaction.atomic():
        group = given.save()
        if group.name.startswith("fail"):
            raise RuntimeError("crash before the answer is kept")
        body = {"id": group.pk, "name": group.name}
        receipt.keep(body, status=201)
    return Response(body, status=201)


urlpatterns = [
    path("groups", GroupsView.as_view()),
    path("echo", EchoView.as_view()),
    path("broken", BrokenView.as_view()),
    path("limited", LimitedView.as_view()),
]
handler400 = "core.api.bad_request"
handler404 = "core.api.not_found"
handler500 = "core.api.server_error"
