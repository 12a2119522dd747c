"""Two calls as another app would offer them to services and people."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import (
    BearerAuthentication,
    ServiceKeyAuthentication,
    SessionAuthentication,
    caller_scope,
)
from accounts.permissions import HasScope, IsAdminReader


class TradesView(APIView):
    authentication_classes = [ServiceKeyAuthentication, BearerAuthentication]
    permission_classes = [HasScope("trades:write")]

    def get(self, request: Request) -> Response:
        return Response({"caller": caller_scope(request)})


class OpenView(APIView):
    permission_classes = []

    def get(self, request: Request) -> Response:
        return Response({"caller": caller_scope(request)})


class AdminsView(OpenView):
    authentication_classes = [BearerAuthentication, SessionAuthentication]
    permission_classes = [IsAdminReader]


urlpatterns = [
    path("trades", TradesView.as_view()),
    path("open", OpenView.as_view()),
    path("admins", AdminsView.as_view()),
]
