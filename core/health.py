"""Liveness and metrics. Readiness is put together where all parts are known (`realtime.health`)."""

import os

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from core.metrics import database_state

OPERATORS = "operator"


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nothing of any server, so that none can get us killed."""
    return JsonResponse({"status": "ok"})


def is_operator(user: object) -> bool:
    """Staff, or a member of the group `operator`."""
    if getattr(user, "is_staff", False):
        return True
    groups = getattr(user, "groups", None)
    return groups is not None and groups.filter(name=OPERATORS).exists()


class MayWatch(BasePermission):
    """Everybody when `METRICS_PUBLIC` is set, otherwise operators."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return settings.METRICS_PUBLIC or is_operator(request.user)


class MetricsView(APIView):
    permission_classes = [MayWatch]

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> HttpResponse:
        """Prometheus' text format; of all processes of the server when they share a folder."""
        text = generate_latest(_registry()) + generate_latest(database_state)
        return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
